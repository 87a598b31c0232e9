#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scenarios.cfg and kernels.txt: what they name exists, and errors in them are reported."""

import re

from lab import LAB, PROJECT, equal, main, test

from driver import kernels, plan, scenarios

RULES = {path.stem for path in (PROJECT / "docs" / "rules").glob("*.md")}
ONE = "[one]\nwhat = A test.\ncpu = amd\nkernels = 6.1\n"


def lines():
    """The lines of kernels.txt that are rows, as words."""
    text = (LAB / "kernels.txt").read_text(encoding="ascii")
    return [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]


@test("every scenario is well-formed: guests, modules, kernels, processors and expressions")
def _(_):
    found = scenarios.read()
    assert len(found) > 20, len(found)
    for one in found.values():
        assert one.seconds > 0 and one.what.endswith("."), one.name
        for key in ("vmm", "qemu"):
            one.options(key)


@test("every scenario can be missed")
def _(_):
    for one in scenarios.read().values():
        assert any(key.partition(".")[0] in ("see", "explain", "oracle") for key in one.keys), one.name


@test("every finding that a scenario names has its page in docs/rules")
def _(_):
    for one in scenarios.read().values():
        named = {word for key in one.keys if key.partition(".")[0] == "explain" for word in one.words(key)}
        equal(named - RULES, set())


@test("a key for one kernel or processor names one that there is, and that the scenario runs on")
def _(_):
    for one in scenarios.read().values():
        for key in one.keys:
            variant = key.partition(".")[2]
            assert not variant or variant in [*one.kernels, *one.cpus, "stock"], f"[{one.name}] {key}"


@test("every guest says in its head what must be seen")
def _(_):
    for path in (LAB / "guests").glob("*.S"):
        assert "Seen" in path.read_text(encoding="utf-8")[:800], path.name


@test("kernels.txt has rows of four or five words, each name once")
def _(_):
    for words in lines():
        name, suite, package, version, *replaced = words
        assert re.fullmatch(r"[a-z0-9.]+", name) and re.fullmatch(r"[a-z-]+", suite), words
        assert re.fullmatch(r"linux-(image-[a-z0-9-]+|source-[0-9.]+)", package) and version.endswith("*"), words
        assert replaced in ([], ["old-kvm"]), words
    equal(len(kernels.names()), len({words[0] for words in lines()}))
    equal(len(kernels.names()), len(lines()))


@test("a wrong scenario is told with the file and the section")
def _(directory):
    path = directory / "own.cfg"
    for text, told in (
            (ONE, "guest (or qemu, or program)"), (ONE + "guest = nosuch\n", "guests/nosuch.S"),
            (ONE + "guest = halt\nsea = x\n", "sea"),
            (ONE + "guest = halt\nsee = (\n", "unterminated"), (ONE + "guest = halt\nseconds = long\n", "seconds"),
            (ONE.replace("amd", "arm") + "guest = halt\n", "arm"),
            (ONE.replace("6.1", "6.1 2.4") + "guest = halt\n", "2.4"),
            (ONE.replace("one", "one two") + "guest = halt\n", "name"),
            (ONE + "guest = halt\nmodule = nosuch\n", "nosuch"),
            (ONE + "guest = halt\nlong.old = yes\n", "long.old"),
            (ONE + "guest = halt\nkvm.old = x\n", "kvm.old"), (ONE + ONE, "already exists"), ("what = x\n", "section"),
            ("[one]\nguest = halt\n", "what")):
        path.write_text(text)
        try:
            scenarios.read(path)
            raise AssertionError(f"accepted: {text}")
        except ValueError as reason:
            assert told in str(reason) and "own.cfg" in str(reason), f"{text}\n{reason}"


@test("what takes long is not run when nothing is named: nowhere, or not on that processor")
def _(directory):
    def section(name, keys):
        return ONE.replace("one", name).replace("amd", "amd intel") + f"guest = halt\n{keys}\n"
    path = directory / "own.cfg"
    path.write_text(section("a", "") + section("b", "long.intel = yes") + section("c", "long = yes"))
    found = scenarios.read(path)
    equal([(one.name, one.cpus) for one in scenarios.usual(found)], [("a", ["amd", "intel"]), ("b", ["amd"])])
    equal([(one.name, one.cpus) for one in scenarios.short(found)], [(name, ["amd", "intel"]) for name in "ab"])


@test("of each kind the quickest is taken, for each kernel and processor; one without a kind is always taken")
def _(directory):
    def section(name, keys):
        return ONE.replace("one", name).replace("amd", "amd intel") + f"guest = halt\n{keys}\n"
    path = directory / "own.cfg"
    path.write_text(section("slow", "kind = x") + section("quick", "kind = x\nseconds = 5") +
                    section("also", "kind = x\nseconds = 5") + section("alone", "seconds = 90") +
                    section("svm", "kind = y").replace("amd intel", "amd"))
    items = plan.wanted(scenarios.read(path).values(), ["6.1"], [])
    equal([(one.name, cpu) for one, _kernel, cpu in plan.one_of_each_kind(items)],
          [("quick", "amd"), ("quick", "intel"), ("alone", "amd"), ("alone", "intel"), ("svm", "amd")])


@test("a right scenario of one's own is read")
def _(directory):
    (directory / "own.cfg").write_text(ONE + "guest = halt\nsee = ^a\n\t^b\n")
    equal(scenarios.read(directory / "own.cfg")["one"].lines("see"), ["^a", "^b"])


main()
