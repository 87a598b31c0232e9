# SPDX-License-Identifier: MIT
"""What the tests of web/ share: the package and the page as built now, or a reason to skip."""

import os
import pathlib
import shutil
import subprocess
import sys

SOURCE = pathlib.Path(os.environ["KVMWHY_SOURCE"])
BUILD = pathlib.Path(os.environ["KVMWHY_BUILD"])
OUT = BUILD / "web"
PACKAGE = OUT / "package"
PAGE = OUT / "kvmwhy.html"
SKIP = 77


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIP)


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            skip(f"no {program} here. Run: scripts/install-deps --web")


def build():
    """Compiles what has changed; the sources of Zydis must be there, since tests use no network."""
    need("clang", "wasm-ld", "node")
    if not (OUT / "zydis/include").exists() or not (OUT / "zycore/include").exists():
        skip("the sources of Zydis are not here. Run: make web")
    made = subprocess.run([sys.executable, "-B", SOURCE / "web/build.py", BUILD, OUT], check=False,
                          capture_output=True, encoding="utf-8")
    if made.returncode and "wasi" in made.stderr and "file not found" in made.stderr:
        skip("no wasi-libc here. Run: scripts/install-deps --web")
    if made.returncode:
        sys.exit(made.stdout + made.stderr)
