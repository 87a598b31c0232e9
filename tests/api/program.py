# SPDX-License-Identifier: MIT
"""Compiles a program against the public header and the shared library alone, as a user would."""

import os
import shlex
import shutil
import subprocess

from cli import SANITIZERS, SOURCE, Skip

LIBRARY = os.environ["KVMWHY_LIBRARY"]
CC = shlex.split(os.environ["KVMWHY_CC"])
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def cxx():
    """A C++ compiler: CXX, else whatever the machine has."""
    for name in filter(None, (os.environ.get("CXX"), "c++", "g++", "clang++")):
        words = shlex.split(name)
        if shutil.which(words[0]):
            return words
    raise Skip("no C++ compiler")


def compile_only(compiler, source):
    """Compiles @source as strictly as @compiler can; fails with the compiler's output."""
    run([*compiler, *STRICT, "-fsyntax-only", "-I", SOURCE / "include", source])


def build(source, program, compiler=None, standard="c99"):
    """Like `cc FILE $(pkg-config --cflags --libs libkvmwhy)`, with the library of this build."""
    sanitize = [f"-fsanitize={SANITIZERS}"] if SANITIZERS else []
    run([*(compiler or CC), *sanitize, *STRICT, f"-std={standard}", "-I", SOURCE / "include",
         "-o", program, source, LIBRARY, f"-Wl,-rpath,{os.path.dirname(LIBRARY)}"])


def build_rust(source, program):
    """Like `rustc --edition 2021 FILE -lkvmwhy`, with the library of this build."""
    rustc = shlex.split(os.environ.get("RUSTC", "rustc"))
    if not shutil.which(rustc[0]):
        raise Skip("no rustc")
    if SANITIZERS:
        raise Skip("rustc does not link this build's sanitizers")
    version = run([*rustc, "--version"])
    if tuple(map(int, version.split()[1].split(".")[:2])) < (1, 77):
        raise Skip(f"{version.strip()}: C string literals came with 1.77")
    folder = os.path.dirname(LIBRARY)
    run([*rustc, "--edition", "2021", "-D", "warnings", "-L", folder, "-l", "kvmwhy",
         "-C", f"link-arg=-Wl,-rpath,{folder}", "-o", program, source])


def run(args, **kwargs):
    done = subprocess.run(args, capture_output=True, text=True, check=False, timeout=100, **kwargs)
    assert done.returncode == 0, f"{shlex.join(map(str, args))}\n{done.stdout}{done.stderr}"
    return done.stdout
