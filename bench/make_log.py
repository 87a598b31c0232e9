#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the logs that bench/run measures; the same arguments produce the same bytes.

    make_log.py host SIZE_MIB FILE           a virtualization host's mixed log, with few failures
    make_log.py dumps COUNT SAMPLE FILE      COUNT failures like that in SAMPLE, with other numbers
"""
import random
import re
import sys

PATTERN_MIB = 64
SEED = 20220521

# A line is a template; {x} and the like are drawn for each.
KERNEL = """\
vfio-pci 0000:{b}:00.{d}: enabling device (0000 -> 0003)
vfio-pci 0000:{b}:00.{d}: restoring config space at offset 0x{b} (was 0x{d}, writing 0x{w})
fwbr{v}i0: port 2(tap{v}i0) entered disabled state
fwbr{v}i0: port 2(tap{v}i0) entered forwarding state
tap{v}i0: entered promiscuous mode
vmbr0: port {d}(veth{v}i0) entered blocking state
device vnet{d} left promiscuous mode
usb {d}-{d}.2: reset full-speed USB device number {n} using xhci_hcd
EXT4-fs (dm-{n}): mounted filesystem with ordered data mode. Opts: (null). Quota mode: none.
nvme nvme{d}: I/O {n} QID {n} timeout, completion polled
e1000e 0000:00:1f.6 eno1: NIC Link is Up 1000 Mbps Full Duplex, Flow Control: Rx/Tx
perf: interrupt took too long ({n} > {v}), lowering kernel.perf_event_max_sample_rate to {v}000
audit: type=1400 audit({t}.{n}:{v}): apparmor="STATUS" operation="profile_load" profile="unconfined" name="libvirt-{w}-{b}{b}" pid={v} comm="apparmor_parser"
audit: type=1400 audit({t}.{n}:{v}): apparmor="DENIED" operation="open" class="file" profile="libvirt-{w}" name="/proc/{v}/task/{v}/comm" pid={v} comm="qemu-system-x86" requested_mask="r" denied_mask="r" fsuid=64055 ouid=0
CPU{d}: Core temperature above threshold, cpu clock throttled (total events = {n})
TCP: request_sock_TCP: Possible SYN flooding on port 3260. Sending cookies.
IN=vmbr0 OUT= MAC={b}:{b}:{b}:{b}:{b}:{b} SRC=10.0.{d}.{n} DST=10.0.0.1 LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID={v} DF PROTO=TCP SPT={v} DPT=22 WINDOW=29200 RES=0x00 SYN URGP=0
br-ovs: received packet on bond0 with own address as source address (addr:{b}:{b}:{b}:{b}:{b}:{b}, vlan:{d})
sd {d}:0:0:{d}: [sd{a}] Synchronizing SCSI cache
blk_update_request: I/O error, dev sd{a}, sector {v}{n} op 0x0:(READ) flags 0x80700 phys_seg {d} prio class 0
ata{d}.00: exception Emask 0x0 SAct 0x0 SErr 0x{w} action 0x6 frozen
clocksource: timekeeping watchdog on CPU{d}: hpet wd-wd read-back delay of {v}ns
"""

DAEMON = """\
systemd[1]: Started Session {v} of User root.
systemd[1]: session-{v}.scope: Deactivated successfully.
systemd[1]: Starting Cleanup of Temporary Directories...
systemd[1]: machine-qemu\\x2d{d}\\x2dinstance\\x2d{w}.scope: Consumed {n}min {d}.{n}s CPU time.
systemd-machined[{v}]: New machine qemu-{d}-instance-{w}.
systemd-udevd[{v}]: Using default interface naming scheme 'v252'.
systemd-logind[{n}]: New session {v} of user root.
sshd[{v}]: Accepted publickey for root from 10.0.{d}.{n} port {v} ssh2: ED25519 SHA256:{w}{w}{w}
sshd[{v}]: pam_unix(sshd:session): session opened for user root(uid=0) by (uid=0)
CRON[{v}]: (root) CMD (command -v debian-sa1 > /dev/null && debian-sa1 1 1)
CRON[{v}]: pam_unix(cron:session): session closed for user root
dhclient[{v}]: DHCPREQUEST for 10.0.{d}.{n} on eno1 to 255.255.255.255 port 67
dnsmasq-dhcp[{v}]: DHCPACK(virbr0) 192.168.122.{n} {b}:{b}:{b}:{b}:{b}:{b} guest{n}
chronyd[{n}]: Selected source 10.0.0.{n} (2.debian.pool.ntp.org)
libvirtd[{v}]: {v}: info : qemuMonitorJSONIOProcessLine:{n} : QEMU_MONITOR_RECV_REPLY: mon=0x7f{w} reply={{"return": {{}}, "id": "libvirt-{v}"}}
libvirtd[{v}]: {v}: info : virObjectUnref:{n} : OBJECT_UNREF: obj=0x7f{w}
libvirtd[{v}]: {v}: error : virNetSocketReadWire:1832 : End of file while reading data: Input/output error
libvirtd[{v}]: {v}: warning : qemuDomainObjTaint:{v} : Domain id={d} name='instance-{w}' uuid={w}-{v}-4{n}-8{n}-{w}{n} is tainted: host-cpu
nova-compute[{v}]: INFO nova.compute.resource_tracker [req-{w}-{b}{b}] Final resource view: name=host1 phys_ram=257780MB used_ram={v}MB phys_disk={v}GB total_vcpus=64 used_vcpus={n}
nova-compute[{v}]: INFO nova.virt.libvirt.driver [-] [instance: {w}-{b}{b}] Instance spawned successfully.
pvedaemon[{v}]: <root@pam> end task UPID:host1:{w}:{w}:{w}:vncproxy:{v}:root@pam: OK
pvestatd[{v}]: status update time ({d}.{n} seconds)
ceph-osd[{v}]: log_channel(cluster) log [DBG] : {d}.{b} deep-scrub ok
smartd[{v}]: Device: /dev/sd{a} [SAT], SMART Usage Attribute: 194 Temperature_Celsius changed from {n} to {n}
multipathd[{n}]: sd{a}: path wwid has changed. Refusing to use
rsyslogd: [origin software="rsyslogd" swVersion="8.2302.0" x-pid="{n}"] rsyslogd was HUPed
kubelet[{v}]: I{v} {t}    {v} reconciler.go:{n}] "operationExecutor.VerifyControllerAttachedVolume started for volume" volumeName="kube-api-access-{w}" pod="default/virt-launcher-vm{v}-{w}"
containerd[{v}]: time="2024-03-04T10:{n}:{n}Z" level=info msg="RemoveContainer for \\"{w}{w}{w}{w}\\" returns successfully"
postfix/smtpd[{v}]: connect from localhost[127.0.0.1]
"""

QEMU = """\
2024-03-04 10:{n}:{n}.{n}+0000: starting up libvirt version: 9.0.0, package: 9.0.0-4, qemu version: 7.2.9, kernel: 6.1.0-18-amd64, hostname: host1
2024-03-04 10:{n}:{n}.{n}+0000: shutting down, reason=shutdown
2024-03-04T10:{n}:{n}.{v}Z qemu-system-x86_64: warning: host doesn't support requested feature: CPUID.80000001H:ECX.svm [bit 2]
2024-03-04T10:{n}:{n}.{v}Z qemu-system-x86_64: terminating on signal 15 from pid {v} (/usr/sbin/libvirtd)
qemu-system-x86_64: -device vfio-pci,host=0000:{b}:00.0: warning: Failed to mmap 0000:{b}:00.0 BAR 0. Performance may be slow
char device redirected to /dev/pts/{n} (label charserial0)
LC_ALL=C \\
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \\
XDG_CONFIG_HOME=/var/lib/libvirt/qemu/domain-{d}-instance-{w}/.config \\
/usr/bin/qemu-system-x86_64 \\
-name guest=instance-{w},debug-threads=on \\
-S \\
-object '{{"qom-type":"secret","id":"masterKey0","format":"raw","file":"/var/lib/libvirt/qemu/domain-{d}-instance-{w}/master-key.aes"}}' \\
-machine pc-q35-7.2,usb=off,vmport=off,dump-guest-core=off,memory-backend=pc.ram \\
-accel kvm \\
-cpu Skylake-Server-IBRS,ss=on,vmx=on,pdcm=on,hypervisor=on,tsc-adjust=on,clflushopt=on,umip=on,pku=on,md-clear=on,stibp=on,ssbd=on,xsaves=on \\
-m size={v}k \\
-overcommit mem-lock=off \\
-smp {d},sockets={d},cores=1,threads=1 \\
-uuid {w}-{v}-4{n}-8{n}-{w}{n} \\
-chardev socket,id=charmonitor,fd={n},server=on,wait=off \\
-mon chardev=charmonitor,id=monitor,mode=control \\
-rtc base=utc,driftfix=slew \\
-global kvm-pit.lost_tick_policy=delay \\
-blockdev '{{"driver":"host_device","filename":"/dev/mapper/vg0-vm--{v}--disk--0","node-name":"libvirt-{d}-storage","cache":{{"direct":true,"no-flush":false}},"auto-read-only":true,"discard":"unmap"}}' \\
-device '{{"driver":"virtio-blk-pci","bus":"pci.{d}","addr":"0x0","drive":"libvirt-{d}-format","id":"virtio-disk{d}","bootindex":1,"write-cache":"on"}}' \\
-netdev tap,fd={n},vhost=on,vhostfd={n},id=hostnet0 \\
-device '{{"driver":"virtio-net-pci","netdev":"hostnet0","id":"net0","mac":"{b}:{b}:{b}:{b}:{b}:{b}","bus":"pci.1","addr":"0x0"}}' \\
-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny \\
-msg timestamp=on
"""

# What the search must stop at: a few of each in a gigabyte.
NOISE = """\
kvm [{v}]: vcpu{d}, guest rIP: 0xffffffff8{w} ignored rdmsr: 0x{b}{d} data 0x0
kvm: vcpu {d}: requested {v} ns lapic timer period limited to 200000 ns
"""


def lines(text):
    return text.splitlines()


def fill(rng, template):
    return template.format(
        a=rng.choice("abcdefgh"), b="%02x" % rng.randrange(256), d=rng.randrange(10),
        n=rng.randrange(10, 100), t=1700000000 + rng.randrange(10**7),
        v=rng.randrange(1000, 10000), w="%08x" % rng.randrange(2**32))


def stamp(serial):
    seconds = serial // 10
    return "Mar  4 %02d:%02d:%02d host1" % (seconds // 3600 % 24, seconds // 60 % 60, seconds % 60)


def host_lines(rng, size):
    """About @size bytes: kernel, daemon and QEMU lines, mixed as in a log collector's file."""
    kernel, daemon, qemu, noise = lines(KERNEL), lines(DAEMON), lines(QEMU), lines(NOISE)
    serial = written = 0
    while written < size:
        serial += 1
        kind = rng.random()
        if kind < 0.45:
            text = "%s %s" % (stamp(serial), fill(rng, rng.choice(daemon)))
        elif kind < 0.8:
            text = "%s kernel: [%d.%06d] %s" % (
                stamp(serial), serial // 10, rng.randrange(10**6), fill(rng, rng.choice(kernel)))
        else:
            text = fill(rng, rng.choice(qemu))
        if serial % 250000 == 0:
            text = "%s kernel: %s" % (stamp(serial), fill(rng, rng.choice(noise)))
        yield text + "\n"
        written += len(text) + 1


def make_host(size_mib, path):
    rng = random.Random(SEED)
    unit = min(size_mib, PATTERN_MIB)
    text = "".join(host_lines(rng, unit << 20))[: unit << 20]
    text = text[: text.rindex("\n") + 1].encode()
    with open(path, "wb") as out:
        for _ in range(max(1, size_mib // unit)):
            out.write(text)


def make_dumps(count, sample, path):
    """
    Each copy has its own RIP and registers, so no two answers are the same. RAX to RDX, RSI and RDI
    stay: what an instruction does with them has to fit the bytes of Code=.
    """
    rng = random.Random(SEED)
    with open(sample, encoding="utf-8", errors="surrogateescape", newline="") as f:
        text = f.read()
    if not text.endswith("\n"):
        text += "\n"
    register = r"[RE](?:BP|IP)|R(?:8 |9 |1[0-5])"
    parts = re.split(r"\b((?:%s)=[0-9a-f]*)([0-9a-f]{4})\b" % register, text)
    with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as out:
        for _ in range(count):
            for i in range(2, len(parts), 3):
                parts[i] = "%04x" % rng.randrange(1 << 16)
            out.write("".join(parts))


def main(argv):
    if len(argv) == 4 and argv[1] == "host":
        make_host(int(argv[2]), argv[3])
    elif len(argv) == 5 and argv[1] == "dumps":
        make_dumps(int(argv[2]), argv[3], argv[4])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv)
