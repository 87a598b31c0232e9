#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Completions in the shells themselves: bash, fish and zsh each offer what they should."""

import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import time

from cli import SOURCE, Skip, main, test

COMPLETIONS = SOURCE / "cli/completions"
SECONDS = 20
# What is typed, and what must be among the answers; {} is a folder with guest.log in it.
WANTED = [
    ("kvmwhy expl", "explain"),
    ("kvmwhy explain --format nd", "ndjson"),
    ("kvmwhy explain --summ", "--summary"),
    ("kvmwhy journal --si", "--since"),
    ("kvmwhy journal --until yest", "yesterday"),
    ("kvmwhy journal --file {}/gue", "guest.log"),
    ("kvmwhy rule wrmsr-eperm-x2", "wrmsr-eperm-x2apic"),
    ("kvmwhy msr IA32_MC1_CT", "IA32_MC1_CTL"),
    ("kvmwhy explain {}/gue", "guest.log"),
    ("kvmwhy record -o {}/gue", "guest.log"),
    ("kvmwhy watch --log {}/gue", "guest.log"),
    ("kvmwhy inject --errno EFAU", "EFAULT"),
]


def environment():
    tool = os.path.dirname(os.environ["KVMWHY"])
    return dict(os.environ, PATH=f"{tool}:{os.environ['PATH']}", TERM="xterm", HOME="/nonexistent",
                LC_ALL="C")


def need(shell):
    if not shutil.which(shell):
        raise Skip(f"{shell} is not installed")
    return shutil.which(shell)


def run(*command, **kwargs):
    return subprocess.run(command, capture_output=True, text=True, env=environment(),
                          timeout=SECONDS, check=False, **kwargs).stdout


def bash(typed):
    words = typed.split(" ")
    quoted = " ".join(f"'{word}'" for word in words)
    return run("bash", "--norc", "-c",
               f". '{COMPLETIONS}/kvmwhy.bash'; COMP_WORDS=({quoted}); "
               f"COMP_CWORD={len(words) - 1}; _kvmwhy; printf '%s\\n' \"${{COMPREPLY[@]}}\"")


def fish(typed):
    return run(need("fish"), "--no-config", "-c",
               f"source '{COMPLETIONS}/kvmwhy.fish'; complete -C '{typed}'")


def zsh(typed):
    """zsh completes only in its line editor: the keys go in at a terminal of its own."""
    program = need("zsh")
    try:
        leader, follower = pty.openpty()
    except OSError as error:
        raise Skip(f"no pseudo-terminal here: {error}") from error
    process = subprocess.Popen([program, "-f", "-i"], stdin=follower, stdout=follower,
                               stderr=follower, env=environment(), start_new_session=True)
    os.close(follower)
    try:
        os.write(leader, f"fpath=('{COMPLETIONS}' $fpath); autoload -Uz compinit; "
                 "compinit -u -D; PS1=; unsetopt beep; echo re''ady\n".encode())
        read_until(leader, "ready")
        os.write(leader, typed.encode() + b"\t")
        return read_until(leader, None)
    finally:
        process.kill()
        process.wait()
        os.close(leader)


def read_until(terminal, mark):
    """What comes until @mark does, or, without one, until nothing has come for a second."""
    said, late = "", time.monotonic() + SECONDS
    while time.monotonic() < late:
        if not select.select([terminal], [], [], 1 if said and mark is None else 5)[0]:
            break
        said += os.read(terminal, 65536).decode(errors="replace")
        if mark and mark in said:
            break
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x08", "", said)


def check(shell, directory):
    (pathlib.Path(directory) / "guest.log").touch()
    for typed, wanted in WANTED:
        offered = shell(typed.format(directory))
        assert wanted in offered, f"{typed}: {wanted} is not in {offered!r}"


@test("bash")
def _(directory):
    check(bash, directory)
    assert "env" in bash("kvmwhy inject --preload errno=EPERM -- en").split()


@test("fish")
def _(directory):
    check(fish, directory)


@test("zsh")
def _(directory):
    check(zsh, directory)


if __name__ == "__main__":
    main()
