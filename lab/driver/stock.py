# SPDX-License-Identifier: MIT
"""Programs of this machine for use inside L1: the stock QEMU, our own command.

Out: every file that they need.
"""

import pathlib
import re

from . import tools
from .cache import Broken, Skip

QEMU = "qemu-system-x86_64"
INJECTOR = "libkvmwhy-inject.so"
LIVE = ("kvmwhy-host", "kvmwhy-live")
LINUX = "/boot/linux"                       # where L1 has the kernel of a Linux guest
DATA = ("bios-256k.bin", "kvmvapic.bin", "linuxboot_dma.bin")


def qemu():
    return pathlib.Path(tools.path(QEMU)).resolve()


def libraries(program):
    """What the dynamic linker would load for a program, itself included."""
    told = tools.output("ldd", program).decode()
    if "not found" in told:
        raise Broken(f"ldd {program}: {told.strip()}")
    return [pathlib.Path(path) for path in re.findall(r"(/\S+) \(0x", told)]


def tool(path):
    """Path in L1 -> path here of one of our programs as /bin/NAME; its libraries are where L1 looks
    first."""
    found = {path.name: path}
    for library in libraries(path):
        is_linker = library.name.startswith("ld-linux")
        found[str(library) if is_linker else f"/lib/{library.name}"] = library
    return found


def command(path):
    """The same for the command with the programs it starts to inspect L1 itself, if built."""
    found = tool(path)
    for live in LIVE:
        if (path.parent / live).is_file():
            found |= tool(path.parent / live)
    return found


def injector(path):
    """The same for the command with libkvmwhy-inject.so, which is next to it in the build."""
    library = path.parent.parent / "preload" / INJECTOR
    if not library.is_file():
        raise Broken(f"{library} is not built: run make")
    return {**tool(path), f"/lib/{INJECTOR}": library}


def example(path, name):
    """The same for a program of examples/, which is next to the command in the build."""
    program = path.parent.parent / "examples" / name
    if not program.is_file():
        raise Broken(f"{program} is not built: run make")
    return tool(program)


def watcher(path):
    """The same for lab/watch_raw.c."""
    program = path.parent.parent / "lab" / "watch-raw"
    if not program.is_file():
        raise Broken(f"{program} is not built: run meson configure -Dlab=true build, and make")
    return tool(program)


def data_files(program):
    """The firmware that an empty PC needs, from the folders where this QEMU looks."""
    folders = [pathlib.Path(line) for line in tools.output(QEMU, "-L", "help").decode().split()]
    for name in DATA:
        found = [folder / name for folder in folders if (folder / name).exists()]
        if not found:
            raise Skip(f"no {name} for QEMU: install its firmware (Debian: seabios, qemu-system-data)")
        yield found[0]


def files():
    """Path in L1 -> path here."""
    program = qemu()
    return {str(path): path for path in [program, *libraries(program), *data_files(program)]}
