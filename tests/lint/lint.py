#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs one linter over the source tree: lint.py NAME.

KVMWHY_SOURCE and KVMWHY_BUILD are the tree and its build directory. Exit status 0 if clean, 1 with
the linter's output, 77 if it is not installed. A linter's settings are in its own configuration
file, if it has one.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

import tree

SOURCE, BUILD = tree.SOURCE, pathlib.Path(os.environ["KVMWHY_BUILD"])
COLUMNS = 100
# The lines over 100 columns still allowed, by language. A number may only fall.
LONG = {"C": 0, "Python": 88, "shell": 14}
C_FILE = {".c", ".h", ".def", ".S", ".cpp"}
PRODUCT = {"cli", "examples", "host", "lib", "preload", "vmm"}
# A false positive of gcc 12: a page that a list references through the address of its last `next`.
WRONG = re.compile(r"host/watch/tracefs_ring\.c:.*leak of .<unknown>.")
# Parts of one program that busybox's sh joins when L1 runs: each uses variables of the others.
JOINED = "SC1091,SC2034,SC2154"
# Other people's words: specimens, the C library's messages in other languages.
QUOTED = ("tests/corpus/", "data/errno.tbl")
# scdoc writes .PP where mandoc expects none.
SCDOC = re.compile(r"skipping paragraph macro: PP ")


class Missing(Exception):
    """The linter is not installed."""


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Missing(f"{program} is not installed (scripts/install-deps --test)")
    return programs[0]


def name(path):
    return str(path.relative_to(SOURCE))


def interpreter(path):
    """The interpreter in the first line of a script."""
    with path.open("rb") as file:
        return file.readline(100).decode("ascii", "replace")


def language(path):
    if path.suffix in C_FILE:
        return "C"
    if path.suffix == ".py":
        return "Python"
    first = interpreter(path)
    if not first.startswith("#!"):
        return ""
    return "Python" if "python" in first else "shell" if re.search(r"\b(ba)?sh\b", first) else ""


def written_in(wanted):
    return [path for path in tree.files() if not is_quoted(path) and language(path) == wanted]


def is_quoted(path):
    return name(path).startswith(QUOTED) and path.suffix not in (".py", ".c", ".build")


def said(*command, **kwargs):
    """The lines a linter printed, with the tree's paths shortened."""
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", cwd=SOURCE, check=False, **kwargs)
    return done.returncode, done.stdout.replace(f"{SOURCE}/", "").splitlines()


def lines():
    """Tabs count as 8 columns."""
    for wanted, allowed in LONG.items():
        found = [f"{name(path)}:{number}: {columns(line)} columns"
                 for path in written_in(wanted)
                 for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
                 if columns(line) > COLUMNS]
        if len(found) > allowed:
            yield from found
            yield f"{wanted}: {len(found)} lines over {COLUMNS} columns, {allowed} are allowed"


def columns(line):
    """Columns of a line without its literals: a message in one piece can be searched for."""
    return len(re.sub(r'"(\\.|[^"\\])*"', '""', line).expandtabs(8))


def codespell():
    need("codespell")
    texts = [path for path in tree.files() if not is_quoted(path)]
    yield from said("codespell", "--ignore-words", SOURCE / "tests/lint/words", *texts)[1]


def shellcheck():
    need("shellcheck")
    scripts = written_in("shell")
    ours = [path for path in scripts if "busybox" not in interpreter(path)]
    yield from said("shellcheck", *ours)[1]
    yield from said("shellcheck", "--shell", "dash", "--severity", "warning", "--exclude", JOINED,
                    *[path for path in scripts if path not in ours])[1]


def flake8():
    need("flake8")
    yield from said("flake8", *written_in("Python"))[1]


def mandoc():
    need("mandoc")
    pages = sorted((BUILD / "man").glob("*.[1-9]"))
    assert pages, f"no man pages in {BUILD}/man"
    for page in pages:
        yield from (line for line in said("mandoc", "-T", "lint", "-W", "warning", page)[1] if not SCDOC.search(line))


def units():
    """Each C file of the product, with the command that compiles it. Tests need not check their
    allocations.
    """
    found = {}
    for unit in json.loads((BUILD / "compile_commands.json").read_text(encoding="utf-8")):
        path = pathlib.Path(unit["directory"], unit["file"]).resolve()
        if path.suffix == ".c" and SOURCE in path.parents and name(path).split("/")[0] in PRODUCT:
            found.setdefault(path, unit)
    assert found, f"{BUILD}/compile_commands.json names no file"
    return found


def parallel(check, items):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(check, items):
            yield from found


def clang_tidy():
    need("clang-tidy")

    def check(path):
        status, output = said("clang-tidy", "-p", BUILD, "--quiet", path, stdin=subprocess.DEVNULL)
        return [line for line in output if re.search(r": (warning|error): ", line)] or (output if status else [])

    yield from parallel(check, units())


def compiler(unit):
    """The words of a compile command, without those that write files or cache results."""
    words = shlex.split(unit["command"])
    while pathlib.Path(words[0]).name in ("ccache", "sccache", "distcc"):
        words = words[1:]
    for option in ("-o", "-MF", "-MQ"):
        if option in words:
            at = words.index(option)
            del words[at:at + 2]
    return [word for word in words if word != "-MD"]


def analyzer():
    found = units()
    if "Free Software Foundation" not in said(*compiler(next(iter(found.values())))[:1], "--version")[1][1]:
        raise Missing("-fanalyzer is gcc's")

    def check(unit):
        done = subprocess.run([*compiler(unit), "-fanalyzer", "-fdiagnostics-plain-output", "-o", os.devnull],
                              cwd=unit["directory"], capture_output=True, text=True, check=False)
        return [line for line in done.stderr.splitlines() if "-Wanalyzer" in line and not WRONG.search(line)]

    yield from parallel(check, found.values())


def headers():
    """A folder to build modules with: for the running kernel, else for any installed one."""
    running = pathlib.Path("/lib/modules", os.uname().release, "build")
    known = [running, *sorted(pathlib.Path("/usr/src").glob("linux-headers-*"))]
    for folder in known:
        if (folder / "Module.symvers").exists() and (folder / "scripts/mod/modpost").exists():
            return folder.resolve()
    raise Missing("no headers of a kernel (scripts/install-deps --test)")


def sparse():
    need("sparse", "make")
    kernel = headers()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder, "kmod")
        shutil.copytree(SOURCE / "kmod", work)
        status, output = said("make", "-C", kernel, f"M={work}", "C=2", "W=1", "modules")
    checked = sum("CHECK " in line for line in output)
    found = [line for line in output if re.search(r": (warning|error): ", line)]
    assert checked and not status, "\n".join(output[-20:])
    yield from found


LINTERS = {function.__name__.replace("_", "-"): function
           for function in (lines, codespell, shellcheck, flake8, mandoc, clang_tidy, analyzer, sparse)}


def main(linter):
    try:
        found = list(dict.fromkeys(LINTERS[linter]()))
    except Missing as reason:
        print(reason)
        return 77
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in LINTERS:
        sys.exit(f"usage: lint.py {' | '.join(LINTERS)}")
    sys.exit(main(sys.argv[1]))
