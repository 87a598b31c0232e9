#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The library compiles for a machine without Linux's headers and numbers: WebAssembly with WASI."""

import os
import pathlib
import shutil
import subprocess

from cli import SOURCE, Skip, main, test
from program import LIBRARY

BUILD = pathlib.Path(LIBRARY).parent
DATA = BUILD.parent / "data"
# Only the decoder comes from the host, whose other headers must not be found.
HOST = [pathlib.Path("/usr/include") / name for name in ("Zydis", "Zycore")]
FLAGS = ["--target=wasm32-wasi", "-std=gnu11", "-D_GNU_SOURCE", '-DKW_VERSION="0"', "-fsyntax-only", "-Wall", "-Werror"]


def clang():
    program = shutil.which("clang")
    if not program:
        raise Skip("no clang")
    done = subprocess.run([program, *FLAGS, "-x", "c", "-"], input=b"#include <stdio.h>\n#include <stdlib.h>\n",
                          capture_output=True, check=False, timeout=60)
    if done.returncode:
        raise Skip("clang has no C library for wasm32-wasi (Debian: wasi-libc)")
    missing = [str(path) for path in HOST if not path.is_dir()]
    if missing:
        raise Skip(f"not there: {' '.join(missing)}")
    return program


@test("every file of the library compiles for wasm32-wasi without a warning")
def _(directory):
    program = clang()
    for path in HOST:
        (directory / path.name).symlink_to(path)
    paths = sorted([*(SOURCE / "lib").rglob("*.c"), *BUILD.glob("*.c"), *DATA.glob("*.c")])
    assert len(paths) > 80, paths
    folders = [SOURCE / "lib", SOURCE / "include", BUILD, DATA, SOURCE / "data"]
    done = subprocess.run([program, *FLAGS, *(f"-I{folder}" for folder in folders), "-isystem", directory, *paths],
                          capture_output=True, text=True, check=False, timeout=100, env={**os.environ, "LC_ALL": "C"})
    assert done.returncode == 0, done.stderr


main()
