#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The source tree in, every #include that breaks the order of the rooms out.

    check-layers.py [ROOT]

Exit status 1 if there is one. The tables below are the architecture; docs/architecture.md
explains it.
"""

import pathlib
import re
import sys

PUBLIC = "include/kvmwhy/kvmwhy.h"
VMM = "include/kvmwhy/"         # of libkvmwhy-vmm: its headers lie beside the public one
UAPI = "include/uapi/"
RULE = "lib/decode/x86/mce_rule.h"
NUMBER = "lib/base/number.h"    # inline: how a typed number is read, in everything that reads one
COLOR = "lib/base/color.h"      # the colours of a terminal, which library and command share

# What the files of a room may include beside their own: rooms, folders of headers, single headers.
# A file belongs to the room with the longest name that its path begins with. parse and decode do
# not know each other.
MAY_USE = {
    "lib/base": (),
    "lib/failure": ("lib/base",),
    "lib/parse": ("lib/base", "lib/failure", UAPI),
    "lib/decode": ("lib/base", "lib/failure", UAPI),
    "lib/check": ("lib/base", "lib/failure", "lib/decode"),
    "lib/explain": ("lib/base", "lib/failure", "lib/decode", "lib/check", UAPI),
    "lib/write": ("lib/base", "lib/failure", "lib/parse", "lib/decode", UAPI),
    "lib/render": ("lib/base", "lib/failure", "lib/decode", "lib/check", "lib/explain", UAPI),
    "lib/api": ("lib/base", "lib/failure", "lib/parse", "lib/decode", "lib/check", "lib/explain", "lib/write",
                "lib/render", PUBLIC, UAPI),
    # The machine-check rule is compiled into libkvmwhy-vmm, as it is into the kernel module.
    "vmm": (PUBLIC, VMM, UAPI, RULE, NUMBER),
    "preload": (PUBLIC, UAPI, NUMBER),
    "host/facts": (PUBLIC, UAPI),
    "host/watch": ("host/facts", PUBLIC, UAPI),
    # The command judges a specification as the injector does, and prints what host/ finds out.
    "cli": ("host/facts", "host/watch", "preload/spec.h", "preload/errnos.h", NUMBER, COLOR, PUBLIC, UAPI),
    "kmod": (UAPI, RULE),
    "lab": ("host/watch", PUBLIC, VMM, UAPI),
    "examples": (PUBLIC, VMM, UAPI),
    "bench": (),
    "tests": None,  # see everything
    # Headers that are installed stand alone.
    "include": (PUBLIC, VMM, UAPI),
}

# Written when it is built; they belong to nobody.
GENERATED = re.compile(r"^(kvm_numbers|kvmwhy\.skel|vmlinux)\.h$")

# The library does no I/O and asks nothing of the machine it runs on; decode does not allocate.
NOT_IN_LIB = re.compile(r"(unistd|fcntl|signal|locale|dirent|pthread|syslog)\.h$|sys/")
NOT_IN_DECODE = re.compile(r"(stdio|stdlib|malloc)\.h$")

SOURCE = {".c", ".h", ".def", ".S"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def includes(path):
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match[1] == '"', match[2]


def begins(name, part):
    return name == part or name.startswith(part if part.endswith("/") else part + "/")


def room_of(name):
    """The room of a path below the root: "lib/parse" of lib/parse/qemu.c, "lib/failure" of
    lib/failure.h."""
    name = re.sub(r"^lib/failure\.[ch]$", "lib/failure/", name)
    return max((room for room in MAY_USE if begins(name, room)), key=len, default=None)


def target(root, path, quoted, name):
    """The file of the tree that an #include means, as a path below the root, or None: it is the
    system's."""
    folders = ([path.parent] if quoted else []) + [root / "include", root / "lib"]
    for folder in folders:
        found = pathlib.Path(folder, name)
        if found.exists():
            return found.resolve().relative_to(root.resolve()).as_posix()
    return None


def allowed(room, used):
    """A header that is open to a room as such, or by its room."""
    return room_of(used) == room or any(begins(used, part) or room_of(used) == part for part in MAY_USE[room]) \
        and (used != PUBLIC or PUBLIC in MAY_USE[room])


def broken(root, path):
    name = path.relative_to(root).as_posix()
    room = room_of(name)
    if room is None:
        yield 1, f"{name} is in no room: name its folder in MAY_USE"
        return
    if MAY_USE[room] is None:
        return
    for number, quoted, header in includes(path):
        used = target(root, path, quoted, header)
        if used is None and quoted and not GENERATED.search(header):
            yield number, f'"{header}" is not in the tree'
        elif used is None and room.startswith("lib/") and (
                NOT_IN_LIB.search(header) or (room == "lib/decode" and NOT_IN_DECODE.search(header))):
            yield number, f"{room}/ must not use <{header}>"
        elif used is not None and not allowed(room, used):
            yield number, f"{room}/ must not use {used}"


def main(root):
    root = pathlib.Path(root)
    tops = sorted({room.split("/")[0] for room in MAY_USE})
    files = [path for top in tops for path in sorted((root / top).rglob("*"))
             if path.suffix in SOURCE and not path.is_symlink() and "corpus" not in path.parent.name]
    found = [f"{path.relative_to(root)}:{number}: {what}" for path in files for number, what in broken(root, path)]
    print("\n".join(found) or f"{len(files)} files keep to the layers")
    if not files:
        sys.exit(f"{root}: no sources")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "."))
