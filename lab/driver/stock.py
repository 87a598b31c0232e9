# SPDX-License-Identifier: MIT
"""The machine's own QEMU, for use inside L1: the program in, it and every file that it needs out."""

import pathlib
import re
import shutil
import subprocess

from .cache import Broken, Skip
from .emulators import QEMU

LINUX = "/boot/linux"                       # where L1 has the kernel of a Linux guest
DATA = ("bios-256k.bin", "kvmvapic.bin", "linuxboot_dma.bin")


def qemu():
    path = shutil.which(QEMU)
    if not path:
        raise Skip(f"no {QEMU}: install it (Debian: qemu-system-x86)")
    return pathlib.Path(path).resolve()


def libraries(program):
    """What the dynamic linker would load for a program, itself included."""
    run = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=False)
    if run.returncode or "not found" in run.stdout:
        raise Broken(f"ldd {program}: {(run.stderr or run.stdout).strip()}")
    return [pathlib.Path(path) for path in re.findall(r"(/\S+) \(0x", run.stdout)]


def data_files(program):
    """The firmware that a PC with nothing in it needs, from the folders where this QEMU looks."""
    run = subprocess.run([str(program), "-L", "help"], capture_output=True, text=True, check=True)
    folders = [pathlib.Path(line) for line in run.stdout.split()]
    for name in DATA:
        found = [folder / name for folder in folders if (folder / name).exists()]
        if not found:
            raise Skip(f"no {name} for QEMU: install its firmware (Debian: seabios, qemu-system-data)")
        yield found[0]


def files():
    """Path in L1 -> path here."""
    program = qemu()
    return {str(path): path for path in [program, *libraries(program), *data_files(program)]}
