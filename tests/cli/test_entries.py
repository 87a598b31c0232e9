#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`kvmwhy journal`: which entries it takes and what it knows of them. systemd-journal-remote writes
the journals, since it takes the fields that a journald allows no process to set.
"""

import datetime
import json
import re
import subprocess

from cli import CASE, FOUND, NOTHING, SOURCE, TROUBLE, Skip, equal, kvmwhy, main, test

REMOTE = "/lib/systemd/systemd-journal-remote"
FIRST, SECOND = "a" * 32, "b" * 32
BEGIN = 1600000000    # seconds since 1970: when the older boot began
KERNELS = {FIRST: "5.10.100", SECOND: "6.1.0-18-amd64"}
LINES = CASE.read_text().splitlines()


def entry(seconds, message, boot=FIRST, **fields):
    """One entry in the journal's export format; a message with line ends goes with its length."""
    head = {"__REALTIME_TIMESTAMP": round(seconds * 1e6),
            "__MONOTONIC_TIMESTAMP": round((seconds - BEGIN) * 1e6),
            "_BOOT_ID": boot, "_HOSTNAME": "pve", **fields}
    text = "".join(f"{name}={value}\n" for name, value in head.items()).encode()
    data = message.encode()
    return text + b"MESSAGE\n" + len(data).to_bytes(8, "little") + data + b"\n\n"


def kernel(seconds, message, boot=FIRST):
    return entry(seconds, message, boot, _TRANSPORT="kernel", SYSLOG_IDENTIFIER="kernel")


def guest(seconds, message, boot=FIRST, pid=4711, unit="101.scope"):
    return entry(seconds, message, boot, _TRANSPORT="stdout", SYSLOG_IDENTIFIER="kvm", _COMM="kvm",
                 _PID=pid, _SYSTEMD_UNIT=unit)


def with_msr(index):
    return [line.replace("RCX=0000000000000838", f"RCX={index:016x}") for line in LINES]


def write(path, entries):
    try:
        run = subprocess.run([REMOTE, f"--output={path}", "-"], input=b"".join(entries),
                             capture_output=True, check=False)
    except FileNotFoundError as error:
        raise Skip(f"there is no {REMOTE}") from error
    assert run.returncode == 0, run.stderr


def two_boots(directory):
    """In the first boot two guests die at once, in the second one, an hour later, one."""
    entries = [kernel(BEGIN, f"Linux version {KERNELS[FIRST]} (builder@host) #1 SMP")]
    for i, (one, two) in enumerate(zip(LINES, with_msr(0x404))):
        entries += [guest(BEGIN + 10 + i / 100, one),
                    guest(BEGIN + 10.001 + i / 100, two, pid=4712, unit="102.scope")]
    later = BEGIN + 3600
    entries.append(kernel(later, f"Linux version {KERNELS[SECOND]} (builder@host) #1 SMP", SECOND))
    entries += [guest(later + 10 + i / 100, line, SECOND) for i, line in enumerate(with_msr(0x408))]
    write(directory / "two.journal", entries)
    return directory / "two.journal"


def found(path, *options, status=FOUND):
    done = kvmwhy("journal", "--file", path, "--format", "ndjson", *options).expect(status)
    return [json.loads(line) for line in done.text().splitlines()]


def kernels(path, *options):
    """The host's kernel of each answer."""
    text = kvmwhy("journal", "--file", path, *options).expect(FOUND).text()
    return re.findall(r"^  host +Linux (\S+)$", text, re.M)


def msrs(*words, **kwargs):
    return [report["msr"]["index"] for report in found(*words, **kwargs)]


@test("each speaker by itself, named, with the kernel of the boot")
def _(directory):
    reports = found(two_boots(directory))
    whole = {"first_line": 1, "last_line": 21, "read": [[1, 21]]}
    equal([(report["msr"]["index"], report["input"]) for report in reports],
          [("0x838", {"file": "kvm[4711], 101.scope", **whole}),
           ("0x404", {"file": "kvm[4712], 102.scope", **whole}),
           ("0x408", {"file": "kvm[4711], 101.scope", **whole})])
    equal(kernels(directory / "two.journal"), [KERNELS[FIRST]] * 2 + [KERNELS[SECOND]])


@test("--host-kernel is for all boots")
def _(directory):
    equal(kernels(two_boots(directory), "--host-kernel", "5.15.1"), ["5.15.1"] * 3)


@test("-b, -u, -t and -D select as journalctl does")
def _(directory):
    path = two_boots(directory)
    equal(msrs(path, "-b"), ["0x408"])
    equal(msrs(path, "-b", "-1"), ["0x838", "0x404"])
    equal(msrs(path, "--boot=-1"), ["0x838", "0x404"])
    equal(msrs(path, "-b", FIRST), ["0x838", "0x404"])
    equal(msrs(path, "-u", "102.scope"), ["0x404"])
    equal(msrs(path, "-u", "102.scope", "-u", "101.scope", "-b-1"), ["0x838", "0x404"])
    equal(msrs(path, "-u", "102", status=NOTHING), [])    # 102.service
    equal(msrs(path, "-t", "kernel", status=NOTHING), [])
    equal(msrs(path, "-t", "kernel", "-t", "kvm", "-b"), ["0x408"])
    done = kvmwhy("journal", "-D", directory, "--format", "ndjson").expect(FOUND)
    equal(done.text().count("\n"), 3)


@test("--since and --until in every form")
def _(directory):
    path = two_boots(directory)

    def local(seconds, form):
        return datetime.datetime.fromtimestamp(BEGIN + seconds).strftime(form)

    for form in "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M":
        equal((form, msrs(path, "--since", local(1800, form))), (form, ["0x408"]))
        equal((form, msrs(path, "--until", local(1800, form))), (form, ["0x838", "0x404"]))
    equal(msrs(path, "--since", f"@{BEGIN}", "--until", f"@{BEGIN + 60}"), ["0x838", "0x404"])
    equal(msrs(path, "--since", local(-86400, "%Y-%m-%d")), ["0x838", "0x404", "0x408"])
    for when in "2 hours ago", "-2h", "1 week ago", "today", "yesterday", "now", "00:00":
        equal((when, msrs(path, "--until", when)), (when, ["0x838", "0x404", "0x408"]))
        equal((when, msrs(path, "--since", when, status=NOTHING)), (when, []))
    for wrong in "tomorrow", "12", "-2x", "2 hours", "2026-13-01", "@", "@x", "":
        said = f"'{wrong}' after --since is not a time"
        kvmwhy("journal", "--since", wrong).expect(TROUBLE, err=said)


@test("more speakers than are followed at a time lose nothing")
def _(directory):
    entries = []
    for pid in range(1, 200):
        entries += [guest(BEGIN + pid + i / 100, line, pid=pid, unit="")
                    for i, line in enumerate(LINES)]
    write(directory / "many.journal", entries)
    equal([report["input"]["file"] for report in found(directory / "many.journal")],
          [f"kvm[{pid}]" for pid in range(1, 200)])


@test("the kernel's lines are the kernel's alone")
def _(directory):
    text = "kvm [4711]: vcpu0, guest rIP: 0xffffffff81064512 unhandled wrmsr: 0x4b570000 data 0x1"
    write(directory / "one.journal", [kernel(BEGIN, text), guest(BEGIN + 1, "hello")])
    reports = found(directory / "one.journal", "--all")
    equal([report["input"]["file"] for report in reports], ["kernel"])


@test("a message of several lines is several lines of the log, and hostile names stay outside")
def _(directory):
    hostile = "a b: \x1b[31m]" + "x" * 300
    write(directory / "one.journal", [entry(BEGIN, "\n".join(LINES), _PID=7, SYSLOG_IDENTIFIER=hostile)])
    report, = found(directory / "one.journal")
    equal((report["msr"]["index"], report["input"]["last_line"]), ("0x838", len(LINES)))
    text = kvmwhy("journal", "--file", directory / "one.journal").expect(FOUND)
    assert b"\x1b" not in text.out, text


@test("what kvmwhy watch wrote is no log")
def _(directory):
    page = (SOURCE / "man/kvmwhy-watch.8.scd").read_text()
    ours = re.search(r"MESSAGE_ID is (\w+)", page)[1]
    write(directory / "one.journal", [entry(BEGIN, "\n".join(LINES), MESSAGE_ID=ours, _PID=7)])
    equal(found(directory / "one.journal", status=NOTHING), [])


@test("--summary has the time of the first and the last")
def _(directory):
    path = two_boots(directory)
    words = ["journal", "--file", path, "--summary"]
    for row in json.loads(kvmwhy(*words, "--format", "json").expect(FOUND).text()):
        at = datetime.datetime.strptime(row["first"]["time"], "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()
        assert at in (BEGIN + 10, BEGIN + 10.001, BEGIN + 3610), row
    text = kvmwhy(*words, "-b").expect(FOUND).text()
    assert re.search(r"^ +[\dT:.-]+\+\d{4} \(kvm\[4711\], 101\.scope:1\)$", text, re.M), text


@test("what cannot be is refused, and where nothing is, hints say where logs are")
def _(directory):
    path = two_boots(directory)
    kvmwhy("journal", "--file", path, "-b", "-7").expect(TROUBLE, err="no boot '-7'")
    kvmwhy("journal", "--file", path, "-b", "12").expect(TROUBLE, err="'12' is no boot")
    kvmwhy("journal", "--file", directory / "none").expect(TROUBLE, err="No such file")
    kvmwhy("journal", "-D", directory / "none").expect(TROUBLE, err="No such file")
    kvmwhy("journal", "--file", path, "-D", directory).expect(TROUBLE, err="exclude each other")
    kvmwhy("journal", "log").expect(TROUBLE, err="'log' is an extra argument")
    kvmwhy("journal", "--summary", "--format", "html").expect(TROUBLE, err="no format html")
    kvmwhy("journal", "--file", CASE).expect(TROUBLE, err="cannot read the journal")
    done = kvmwhy("journal", "--file", path, "-t", "nobody").expect(NOTHING, err="is empty")
    for place in "libvirt", "Proxmox VE", "OpenStack", "KubeVirt", "plain QEMU":
        assert f"kvmwhy: {place}: " in done.complaint(), done


main()
