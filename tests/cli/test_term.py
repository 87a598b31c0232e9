#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""On a terminal: as wide as it is, in colour, through a pager."""

import fcntl
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import termios
import threading

from cli import (CASE, FOUND, NOTHING, SOURCE, TOOL, TROUBLE, Skip, environment, equal, kvmwhy,
                 main, test)

VMCS = SOURCE / "tests/corpus/lab-fail-entry-intel-rflags-6.1-intel/input"
HOST = SOURCE / "tests/cli/hosts/6.1-amd.txt"
COLOR = re.compile(r"\x1b\[[0-9;]*m")

# What precedes the pager in its answers.
PAGER = "sed s/^/page:/"

COMMANDS = {
    "explain": [CASE], "--checks": [VMCS], "msr": ["0x404", "0xfffffffffffffffe"],
    "insn": ["--mode", "64", "62 f2 7d 48 18 84 81 00 10 00 00"], "rule": [], "check": [],
    "rule EPERM": [], "check tr": [], "rule wrmsr-eperm-x2apic": [], "host": [],
}


def words(command):
    return [*command.split(), *COMMANDS[command]]


def open_terminal(columns, rows=24):
    try:
        ours, theirs = pty.openpty()
    except OSError as error:
        raise Skip(f"no pseudo-terminal to be had: {error}") from None
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    return ours, theirs


def on_terminal(*args, columns=80, stdin=None, cwd=None, **env):
    """Runs the tool on a terminal: its status, and the text that is seen there."""
    env = environment(**{"TERM": "xterm", "NO_COLOR": "1", "COLUMNS": None, "KVMWHY_PAGER": "",
                         "PAGER": None, "LESS": None, **env})
    ours, theirs = open_terminal(columns)
    seen = []

    def collect():
        try:
            while data := os.read(ours, 65536):
                seen.append(data)
        except OSError:
            pass

    with subprocess.Popen([TOOL, *args], stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                          stdout=theirs, stderr=theirs, env=env, cwd=cwd) as process:
        os.close(theirs)
        reader = threading.Thread(target=collect)
        reader.start()
        process.communicate(stdin, timeout=60)
        reader.join()
    os.close(ours)
    return process.returncode, b"".join(seen).decode().replace("\r\n", "\n")


def too_long(text, width):
    """Lines beyond the width that could have been broken: not commands, nor lines of one word."""
    return [line for line in text.splitlines()
            if len(line) > width and not line.startswith("      ") and " " in line.strip()
            and not re.match(r" +(on|off): ", line)]


@test("text is as wide as the terminal, from 60 to 120 columns")
def _(_):
    for command in COMMANDS:
        for columns, width in ((20, 60), (60, 60), (80, 80), (120, 120), (300, 120)):
            status, text = on_terminal(*words(command), columns=columns)
            assert status in (FOUND, NOTHING), (command, status, text[:500])
            equal((command, columns, too_long(text, width)), (command, columns, []))
    longest = [max(map(len, on_terminal("rule", "EPERM", columns=columns)[1].splitlines()))
               for columns in (60, 80, 120)]
    assert 50 < longest[0] <= 60 < longest[1] <= 80 < longest[2] <= 120, longest


@test("what is said does not depend on the width")
def _(_):
    for command in COMMANDS:
        if command in ("explain", "--checks", "host"):  # evidence is cut
            continue
        texts = {" ".join(on_terminal(*words(command), columns=columns)[1].split())
                 for columns in (60, 80, 120)}
        equal(len(texts), 1)


@test("without a terminal text has 100 columns, and COLUMNS sets another width but for a file")
def _(directory):
    plain = kvmwhy(CASE, env=environment(COLUMNS=None)).expect(FOUND).text()
    assert 90 < max(map(len, plain.splitlines())) <= 100, plain
    narrow = kvmwhy(CASE, env=environment(COLUMNS="60")).expect(FOUND).text()
    assert 50 < max(map(len, narrow.splitlines())) <= 60, narrow
    equal(on_terminal(CASE, columns=120, COLUMNS="60")[1], narrow)
    for odd in "", "0", "wide", "-1", "99999999999":
        equal(kvmwhy(CASE, env=environment(COLUMNS=odd)).expect(FOUND).text(), plain)
    kvmwhy(CASE, "-o", directory / "out", env=environment(COLUMNS="60")).expect(FOUND)
    equal((directory / "out").read_text(), plain)


@test("escape sequences of a log neither reach the terminal nor break the lines")
def _(directory):
    log = "\x1b[2J" + "\u00e4" * 60
    (directory / log).write_text(CASE.read_text().replace("Code=", "\x1b[3J\x9bCode="))
    status, seen = on_terminal(log, VMCS, columns=60, cwd=directory)
    equal(status, FOUND)
    assert "\x1b" not in seen and "\x9b" not in seen and "\\x1b[2J" in seen, seen
    equal(too_long(seen, 60), [])


@test("each command colours its text, on a terminal or when told so, and leaves no line coloured")
def _(_):
    for command in COMMANDS:
        if command == "insn":  # only a marked instruction stands out
            continue
        _, seen = on_terminal(*words(command), NO_COLOR=None)
        plain = on_terminal(*words(command))[1]
        assert COLOR.search(seen) and not COLOR.search(plain), command
        never = on_terminal(*words(command), "--color", "never", NO_COLOR=None)[1]
        equal((command, COLOR.search(never)), (command, None))
        assert COLOR.search(kvmwhy(*words(command), "--color", "always").text()), command
        assert not COLOR.search(kvmwhy(*words(command)).text()), command
        for line in seen.splitlines():
            codes = COLOR.findall(line)
            assert not codes or codes[-1] == "\x1b[0m", (command, line)
    assert COLOR.search(kvmwhy("insn", "--mode", "64", "90 <0f> 30", "--color", "always").text())


@test("a page of a rule has no Markdown left")
def _(_):
    for args in ([], ["--color", "always"]):
        page = kvmwhy("rule", "wrmsr-eperm-x2apic", *args).expect(FOUND).text()
        prose = "\n".join(line for line in COLOR.sub("", page).splitlines()
                          if not line.startswith("      "))
        assert not re.search(r"[`*]|\]\(|^#", prose, re.M), prose
        assert "mc-ctl-correctable-eperm" in prose and "\nWhy\n  EPERM is -1" in prose, prose
        assert "      cd /sys/kernel/tracing\n" in COLOR.sub("", page), page


@test("on a terminal an answer goes through the pager, and the status is the command's")
def _(_):
    status, seen = on_terminal(CASE, KVMWHY_PAGER=PAGER, PAGER="false")
    equal((status, seen[:10]), (FOUND, "page:WRMSR"))
    assert all(line.startswith("page:") for line in seen.splitlines()), seen
    for command in COMMANDS:
        seen = on_terminal(*words(command), PAGER=PAGER, KVMWHY_PAGER=None)[1]
        assert seen.startswith("page:"), (command, seen)
        seen = on_terminal(*words(command), "--no-pager", KVMWHY_PAGER=PAGER)[1]
        assert "page:" not in seen, command
    equal(on_terminal("msr", "0x12345678", KVMWHY_PAGER=PAGER)[0], NOTHING)
    equal(on_terminal(CASE, "/nonexistent", KVMWHY_PAGER=PAGER)[0], TROUBLE)
    equal(on_terminal(CASE, KVMWHY_PAGER="cat >/dev/null; exit 5")[0], FOUND)


@test("no pager: an empty one, cat, a dumb terminal, a pipe in or out, a file, nothing to show")
def _(directory):
    plain = on_terminal(CASE)[1]
    for env in ({"KVMWHY_PAGER": ""}, {"KVMWHY_PAGER": "cat"}, {"KVMWHY_PAGER": None, "PAGER": ""},
                {"TERM": "dumb", "KVMWHY_PAGER": PAGER}, {"TERM": None, "KVMWHY_PAGER": PAGER}):
        equal((env, on_terminal(CASE, **env)[1]), (env, plain))
    assert "page:" not in on_terminal("-", stdin=CASE.read_bytes(), KVMWHY_PAGER=PAGER)[1]
    assert "page:" not in kvmwhy(CASE, env=environment(TERM="xterm", KVMWHY_PAGER=PAGER)).text()
    equal(on_terminal(CASE, "-o", directory / "out", KVMWHY_PAGER=PAGER), (FOUND, ""))
    seen = on_terminal("rule", "nosuchword", KVMWHY_PAGER=PAGER)
    equal((seen[0], "page:" in seen[1]), (NOTHING, False))


@test("the pager is told to quit on one screen and to show colours, unless LESS says otherwise")
def _(_):
    show = 'cat >/dev/null; echo "LESS=$LESS"'
    equal(on_terminal(CASE, KVMWHY_PAGER=show)[1], "LESS=FRX\n")
    equal(on_terminal(CASE, KVMWHY_PAGER=show, LESS="M")[1], "LESS=M\n")
    assert COLOR.search(on_terminal(CASE, KVMWHY_PAGER="sed s/^//", NO_COLOR=None)[1])


@test("a reader who leaves the pager early ends the command without a word")
def _(_):
    ids = re.findall(r"^\S+", kvmwhy("rule").text(), re.M)
    status, seen = on_terminal("rule", *ids, KVMWHY_PAGER="head -n 1")
    equal((status, seen), (-signal.SIGPIPE, "watch-harmless\n"))


@test("what ends the command while the pager shows its answer waits for the pager")
def _(directory):
    gate = directory / "gate"
    os.mkfifo(gate)
    ours, theirs = open_terminal(80)
    pager = f"cat >/dev/null; echo ready; cat {gate}; echo done"
    with subprocess.Popen([TOOL, CASE], stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
                          env=environment(TERM="xterm", KVMWHY_PAGER=pager)) as process:
        os.close(theirs)
        assert os.read(ours, 100).startswith(b"ready")
        process.send_signal(signal.SIGINT)
        try:
            process.wait(0.2)
            raise AssertionError("it did not wait")
        except subprocess.TimeoutExpired:
            gate.write_text("")
        assert os.read(ours, 100).startswith(b"done")
        equal(process.wait(60), -signal.SIGINT)
    os.close(ours)


@test("where there is no less, the answer is shown without it")
def _(directory):
    for tool in "sh", "cat":
        os.symlink(shutil.which(tool), directory / tool)
    status, seen = on_terminal(CASE, KVMWHY_PAGER=None, PATH=str(directory))
    equal((status, seen), on_terminal(CASE))


main()
