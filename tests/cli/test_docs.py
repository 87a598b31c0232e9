#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Help, man pages, completions and the header say the same."""

import json
import os
import re
import shlex
import subprocess

from cli import CASE, FOUND, SANITIZERS, SOURCE, equal, kvmwhy, main, test
from manual import examples

COMMANDS = ["explain", "journal", "watch", "record", "replay", "host", "msr", "insn", "rule", "check", "inject", "version", "help"]
WITH_PAGE = {"explain": 1, "journal": 1, "watch": 8, "record": 8, "replay": 1, "host": 1, "msr": 1, "insn": 1, "rule": 1, "check": 1, "inject": 8}
MAN = SOURCE / "man"


def options_of_help(command):
    return set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", kvmwhy("help", command).text(), re.M))


def options_of_page(name):
    """The options that have an entry of their own in a page."""
    entries = re.findall(r"^\*(?:-\w\*, \*)?(--[a-z-]+)\*", (MAN / f"{name}.scd").read_text(), re.M)
    return {entry for entry in entries if entry != "--version"}


@test("--help and the man page of a command have the same options")
def _(_):
    for command, section in WITH_PAGE.items():
        equal((command, options_of_help(command)),
              (command, options_of_page(f"kvmwhy-{command}.{section}")))


WORDS = r"\b(text|json|ndjson|html|intel|amd|auto|always|never|16|32|64)\b"


@test("the words that an option takes are the same in help and man page")
def _(_):
    for command, section in WITH_PAGE.items():
        page = (MAN / f"kvmwhy-{command}.{section}.scd").read_text()
        lines = re.findall(r"^  .*", kvmwhy("help", command).text(), re.M)
        for word in set(re.findall(WORDS, "\n".join(lines))) - {"text"}:
            assert f"*{word}*" in page, f"{word} is not in kvmwhy-{command}({section})"


@test("the list of commands is the same in help, man page and completions")
def _(_):
    overview = kvmwhy("help").expect(FOUND).text()
    equal(re.findall(r"^  (\w+) ", overview, re.M), COMMANDS)
    page = (MAN / "kvmwhy.1.scd").read_text()
    equal(re.findall(r"^\*(\w+)\*$", page[page.index("# COMMANDS"):page.index("# OPTIONS")], re.M),
          COMMANDS)
    for name in "kvmwhy.bash", "_kvmwhy", "kvmwhy.fish":
        text = (SOURCE / "cli/completions" / name).read_text()
        for command in COMMANDS:
            assert re.search(rf"\b{command}\b", text), f"{command} is not in {name}"


@test("every option of every command is in the completions of each shell")
def _(_):
    for command in COMMANDS[:-1]:
        for option in options_of_help(command):
            for name, form in (("kvmwhy.bash", option), ("_kvmwhy", option),
                               ("kvmwhy.fish", f"-l {option[2:]} ")):
                text = (SOURCE / "cli/completions" / name).read_text()
                assert form in text, f"{option} of {command} is not in {name}"


def complete(*words):
    """What bash offers for the last of @words."""
    script = (f". {shlex.quote(str(SOURCE / 'cli/completions/kvmwhy.bash'))}\n"
              f"COMP_WORDS=({' '.join(map(shlex.quote, words))})\n"
              f"COMP_CWORD={len(words) - 1}\n_kvmwhy\n" 'printf "%s\\n" "${COMPREPLY[@]}"\n')
    tool = os.path.dirname(os.environ["KVMWHY"])
    env = dict(os.environ, PATH=f"{tool}:{os.environ['PATH']}")
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=env,
                          check=True)
    return done.stdout.split()


@test("bash completes commands, options, their words, rules and files")
def _(directory):
    equal(complete("kvmwhy", "expl"), ["explain"])
    equal(complete("kvmwhy", "explain", "--fo"), ["--format"])
    equal(complete("kvmwhy", "explain", "--format", "nd"), ["ndjson"])
    equal(complete("kvmwhy", "explain", "--format", "=", "h"), ["html"])
    equal(complete("kvmwhy", "msr", "--format", ""), ["text", "json"])
    equal(complete("kvmwhy", "insn", "--mode", ""), ["16", "32", "64"])
    equal(complete("kvmwhy", "host", "--f"), ["--format"])
    equal(complete("kvmwhy", "host", "--format", ""), ["text", "json"])
    equal(complete("kvmwhy", "inject", ""), ["wrmsr", "rdmsr", "status", "off"])
    equal(complete("kvmwhy", "inject", "wrmsr", "--errno", "EF"), ["EFAULT"])
    equal(complete("kvmwhy", "--ven"), ["--vendor"])
    (directory / "guest.log").touch()
    equal(complete("kvmwhy", f"{directory}/gu"), [f"{directory}/guest.log"])
    equal(complete("kvmwhy", "explain", f"{directory}/gu"), [f"{directory}/guest.log"])
    first = kvmwhy("rule").text().split()[0]
    assert first in complete("kvmwhy", "rule", first[:3]), first
    assert "guest_rflags_if" in complete("kvmwhy", "check", "guest_rf")


@test("every exported function has its entry in libkvmwhy(3)")
def _(_):
    header = (SOURCE / "include/kvmwhy/kvmwhy.h").read_text()
    exported = set(re.findall(r"^KW_API [^;(]*?\b(kw_\w+)\(", header, re.M))
    page = (MAN / "libkvmwhy.3.scd").read_text()
    entries = set(re.findall(r"^\*[^*(]*?(?:\\\*)*(kw_\w+)\(", page, re.M))
    equal(entries, exported)


@test("the program of libkvmwhy(3), as man shows it, compiles and runs")
def _(directory):
    source = directory / "example.c"
    library = os.environ["KVMWHY_LIBRARY"]
    sanitize = [f"-fsanitize={SANITIZERS}"] if SANITIZERS else []
    for viewer, (text,) in examples("libkvmwhy.3"):
        source.write_text(text)
        subprocess.run([*shlex.split(os.environ["KVMWHY_CC"]), *sanitize, "-std=c99", "-Wall",
                        "-Wextra", "-Werror", "-I", SOURCE / "include",
                        "-o", directory / "example", source, library,
                        f"-Wl,-rpath,{os.path.dirname(library)}"], check=True)
        with open(CASE, "rb") as log:
            done = subprocess.run([directory / "example"], stdin=log, capture_output=True, text=True,
                                  check=True)
        assert "0x838" in done.stdout, f"{viewer}: {done.stdout}"


@test("a backslash in a literal block of any page survives")
def _(_):
    for page in sorted(MAN.glob("*.scd")):
        blocks = re.findall(r"^```\n(.*?)^```$", page.read_text(), re.M | re.S)
        if not any("\\" in block for block in blocks):
            continue
        for viewer, texts in examples(page.stem):
            equal((page.stem, viewer, [text.count("\\") for text in texts]),
                  (page.stem, viewer, [block.count("\\\\") for block in blocks]))


@test("SEE ALSO of kvmwhy(1) names every page but those of C functions; each named page exists")
def _(_):
    pages = {page.stem for page in MAN.glob("*.scd")}
    for name in sorted(pages):
        text = (MAN / f"{name}.scd").read_text()
        assert "# SEE ALSO" in text, name
        also = re.findall(r"\*((?:lib)?k[\w-]+)\*\((\d)\)", text[text.index("# SEE ALSO"):])
        missing = {f"{page}.{section}" for page, section in also} - pages
        equal((name, missing), (name, set()))
        if name == "kvmwhy.1":
            equal({f"{page}.{section}" for page, section in also},
                  {page for page in pages - {"kvmwhy-msr-policy.5"}
                   if page.startswith(("kvmwhy-", "libkvmwhy"))})
            equal(also, sorted(also, key=lambda one: one[::-1]))


@test("SYNOPSIS of kvmwhy(1) has every command")
def _(_):
    page = (MAN / "kvmwhy.1.scd").read_text()
    synopsis = page[page.index("# SYNOPSIS"):page.index("# DESCRIPTION")]
    equal({command for command in COMMANDS if f"*{command}*" not in synopsis}, set())


@test("kvmwhy-json(5) has an entry for every key of the schema, and no other")
def _(_):
    schema = json.loads((SOURCE / "docs/kvmwhy.schema.json").read_text())
    report = schema
    while "$ref" in report:
        where = report["$ref"].split("/")[1:]
        report = schema
        for step in where:
            report = report[step]
    page = (MAN / "kvmwhy-json.5.scd").read_text()
    entries = re.findall(r"^\*\w+\*(?:, \*\w+\*)*$", page[page.index("# KEYS"):], re.M)
    equal({key for entry in entries for key in re.findall(r"\w+", entry)},
          set(report["properties"]))


main()
