# SPDX-License-Identifier: MIT
"""Programs of this machine that the lab uses: a name in, its path or what it printed out."""

import errno
import os
import re
import shutil
import subprocess

from .cache import Broken, Skip

BOCHS = "bochs bochs-term bochsbios vgabios isolinux syslinux-common xorriso"
# Debian's package of each.
PACKAGE = {"apt-config": "apt", "apt-get": "apt", "bochs-bin": BOCHS, "busybox": "busybox-static", "cpio": "cpio",
           "cc": "gcc", "depmod": "kmod", "dpkg-deb": "dpkg", "ldd": "libc-bin", "modprobe": "kmod", "setpriv": "util-linux",
           "qemu-system-x86_64": "qemu-system-x86", "strip": "binutils", "tar": "tar", "trace-cmd": "trace-cmd",
           "xorriso": BOCHS, "zstd": "zstd"}
# The PATH of an ordinary user lacks the folders of modprobe.
PATH = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
# The kernel kills a program started like this when the lab ends, however it ends.
WITH_US = ("--pdeathsig", "KILL", "--")
FULL_DISK = re.compile(r"No space left on device|enough free space|Disk quota exceeded")


def path(*names):
    """The path of the first of these names that exists: one program may have several."""
    for name in names:
        found = shutil.which(name, path=PATH)
        if found:
            return found
    raise Skip(f"no {names[0]}: run scripts/install-deps --lab (Debian: {PACKAGE[names[0]]})")


def need(names):
    """Skip with all of these programs that are missing, in one line."""
    missing = [name for name in names if not shutil.which(name, path=PATH)]
    if missing:
        raise Skip(f"missing: {', '.join(missing)}. Run: scripts/install-deps "
                   f"{'--all' if 'bochs-bin' in missing else '--lab'} (Debian: "
                   f"{' '.join(dict.fromkeys(PACKAGE[name] for name in missing))})")


def reason(run):
    """Why a program failed, in its own words: apt's first error, others' last lines."""
    lines = [line.strip() for line in run.stderr.decode(errors="replace").splitlines() if line.strip()]
    errors = [line.removeprefix("E: ") for line in lines if line.startswith("E: ")]
    return errors[0] if errors else " ".join(lines)[-300:] or f"status {run.returncode}"


def output(name, *arguments, error=Broken, **options):
    """What a program prints, as bytes. If it fails, raises the error; OSError for a full disk.
    """
    if "input" not in options:
        options["stdin"] = subprocess.DEVNULL
    run = subprocess.run([path(name), *map(str, arguments)], stderr=subprocess.PIPE, check=False,
                         **{"stdout": subprocess.PIPE, **options})
    if run.returncode == 0:
        return run.stdout
    if FULL_DISK.search(run.stderr.decode(errors="replace")):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), f"{name}: {reason(run)}")
    raise error(f"{name} failed: {reason(run)}")
