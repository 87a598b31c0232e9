# SPDX-License-Identifier: MIT
"""Programs of this machine that the lab uses: a name in, its path or what it printed out."""

import errno
import os
import re
import shutil
import subprocess

from .cache import Broken, Skip

# Debian's package of each.
PACKAGE = {"busybox": "busybox-static", "cpio": "cpio", "ldd": "libc-bin", "modprobe": "kmod", "setpriv": "util-linux",
           "qemu-system-x86_64": "qemu-system-x86", "strip": "binutils", "zstd": "zstd"}
# The PATH of an ordinary user lacks the folders of modprobe.
PATH = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
# The kernel ends a program that is started so when the lab goes away, however it does.
WITH_US = ("--pdeathsig", "KILL", "--")


def path(name):
    found = shutil.which(name, path=PATH)
    if not found:
        raise Skip(f"no {name}: install it (Debian: {PACKAGE[name]})")
    return found


def output(name, *arguments, **options):
    """What a program prints, as bytes; Broken when it fails."""
    if "input" not in options:
        options["stdin"] = subprocess.DEVNULL
    run = subprocess.run([path(name), *map(str, arguments)], stderr=subprocess.PIPE, check=False,
                         **{"stdout": subprocess.PIPE, **options})
    if run.returncode == 0:
        return run.stdout
    said = " ".join(run.stderr.decode(errors="replace").split()) or f"status {run.returncode}"
    if re.search(os.strerror(errno.ENOSPC), said):
        raise OSError(errno.ENOSPC, f"{name}: {said[-300:]}")
    raise Broken(f"{name} failed: {said[-300:]}")
