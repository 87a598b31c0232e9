#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kvmwhy host, on copies of real hosts' files (hosts/, made by lab/run host-files) and on this
machine.

A test modifies a copy if the lab has no host with that property; its sentence says what was
changed.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess

from cli import FOUND, NOTHING, SOURCE, TOOL, TROUBLE, Skip, equal, kvmwhy, main, test

HOSTS = SOURCE / "tests/cli/hosts"
NAMES = sorted(path.stem for path in HOSTS.glob("*.txt"))
ALL = ["bpf", "bpf-kprobe", "bpf-tracepoint", "tracefs"]
SCHEMA = json.loads((SOURCE / "docs/kvmwhy-host.schema.json").read_text())
KINDS = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}


def unpack(name, root):
    """A file of hosts/ as a tree below @root, which is returned."""
    path, lines = None, []

    def write():
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            end = "\0" if path.name == "cmdline" else "\n"
            path.write_text("".join(line + end for line in lines))

    for line in (HOSTS / f"{name}.txt").read_text().splitlines():
        if line.startswith("#"):
            continue
        if line.startswith(" "):
            lines.append(line[1:])
            continue
        write()
        word, place, *target = line.split(" ", 2)
        path, lines = root / place.lstrip("/"), []
        if word in ("=file", "=words"):
            continue
        (path if word == "=dir" else path.parent).mkdir(parents=True, exist_ok=True)
        if word == "=link":
            path.symlink_to(target[0])
        path = None
    write()
    return root


def host(root, *args, status=None):
    """The JSON of a tree."""
    result = kvmwhy("host", "--root", root, "--format", "json", *args)
    assert status is None or result.status == status, result
    assert result.status != TROUBLE, result
    return json.loads(result.out)


def page(root):
    return re.sub(r"\n +", " ", kvmwhy("host", "--root", root).text())


def put(root, path, text):
    path = root / path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def without_kvm(root):
    for path in (root / "sys/module").glob("kvm*"):
        shutil.rmtree(path)
    put(root, "proc/misc", "228 hpet\n")
    (root / "dev/kvm").unlink()
    (root / "sys/kernel/btf/kvm").unlink(missing_ok=True)
    return root


def reasons(answer, part="watch"):
    return {reason["id"]: reason for reason in answer[part]["reasons"]}


def defects(answer):
    return {defect["id"]: defect["has"] for defect in answer["defects"]}


def check(value, schema, place="$"):
    """The parts of JSON Schema that the file uses; anything else in it is rejected."""
    known = {"type", "const", "enum", "properties", "required", "items", "additionalProperties", "minimum",
             "description", "title", "$schema", "$comment"}
    assert set(schema) <= known, f"{place}: this test does not know {set(schema) - known}"
    if "type" in schema:
        kind = KINDS[schema["type"]]
        assert isinstance(value, kind) and (kind is bool) == isinstance(value, bool), f"{place}: {value!r}"
    assert "const" not in schema or value == schema["const"], f"{place}: {value!r}"
    assert "enum" not in schema or value in schema["enum"], f"{place}: {value!r}"
    assert "minimum" not in schema or value >= schema["minimum"], f"{place}: {value!r}"
    for key in schema.get("required", []):
        assert key in value, f"{place}: no {key}"
    for item in value if isinstance(value, list) else []:
        check(item, schema["items"], f"{place}[]")
    for key, member in value.items() if isinstance(value, dict) else []:
        other = schema.get("additionalProperties", True)
        assert key in schema.get("properties", {}) or other, f"{place}: {key} is not in the schema"
        inner = schema.get("properties", {}).get(key, other)
        if isinstance(inner, dict):
            check(member, inner, f"{place}.{key}")


@test("the JSON of every host is as the schema says, with and without KVM")
def _(directory):
    assert len(NAMES) >= 5, NAMES
    for name in NAMES:
        root = unpack(name, directory / name)
        check(host(root, status=FOUND), SCHEMA)
        check(host(without_kvm(root), status=NOTHING), SCHEMA)


@test("the test of the schema finds what is wrong")
def _(directory):
    answer = host(unpack(NAMES[0], directory))
    for change in ({"schema": 2}, {"cpu": []}, {"more": 1}, {"guests": {"count": -1, "unreadable": 0, "processes": []}},
                   {"guests": {"count": 1}}):
        try:
            check({**answer, **change}, SCHEMA)
        except AssertionError:
            continue
        raise AssertionError(f"{change} passed")


@test("vendor, state and release are those of the host")
def _(directory):
    for name in NAMES:
        version, cpu = re.fullmatch(r"(.*)-(amd|intel)", name).groups()
        answer = host(unpack(name, directory / name))
        equal(answer["kvm"]["vendor"], f"kvm_{cpu}")
        equal((answer["kvm"]["state"], answer["kvm"]["vendor_state"]), ("module", "module"))
        assert re.match(rf"{version}\b", answer["kernel"]["release"]), answer["kernel"]
        equal((answer["cpu"]["svm"], answer["cpu"]["vmx"]), (cpu == "amd", cpu == "intel"))
        equal(answer["kvm"]["can_run"], True)
        assert "capabilities" not in answer["kvm"], "a copy of /dev/kvm was asked"


@test("the page fits 100 columns but for commands, says the same, and has no control character")
def _(directory):
    for name in NAMES:
        root = unpack(name, directory / name)
        text = kvmwhy("host", "--root", root).expect(FOUND).text()
        long = [line for line in text.splitlines() if len(line) > 100 and "echo " not in line]
        equal(long, [])
        assert not re.search(r"[\0-\x09\x0b-\x1f\x7f]", text), text
        vendor = host(root)["kvm"]["vendor"]
        assert re.match(rf"Linux \S+, {vendor}: KVM can run guests here\n", text), text


@test("known defects: each kernel has its own answers, and Debian's build tells the point release")
def _(directory):
    has = {name: defects(host(unpack(name, directory / name))) for name in NAMES}
    for name in NAMES:
        equal((name, has[name]["set-msr-mce-eperm"]), (name, "no"))
        equal((name, has[name]["rsm-nested-mmu"]), (name, "no"))
    equal(has["6.1-intel"]["smm-interrupt-shadow"], "yes")
    equal(has["6.1-amd"]["smm-interrupt-shadow"], "no")
    equal(has["5.10-amd"]["vfio-huge-fault-unaligned"], "no")
    equal(has["6.12-amd"]["vfio-huge-fault-unaligned"], "cannot-tell")
    equal(has["7-amd"]["vfio-huge-fault-unaligned"], "no")


@test("changed: without its build, Debian's 5.10 may be any point release; an enterprise kernel cannot be judged")
def _(directory):
    root = unpack("5.10-amd", directory)
    (root / "proc/sys/kernel/version").unlink()
    equal(defects(host(root))["set-msr-mce-eperm"], "no")      # package 32 is later than 18, whatever its build
    put(root, "proc/sys/kernel/osrelease", "5.10.0-0.bpo.9-amd64\n")
    equal(defects(host(root))["set-msr-mce-eperm"], "cannot-tell")
    put(root, "proc/sys/kernel/version", "#1 SMP Debian 5.10.70-1~bpo10+1 (2021-10-10)\n")
    equal(defects(host(root))["set-msr-mce-eperm"], "yes")
    assert "affected      refused MCi_CTL" in page(root), page(root)
    put(root, "proc/sys/kernel/osrelease", "5.14.0-427.13.1.el9_4.x86_64\n")
    equal(defects(host(root))["set-msr-mce-eperm"], "cannot-tell")
    assert "this kernel's vendor backports" in page(root), page(root)
    put(root, "proc/sys/kernel/osrelease", "5.15.0-91-generic\n")
    equal(defects(host(root))["set-msr-mce-eperm"], "cannot-tell")
    put(root, "proc/version_signature", "Ubuntu 5.15.0-91.101-generic 5.15.131\n")
    equal(defects(host(root))["set-msr-mce-eperm"], "no")


@test("parameters are those of this KVM, each with the meaning of its value")
def _(directory):
    for name in NAMES:
        root = unpack(name, directory / name)
        answer = host(root)
        vendor = answer["kvm"]["vendor"]
        got = {(p["module"], p["name"]): p for p in answer["parameters"]}
        dump = (vendor, "dump_invalid_vmc" + ("b" if vendor == "kvm_amd" else "s"))
        assert ("kvm", "ignore_msrs") in got and dump in got, got
        assert {module for module, _ in got} == {"kvm", vendor}, got
        for (module, parameter), row in got.items():
            equal(row["value"], (root / "sys/module" / module / "parameters" / parameter).read_text().strip())
            assert row.get("means"), row


@test("changed: a value that is not known has no meaning")
def _(directory):
    root = unpack("6.1-amd", directory)
    put(root, "sys/module/kvm/parameters/ignore_msrs", "maybe\n")
    row = next(p for p in host(root)["parameters"] if p["name"] == "ignore_msrs")
    equal((row["value"], "means" in row), ("maybe", False))
    assert "ignore_msrs=maybe" in page(root) and "a value unknown to kvmwhy" in page(root)


@test("messages: what is off has its command, and changed to on, the one that turns it off")
def _(directory):
    root = unpack("6.1-amd", directory)
    answer = {d["id"]: d for d in host(root)["diagnostics"]}
    equal({name: d["on"] for name, d in answer.items()},
          {"dump_invalid_vmcb": False, "report_ignored_msrs": True, "unhandled_msrs": False, "trace_events": False})
    equal(answer["dump_invalid_vmcb"]["turn_on"], "echo 1 > /sys/module/kvm_amd/parameters/dump_invalid_vmcb")
    put(root, "sys/module/kvm_amd/parameters/dump_invalid_vmcb", "Y\n")
    control = (root / "proc/dynamic_debug/control").read_text()
    assert "=_" in control, control
    put(root, "proc/dynamic_debug/control", control.replace("=_", "=p"))
    put(root, "sys/kernel/tracing/events/kvm/enable", "X\n")
    answer = {d["id"]: d for d in host(root)["diagnostics"]}
    equal({d["on"] for d in answer.values()}, {True})
    equal(answer["unhandled_msrs"]["turn_off"],
          "echo 'module kvm format \"unhandled \" -p' > /proc/dynamic_debug/control")
    assert "only some" in answer["trace_events"]["state"], answer
    text = kvmwhy("host", "--root", root).text()
    assert " on:  echo" not in text and text.count(" off: echo") == 3, text


@test("messages of a host that cannot be read are unknown, not off")
def _(directory):
    root = unpack("6.1-amd", directory)
    (root / "proc/dynamic_debug/control").unlink()
    (root / "proc/self/mounts").unlink()
    answer = {d["id"]: d for d in host(root)["diagnostics"]}
    assert "on" not in answer["unhandled_msrs"] and "on" not in answer["trace_events"], answer
    assert answer["unhandled_msrs"]["state"] and answer["trace_events"]["state"], answer


@test("watch: by fentry where kvm has type data, by kprobes and tracefs on 5.10")
def _(directory):
    for name in NAMES:
        answer = host(unpack(name, directory / name))
        old = name.startswith("5.10")
        equal((name, answer["watch"]["ways"]), (name, ["bpf-kprobe", "tracefs"] if old else ALL))
        equal(list(reasons(answer)), ["no-task-regs", "no-module-btf"] if old else [])
        equal(answer["module"], {"works": True, "loaded": False, "reasons": []})


# What is changed on 6.1-amd (None: removed), the expected reason, the remaining ways, and whether
# the module works.
AGAINST = [
    ("not-root", {"proc/self/status": "CapEff:\t0000000000000000\n"}, [], False),
    ("not-root", {"proc/self/status": "CapEff:\t000000c000000000\n"}, ["bpf-kprobe", "bpf-tracepoint"], False),
    ("no-btf", {"sys/kernel/btf/vmlinux": None}, ["tracefs"], True),
    ("no-bpf", {"proc/sys/net/core/bpf_jit_enable": None}, ["tracefs"], True),
    ("no-tracefs", {"proc/self/mounts": "t /tmp/$(reboot) tracefs rw 0 0\n"}, ALL[:3], True),
    ("no-module-btf", {"sys/kernel/btf/kvm": None}, ALL[1:], True),
    ("no-tracefs", {"proc/self/mounts": "proc /proc proc rw 0 0\n"}, ALL[:3], True),
    ("lockdown", {"sys/kernel/security/lockdown": "none integrity [confidentiality]\n"}, [], True),
    ("no-jit", {"proc/sys/net/core/bpf_jit_enable": "0\n"}, ALL[1:], True),
    ("kernel-too-old", {"proc/sys/kernel/osrelease": "5.4.0-26-generic\n"}, ["tracefs"], False),
    ("no-task-regs", {"proc/sys/kernel/osrelease": "5.14.0-4-amd64\n"}, ["bpf-kprobe", "tracefs"], True),
    ("no-kprobes", {"sys/kernel/tracing/kprobe_events": None, "proc/sys/debug/kprobes-optimization": None},
     ["bpf", "bpf-tracepoint"], False),
    ("kvm-built-in", {"sys/module/kvm/initstate": None, "sys/kernel/btf/kvm": None}, ALL, True),
]


@test("changed: Red Hat's 5.14 reads a system call's arguments, whatever its number")
def _(directory):
    root = unpack("6.1-amd", directory)
    put(root, "proc/sys/kernel/osrelease", "5.14.0-427.13.1.el9_4.x86_64\n")
    equal(host(root)["watch"]["ways"], ALL)


@test("changed: root is never told to be root, but where it lacks what")
def _(directory):
    root = unpack("6.1-amd", directory)
    for user in 0, 1000:
        for caps in "0000000000000000", "000000c000000000":
            put(root, "proc/self/status", f"Uid:\t{user}\t{user}\t{user}\t{user}\nCapEff:\t{caps}\n")
            answer = host(root)
            does = [one["do"] for one in (*answer["watch"]["reasons"], *answer["module"]["reasons"])]
            assert does and all(("sudo" in do) == (user > 0) for do in does), does
            assert all("container CAP_" in do for do in does) == (user == 0), does
            assert not re.search(r"(as|be) root", page(root)) or user, page(root)


@test("changed: whatever stands against watch has a sentence, and one that says what to do")
def _(directory):
    for number, (reason, changes, ways, module) in enumerate(AGAINST):
        root = unpack("6.1-amd", directory / str(number))
        for path, text in changes.items():
            if text is None:
                (root / path).unlink()
            else:
                put(root, path, text)
        answer = host(root)
        found = reasons(answer)
        assert reason in found, (reason, found)
        equal((reason, answer["watch"]["ways"]), (reason, ways))
        equal((reason, answer["module"]["works"]), (reason, module))
        for one in (*answer["watch"]["reasons"], *answer["module"]["reasons"]):
            assert not re.search(r"Run: *Run", one["do"]), one
            for text in one["says"], one["do"]:
                assert text[0].isupper() or text.startswith(("tracefs ", "kvmwhy.ko ")), one
            assert one["says"] in page(root) and one["do"] in page(root), (one, page(root))


def why(root, way):
    """What kvmwhy watch says if this way does not work there."""
    done = subprocess.run([os.environ["KVMWHY_HOST_WHY"], root, way], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@test("changed: kvmwhy watch says what kvmwhy host says, a line for each reason, with the ways if not all are blocked")
def _(directory):
    live = subprocess.run([pathlib.Path(TOOL).parent / "kvmwhy-live", "ways"], capture_output=True,
                          text=True, check=False)
    if re.findall(r"^built (\S+)$", live.stdout, re.M) != ALL:
        raise Skip("this build lacks a way")
    root = unpack("6.1-amd", directory)
    equal([why(root, way) for way in (*ALL, "any")], [""] * 5)
    (root / "sys/kernel/btf/vmlinux").unlink()
    no_btf = " ".join(reasons(host(root))["no-btf"][key] for key in ("says", "do"))
    equal([why(root, way) for way in ALL], [no_btf] * 3 + [""])
    equal(why(root, "any"), "")
    put(root, "proc/self/mounts", "proc /proc proc rw 0 0\n")
    no_tracefs = "tracefs is not mounted. Run: mount -t tracefs tracefs /sys/kernel/tracing"
    equal(why(root, "tracefs"), no_tracefs)
    equal(why(root, "any").splitlines(), [f"bpf, bpf-kprobe, bpf-tracepoint: {no_btf}", f"tracefs: {no_tracefs}"])
    put(root, "proc/self/status", "CapEff:\t0000000000000000\n")
    assert "Run: sudo kvmwhy watch" in why(root, "bpf"), why(root, "bpf")


@test("this host: what watch has built in is known without a try, and what was not tried is said so")
def _(_):
    found = kvmwhy("host", "--format", "json")
    answer = json.loads(found.out)["watch"]
    equal(answer["tried"], [])
    text = re.sub(r"\n +", " ", kvmwhy("host").text())
    assert ("not tried. Run: kvmwhy host --try" in text) == bool(answer["ways"]), text
    kvmwhy("host", "--try", "--root", "/tmp").expect(TROUBLE, err="a copy cannot be tried")


@test("this host: without kvmwhy-live host says what to install")
def _(directory):
    for name in "kvmwhy", "kvmwhy-host":
        shutil.copy(pathlib.Path(TOOL).parent / name, directory / name)
    env = dict(os.environ, LD_LIBRARY_PATH=os.path.dirname(os.environ["KVMWHY_LIBRARY"]))
    done = subprocess.run([directory / "kvmwhy", "host", "--format", "json"], capture_output=True, env=env, check=False)
    watch = json.loads(done.stdout)["watch"]
    equal((watch["works"], watch["ways"]), (False, []))
    assert "kvmwhy-watch" in next(one["do"] for one in watch["reasons"] if one["id"] == "not-installed"), watch


@test("changed: KVM that is not loaded blocks both, and the page says which module to load")
def _(directory):
    for name, module in ("6.1-amd", "kvm_amd"), ("6.1-intel", "kvm_intel"):
        root = without_kvm(unpack(name, directory / name))
        answer = host(root, status=NOTHING)
        equal(answer["kvm"]["state"], "not-loaded")
        equal(answer["watch"]["ways"], [])
        equal(answer["module"]["works"], False)
        assert f"modprobe {module}" in reasons(answer)["kvm-not-loaded"]["do"], answer["watch"]


@test("changed: without vmx and svm KVM is forbidden, by the one below or by the firmware")
def _(directory):
    root = without_kvm(unpack("6.1-amd", directory))
    info = (root / "proc/cpuinfo").read_text().replace(" svm ", " ")
    put(root, "proc/cpuinfo", info)
    assert "the hypervisor underneath does not expose it" in host(root)["kvm"]["why"]
    put(root, "proc/cpuinfo", info.replace(" hypervisor ", " "))
    assert "firmware" in host(root)["kvm"]["why"], host(root)["kvm"]
    (root / "proc/cpuinfo").unlink()
    answer = host(root, status=NOTHING)
    assert "svm" not in answer["cpu"] and "vmx" not in answer["cpu"], answer["cpu"]
    assert "neither vmx nor svm" not in answer["kvm"]["why"], answer["kvm"]


@test("changed: KVM without /dev/kvm is a container's, and /dev/kvm without KVM is nothing")
def _(directory):
    root = unpack("6.1-amd", directory / "a")
    (root / "dev/kvm").unlink()
    assert "container" in host(root, status=NOTHING)["kvm"]["why"]
    root = unpack("6.1-amd", directory / "b")
    put(root, "proc/misc", "228 hpet\n")
    equal(host(root, status=NOTHING)["kvm"]["can_run"], False)
    assert "kvm-not-started" in reasons(host(root)), host(root)["watch"]


@test("changed: a KVM of another maker is named, and its defects are judged without a vendor")
def _(directory):
    root = unpack("6.1-intel", directory)
    (root / "sys/module/kvm_intel").rename(root / "sys/module/kvm_pvm")
    answer = host(root, status=FOUND)
    equal(answer["kvm"]["vendor"], "kvm_pvm")
    equal({p["module"] for p in answer["parameters"]}, {"kvm"})
    assert not any(d["id"].startswith("dump") for d in answer["diagnostics"]), answer["diagnostics"]


@test("changed: of vendor code that is built in, that of the processor counts")
def _(directory):
    root = unpack("6.1-amd", directory)
    for module in "kvm", "kvm_amd":
        (root / "sys/module" / module / "initstate").unlink()
    put(root, "sys/module/kvm_intel/parameters/ept", "N\n")
    answer = host(root)["kvm"]
    equal((answer["state"], answer["vendor"], answer["vendor_state"]), ("built-in", "kvm_amd", "built-in"))


@test("changed: taint flags by letter, live patches, lockdown, Secure Boot")
def _(directory):
    root = unpack("6.1-amd", directory)
    put(root, "proc/sys/kernel/tainted", f"{1 << 0 | 1 << 9 | 1 << 12 | 1 << 63}\n")
    put(root, "sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
    (root / "sys/kernel/livepatch/kpatch_kvm").mkdir(parents=True)
    (root / "sys/firmware/efi/efivars").mkdir(parents=True)
    name = "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
    (root / "sys/firmware/efi/efivars" / name).write_bytes(b"\6\0\0\0\1")
    answer = host(root)
    kernel = answer["kernel"]
    equal((kernel["taint"]["letters"], kernel["taint"]["value"]), ("PWO?", "0x8000000000001201"))
    equal((kernel["lockdown"], kernel["secure_boot"], kernel["livepatches"]), ("integrity", True, ["kpatch_kvm"]))
    equal(set(reasons(answer, "module")), {"signature", "lockdown"})
    equal(answer["module"]["works"], True)
    (root / "sys/firmware/efi/efivars" / name).unlink()
    assert "secure_boot" not in host(root)["kernel"], "Secure Boot cannot be known"


@test("the guest of every host is found: process, vCPUs, no name where the command line gives none")
def _(directory):
    for name in NAMES:
        guests = host(unpack(name, directory / name))["guests"]
        equal((guests["count"], len(guests["processes"])), (1, 1))
        guest = guests["processes"][0]
        equal((guest["comm"], guest["vms"], guest["vcpus"], "name" in guest), ("vmm", 1, 1, False))


@test("changed: guests are named by QEMU's, kvmtool's and Firecracker's options; hostile names are escaped")
def _(directory):
    for number, (words, name) in enumerate([
            (["qemu", "-name", "guest=web,debug-threads=on"], "web"), (["qemu", "-name", "web"], "web"),
            (["qemu", "-name", "debug-threads=on,guest=a,,b"], "a,b"), (["lkvm", "run", "--name", "db"], "db"),
            (["lkvm", "run", "--name=db"], "db"), (["firecracker", "--id", "f-1"], "f-1"), (["qemu", "-name"], None),
            (["qemu", "-name", "\x1b[31mred\nKVM: entry failed\x7f\u202e"],
             r"\x1b[31mred\x0aKVM: entry failed\x7f\xe2\x80\xae"),
            (["qemu", "-name", "x" * 5000], "x" * 399)]):
        root = unpack("6.1-amd", directory / str(number))
        process = next((root / "proc").glob("[0-9]*"))
        put(root, process / "cmdline", "".join(word + "\0" for word in words))
        put(root, process / "comm", "qemu\x1b]0;\n")
        guest = host(root)["guests"]["processes"][0]
        equal((guest.get("name"), guest["comm"]), (name, r"qemu\x1b]0;"))
        assert not re.search(r"[\0-\x09\x0b-\x1f\x7f-\U0010ffff]", kvmwhy("host", "--root", root).text())


@test("an empty tree, and files that are folders or full of nonsense, give unknown and no crash")
def _(directory):
    answer = host(directory, status=NOTHING)
    check(answer, SCHEMA)
    equal(answer["kvm"]["state"], "unknown")
    equal({d["has"] for d in answer["defects"]}, {"cannot-tell"})
    equal((answer["cpu"], answer["watch"]["reasons"]), ({}, []))
    root = unpack("6.1-amd", directory / "nonsense")
    for path in [p for p in root.rglob("*") if p.is_file() and not p.is_symlink()]:
        path.write_bytes(bytes(range(256)) * 40)
    check(host(root), SCHEMA)
    for path in [p for p in root.rglob("*") if p.is_file() and not p.is_symlink()]:
        path.unlink()
        path.mkdir()
    check(host(root), SCHEMA)


@test("this machine is told as a user and as root, and what root sees is not less")
def _(_):
    result = kvmwhy("host", "--format", "json")
    assert result.status in (FOUND, NOTHING), result
    answer = json.loads(result.out)
    check(answer, SCHEMA)
    equal(answer["kernel"]["release"], os.uname().release)
    equal(result.status == FOUND, answer["kvm"].get("can_run", False))
    if os.geteuid():
        raise Skip("not root: nothing to compare")
    setpriv = shutil.which("setpriv")
    reachable = all(p.stat().st_mode & 1 for p in pathlib.Path(TOOL).resolve().parents)
    if not setpriv or not reachable:
        raise Skip("no setpriv, or this build is in a folder that others cannot enter")
    as_nobody = [setpriv, "--reuid=65534", "--regid=65534", "--clear-groups"]
    done = subprocess.run([*as_nobody, TOOL, "host", "--format", "json"], capture_output=True, check=False)
    user = json.loads(done.stdout)
    check(user, SCHEMA)
    found = reasons(user)
    assert "not-root" in found and "Run: sudo" in found["not-root"]["do"], found
    equal(user["kernel"]["release"], answer["kernel"]["release"])
    assert user["guests"]["unreadable"] > answer["guests"]["unreadable"], (user["guests"], answer["guests"])


@test("nothing in a tree is changed by looking at it")
def _(directory):
    root = unpack("6.1-amd", directory)
    before = {p: (p.lstat().st_mtime_ns, p.lstat().st_mode) for p in root.rglob("*")}
    kvmwhy("host", "--root", root).expect(FOUND)
    equal({p: (p.lstat().st_mtime_ns, p.lstat().st_mode) for p in root.rglob("*")}, before)


@test("a misuse names the value and the way out")
def _(directory):
    kvmwhy("host", "--root", directory / "none").expect(TROUBLE, err="No such file or directory")
    kvmwhy("host", "now").expect(TROUBLE, err="'now' is an extra argument")
    kvmwhy("host", "--format", "html").expect(TROUBLE, err="'html' is not a value of --format")
    kvmwhy("host", "--root").expect(TROUBLE, err="option '--root' needs a value")


main()
