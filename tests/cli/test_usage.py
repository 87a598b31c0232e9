#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Commands, arguments and exit statuses."""

import json
import re

from cli import CASE, FOUND, NOTHING, SOURCE, TROUBLE, equal, kvmwhy, main, test


@test("a log with a failure is explained, and the status is 0")
def _(_):
    result = kvmwhy("explain", CASE).expect(FOUND, "0x838")
    equal(result.err, b"")
    assert "IA32_X2APIC_INIT_COUNT" in result.text(), result


@test("a file without a command is explained")
def _(_):
    equal(kvmwhy(CASE).expect(FOUND).out, kvmwhy("explain", CASE).out)


@test("options may stand after files, and before the first of them without a command")
def _(_):
    after = kvmwhy("explain", CASE, "--format", "json").expect(FOUND)
    equal(kvmwhy("--format=json", CASE).expect(FOUND).out, after.out)


@test("a text without a failure gives 1, says what was looked for and what to collect")
def _(directory):
    (directory / "log").write_text("all is well\n")
    result = kvmwhy("explain", directory / "log").expect(NOTHING, err="looked for:")
    assert "collect:" in result.complaint(), result
    equal(result.out, b"")


@test("JSON of nothing is an empty array")
def _(_):
    equal(json.loads(kvmwhy("--format", "json", stdin=b"hello\n").expect(NOTHING).out), [])


@test("each format is one of its kind")
def _(_):
    reports = json.loads(kvmwhy("--format", "json", CASE).expect(FOUND).out)
    equal(len(reports), 1)
    equal(reports[0]["class"], "kvm-run-failed")
    lines = kvmwhy("--format", "ndjson", CASE, CASE).expect(FOUND).text().splitlines()
    equal([json.loads(line)["class"] for line in lines], ["kvm-run-failed"] * 2)
    page = kvmwhy("--format", "html", CASE).expect(FOUND).text()
    assert "<html" in page.lower() and "</html>" in page.lower(), page[:500]


@test("what the user knows about the host is taken")
def _(_):
    kvmwhy("--host-kernel", "5.10.100-generic", "--vendor", "amd", "--all", CASE).expect(FOUND)


@test("a misuse of explain names the value and the way out")
def _(_):
    for args, message in [
            (["--format", "xml"], "'xml' is not a value of --format; use one of: text, json"),
            (["--vendor", "via"], "'via' is not a value of --vendor"),
            (["--color", "blue"], "'blue' is not a value of --color"),
            (["--host-kernel", "new"], "'new' after --host-kernel is not a kernel release"),
            (["--format"], "option '--format' needs a value"),
            (["--all=1"], "'--all=1': this option takes no value"),
            (["--bogus"], "unknown option '--bogus'"),
            (["-z"], "unknown option '-z'")]:
        result = kvmwhy("explain", *args).expect(TROUBLE, err=message)
        assert "see 'kvmwhy help explain'" in result.complaint(), result
        equal(result.out, b"")


@test("a mistyped command, option or value is answered by the one that is meant")
def _(_):
    for command, args, meant in [
            ("explain", ["--formt", "json"], "--format"), ("explain", ["--formt=json"], "--format"),
            ("explain", ["--format", "jsn"], "json"), ("insn", ["--color", "awlays"], "always"),
            ("msr", ["--host-kernl", "6.1"], "--host-kernel"),
            ("watch", ["--via", "bfp"], "bpf"), ("host", ["--rot", "/"], "--root"),
            ("inject", ["--erno", "EIO"], "--errno"),
            ("inject", ["wrmsr", "--errno", "EPREM"], "EPERM"), ("inject", ["wrmrs"], "wrmsr"),
            ("inject", ["wrmsr", "--msr", "IA32_EFFER"], "IA32_EFER")]:
        question = f"did you mean '{meant}'? See 'kvmwhy help {command}'"
        result = kvmwhy(command, *args).expect(TROUBLE, err=question)
        equal(result.out, b"")
    for word, meant in [("explian", "explain"), ("msrs", "msr"), ("isn", "insn"),
                        ("rules", "rule"), ("chekc", "check"), ("ver", "version")]:
        kvmwhy(word).expect(TROUBLE, err=f"did you mean '{meant}'?")
    kvmwhy("frobnicate").expect(TROUBLE, err="see 'kvmwhy help'")
    kvmwhy("help", "frobnicate").expect(TROUBLE, err="is not a command")


@test("an MSR is described by index and by name; an unknown one gives 1")
def _(_):
    kvmwhy("msr", "0x404").expect(FOUND, "IA32_MC1_CTL")
    kvmwhy("msr", "1028").expect(FOUND, "IA32_MC1_CTL")
    kvmwhy("msr", "IA32_MC1_CTL").expect(FOUND, "0x404")
    kvmwhy("msr", "0x404", "0xfffffffffffffffe", "--host-kernel", "5.10.100").expect(FOUND)
    json.loads(kvmwhy("msr", "0x404", "--format", "json").expect(FOUND).out)
    kvmwhy("msr", "0x12345678").expect(NOTHING)
    kvmwhy("msr", "NO_SUCH_MSR").expect(NOTHING, err="use the name in the CPU manual")


@test("a mistyped MSR is answered by the one that is meant, a number without 0x by both readings")
def _(_):
    kvmwhy("msr", "IA32_MC1_CTK").expect(NOTHING, err="did you mean 'IA32_MC1_CTL'?")
    kvmwhy("msr", "ia32_apic_bsae").expect(NOTHING, err="did you mean 'IA32_APIC_BASE'?")
    kvmwhy("msr", "c0000080").expect(NOTHING, err="did you mean '0xc0000080'?")
    kvmwhy("msr", "404").expect(FOUND, "0x194", "'404' is a decimal number: did you mean 0x404?")
    equal(kvmwhy("msr", "1028").expect(FOUND, "0x404").err, b"")
    equal(kvmwhy("msr", "0x404").err, b"")


@test("words find rules and checks: by name first, in any case, whole or from three letters on")
def _(_):
    def ids(*args):
        found = kvmwhy(*args, "--format", "json").expect(FOUND).out
        return [entry["id"] for entry in json.loads(found)]
    found = ids("rule", "eperm")
    equal(found, ids("rule", "EPERM"))
    assert "wrmsr-eperm-x2apic" in found and "wrmsr-errno" in found, found
    named = ["eperm" in rule for rule in found]
    equal(named, sorted(named, reverse=True))
    equal(ids("rule", "x2apic WRMSR eperm")[0], "wrmsr-eperm-x2apic")
    assert set(ids("rule", "emulation")) < set(ids("rule", "emul")), "emul begins emulate, too"
    assert "memory-error" in ids("rule", "memory")
    found = ids("check", "tr")
    assert "guest_tr_limit" in found and "host_tr_base" in found, found
    assert not any("ctrl" in check or "rflags" in check for check in found), found
    equal(ids("check", "TR limit"), ["guest_tr_limit"])
    equal(ids("check", "tr", "limit"), ["guest_tr_limit"])
    mixed = kvmwhy("check", "TR", "guest_tr_s", "limit").expect(FOUND).text()
    assert mixed.startswith("guest_tr_s\n") and "\n  guest_tr_limit  " in mixed, mixed
    kvmwhy("rule", *["word"] * 500).expect(TROUBLE, err="too many words")
    equal(json.loads(kvmwhy("rule", "nosuchword", "--format", "json").expect(NOTHING).out), [])
    equal(kvmwhy("rule", "nosuchword").expect(NOTHING, err="'kvmwhy rule' lists all").out, b"")


@test("a misuse of msr names the value and the way out")
def _(_):
    for args, message in [
            ([], "no MSR given"),
            (["0x404", "12z"], "'12z' is not a value"),
            (["0x404", "0x"], "'0x' is not a value"),
            (["0x404", ""], "'' is not a value"),
            (["0x404", "0x1ffffffffffffffff"], "is not a value of 64 bits"),
            (["0x404", "1", "2"], "'2' is an extra argument"),
            (["0x404", "--host-kernel", "x"], "'x' after --host-kernel is not a kernel release"),
            (["0x404", "--format", "html"], "'html' is not a value of --format")]:
        kvmwhy("msr", *args).expect(TROUBLE, err=message)


@test("bytes are disassembled in the mode that is asked for")
def _(_):
    kvmwhy("insn", "--mode", "64", "48", "c1", "e2", "20").expect(FOUND, "shl rdx, 0x20")
    kvmwhy("insn", "--mode", "32", "48c1e220").expect(FOUND, "dec eax")
    kvmwhy("insn", "Code=89 f0 <0f> 30", "--mode=64").expect(FOUND, "wrmsr")
    json.loads(kvmwhy("insn", "0f30", "--mode", "16", "--format", "json").expect(FOUND).out)


@test("a misuse of insn names the value and the way out")
def _(_):
    for args, message in [
            (["0f30"], "add --mode 16, 32 or 64"),
            (["--mode", "64"], "no bytes given"),
            (["--mode", "8", "90"], "'8' is not a value of --mode"),
            (["--mode", "64", "hello"], "are not bytes")]:
        kvmwhy("insn", *args).expect(TROUBLE, err=message)


@test("every rule that is listed has a page; a mistyped one is answered by the nearest")
def _(_):
    ids = re.findall(r"^\S+", kvmwhy("rule").expect(FOUND).text(), re.M)
    listed = json.loads(kvmwhy("rule", "--format", "json").expect(FOUND).out)
    equal([rule["id"] for rule in listed], ids)
    equal(re.findall(r"^[a-z][a-z0-9-]*$", kvmwhy("rule", *ids).expect(FOUND).text(), re.M), ids)
    objects = kvmwhy("rule", "--format", "json", *ids).expect(FOUND).text().splitlines()
    for rule, full in zip(listed, map(json.loads, objects), strict=True):
        equal(list(full), ["id", "says", "classes", "page"])
        equal(rule, {key: full[key] for key in rule})
        assert rule["classes"] and not re.search(r"[`{]", rule["says"]), rule
        assert full["page"].startswith(f"# {rule['id']}\n"), rule
    kvmwhy("rule", "wrmsr-eprm-x2apic").expect(NOTHING, err="did you mean 'wrmsr-eperm-x2apic'?")
    kvmwhy("rule", "9" * 70).expect(NOTHING, err="'kvmwhy rule' lists all")


@test("every check that is listed has a page; a mistyped one is answered by the nearest")
def _(_):
    listed = json.loads(kvmwhy("check", "--format", "json").expect(FOUND).out)
    ids = [check["id"] for check in listed]
    equal(len(set(ids)), len(ids))
    equal(re.findall(r"^  (\S+) ", kvmwhy("check").expect(FOUND).text(), re.M), ids)
    equal(list(dict.fromkeys(re.findall(r"^\S.*", kvmwhy("check").text(), re.M))),
          list(dict.fromkeys(check["section"] for check in listed)))
    equal(re.findall(r"^([a-z]\w*)$", kvmwhy("check", *ids).expect(FOUND).text(), re.M), ids)
    objects = kvmwhy("check", "--format", "json", *ids).expect(FOUND).text().splitlines()
    equal([json.loads(line) for line in objects], listed)
    for check in listed:
        equal(list(check), ["id", "says", "section", "condition", "set"])
        assert check["set"] in ("vmx-controls", "vmx-host", "vmx-guest", "vmx-msr-load", "svm", "set-sregs",
                                "set-xcrs"), check
        assert re.match(r"(Intel SDM|AMD APM) vol\. [23], \"|Linux arch/x86/kvm/", check["section"]), check
    kvmwhy("check", "gest_rflags_if").expect(NOTHING, err="did you mean 'guest_rflags_if'?")
    kvmwhy("check", "9" * 70, ids[0]).expect(NOTHING, ids[0], "'kvmwhy check' lists all")
    kvmwhy("check", "--format", "html").expect(TROUBLE, err="'html' is not a value of --format")


@test("--checks lists each check that was asked: broken ones first, those that hold last")
def _(_):
    log = SOURCE / "tests/corpus/lab-fail-entry-intel-rflags-6.1-intel/input"
    asked = json.loads(kvmwhy("--format", "json", log).expect(FOUND).out)[0]["entry_checks"]
    plain, text = kvmwhy(log).expect(FOUND).text(), kvmwhy("--checks", log).expect(FOUND).text()
    assert text.startswith(plain), text
    rows = re.findall(r"^.{12}(broken|cannot tell|holds) +(\S+) *(.*)", text[len(plain):], re.M)
    answers = [answer for answer, _, _ in rows]
    equal(answers, sorted(answers))
    equal([row[1] for row in rows if row[0] == "broken"], [c["id"] for c in asked["broken"]])
    equal([row[1] for row in rows if row[0] == "cannot tell"], [c["id"] for c in asked["cannot_tell"]])
    equal((len(rows), answers.count("holds")), (asked["asked"], asked["hold"]))
    assert ("broken", "guest_rflags_reserved", "rflags 0x8002") in rows, rows
    page = kvmwhy("--format", "html", log).expect(FOUND).text()
    assert page.count("<details>") == 1 and ">guest_rflags_reserved</code>" in page


@test("a failure that is none of an entry has no checks")
def _(_):
    equal(kvmwhy("--checks", CASE).expect(FOUND).out, kvmwhy(CASE).out)
    assert "entry_checks" not in kvmwhy("--format", "json", CASE).text()
    assert "<details>" not in kvmwhy("--format", "html", CASE).text()


@test("the version is printed by command and by option")
def _(_):
    text = kvmwhy("version").expect(FOUND, "libkvmwhy ").text()
    assert text.startswith("kvmwhy "), text
    equal(kvmwhy("--version").expect(FOUND).text(), text)
    kvmwhy("version", "now").expect(TROUBLE, err="an extra argument")


@test("help is printed on the standard output")
def _(_):
    overview = kvmwhy("--help").expect(FOUND, "Commands:")
    equal(kvmwhy("help").out, overview.out)
    for command in "explain", "msr", "insn", "rule", "check", "host", "inject", "version":
        assert f"  {command} " in overview.text(), overview
        page = kvmwhy("help", command).expect(FOUND, "usage: kvmwhy")
        equal(kvmwhy(command, "--help").expect(FOUND).out, page.out)
        equal(kvmwhy(command, "-h").expect(FOUND).out, page.out)


main()
