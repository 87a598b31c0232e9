#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scripts/install-deps: the README says the same, and each way to fail is one sentence."""

import os
import re
import shutil
import subprocess

from cli import SOURCE, equal, main, test

SCRIPT = SOURCE / "scripts/install-deps"
DISTRIBUTIONS = {"Debian, Ubuntu": ("debian", "apt install"), "Fedora": ("fedora", "dnf install"),
                 "Arch": ("arch", "pacman -S"), "Alpine": ("alpine", "apk add")}
SHELL_TOOLS = ("sh", "awk", "sort", "xargs", "uname", "find", "grep", "cat", "env", "id", "echo")


def install_deps(*args, path=None):
    env = dict(os.environ, **({"PATH": path} if path else {}))
    return subprocess.run(["/bin/sh", SCRIPT, *args], capture_output=True, text=True, env=env, timeout=60, check=False)


def printed(*args):
    done = install_deps(*args)
    equal((done.returncode, done.stderr), (0, ""))
    return done.stdout.split()


def bare_machine(directory, **programs):
    """A PATH with what the script itself uses, without a compiler, and these programs as shell
    scripts."""
    # Never through a link to a program of this machine: a name is made once.
    for name, text in programs.items():
        with open(directory / name.replace("_", "-"), "x", encoding="ascii") as program:
            program.write(f"#!/bin/sh\n{text}\n")
            os.fchmod(program.fileno(), 0o755)
    for tool in SHELL_TOOLS:
        if tool not in programs:
            (directory / tool).symlink_to(shutil.which(tool, path="/usr/bin:/bin"))
    return str(directory)


@test("the README's table has the packages of install-deps")
def _(_):
    text = (SOURCE / "README.md").read_text()
    rows = dict(re.findall(r"^\| ([\w, ]+) \| `([^`]+)` \|$", text, re.M))
    for row, (name, command) in DISTRIBUTIONS.items():
        equal(sorted(rows[row].removeprefix(command).split()), sorted(printed("--print", name)))


@test("each list has make, git and what the longer ones have more")
def _(_):
    for name, _command in DISTRIBUTIONS.values():
        lists = [set(printed(*more, "--print", name)) for more in ([], ["--test"], ["--lab"], ["--all"])]
        assert {"make", "git"} <= lists[0] < lists[1] < lists[2] <= lists[3], lists


@test("Debian's recipe asks for what the build needs and for the tests' libraries, but for what every build has")
def _(_):
    text = (SOURCE / "packaging/debian/control").read_text(encoding="utf-8")
    asked = set(re.findall(r"[\w.+-]+", re.sub(r"\(.*?\)|<.*?>|\[.*?\]", "", text.split("Build-Depends:")[1].split("Standards")[0])))
    there = {"gcc", "git", "libc6-dev", "linux-libc-dev", "make", "ninja-build", "pkg-config"}
    libraries = {name for name in printed("--test", "--print", "debian") if name.endswith("-dev")}
    equal((set(printed("--print", "debian")) | libraries) - asked - there, set())


@test("Bochs, which brings GTK along, is installed only when it is asked for")
def _(_):
    assert not {"bochs", "bochs-term"} & set(printed("--lab", "--print", "debian"))
    assert {"bochs", "bochs-term"} <= set(printed("--all", "--print", "debian"))


@test("a wrong word is a usage error")
def _(_):
    for words in (["--tests"], ["--print"], ["--print", "gentoo"], ["--test", "--lab"]):
        done = install_deps(*words)
        assert (done.returncode, done.stdout) == (2, "") and done.stderr.startswith("usage: "), (words, done)


@test("without network the last line says in one sentence what to do")
def _(directory):
    path = bare_machine(directory, apt_get="echo 'E: Unable to fetch some archives' >&2; exit 100",
                        id="echo 0", apt_cache="exit 0", dpkg="echo amd64")
    done = install_deps(path=path)
    equal(done.returncode, 1)
    last = done.stderr.splitlines()[-1]
    assert last.startswith("install-deps: apt-get could not install them. Without network, ") and " gcc " in last, done


@test("without apt-get all distributions' packages are named")
def _(directory):
    done = install_deps(path=bare_machine(directory))
    equal(done.returncode, 1)
    for words in ("dnf install", "pacman -S", "apk add"):
        assert words in done.stderr, done.stderr


main()
