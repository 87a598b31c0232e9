#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The source tree in, every #include that breaks the order of the layers out.

    check-layers.py [ROOT]

Exit status 1 if there is one. The tables below are the architecture; docs/architecture.md
explains it.
"""

import pathlib
import re
import sys

# Which stages of lib/ a stage may include, beside itself. parse and decode do not know each other.
MAY_USE = {
    "base": set(),
    "failure": {"base"},
    "parse": {"base", "failure"},
    "decode": {"base", "failure"},
    "check": {"base", "failure", "decode"},
    "explain": {"base", "failure", "decode", "check"},
    "write": {"base", "failure", "parse", "decode"},
    "render": {"base", "failure", "decode", "check", "explain"},
    "api": {"base", "failure", "parse", "decode", "check", "explain", "write", "render"},
}

# The library does no I/O and asks nothing of the machine it runs on; decode does not allocate.
NOT_IN_LIB = re.compile(r"(unistd|fcntl|signal|locale|dirent|pthread|syslog)\.h$|sys/")
NOT_IN_DECODE = re.compile(r"(stdio|stdlib|malloc)\.h$")

# These see the library as any program does.
OUTSIDE = ("cli", "host", "vmm", "preload", "examples")
PUBLIC = "kvmwhy/kvmwhy.h"

# vmm/ is a library of its own: it, and examples of it, see its headers too. The machine-check rule is compiled into it,
# as it is into the kernel module.
SEE_VMM = ("vmm", "examples")
RULE = "decode/x86/mce_rule.h"

# The command judges a specification of preload/ as the injector does, and shares its names of errnos.
SHARED = {("cli", "../preload/spec.h"), ("cli", "../preload/errnos.h"), ("vmm", RULE),
          ("host", "kvmwhy.skel.h")}

# The command prints what host/ finds out.
SHARED_FOLDERS = {("cli", "../host/facts/"), ("cli", "../host/watch/")}

SOURCE = {".c", ".h", ".def"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def includes(path):
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match[1] == '"', match[2]


def stage_of(name):
    """The stage of a path below lib/: "parse" of parse/qemu.c, "failure" of failure.h."""
    first = name.split("/")[0]
    return "failure" if "/" not in name and first.startswith("failure") else first


def broken_in_lib(lib, path):
    stage = stage_of(path.relative_to(lib).as_posix())
    if stage not in MAY_USE:
        yield 1, f"{stage} is no stage: name it in MAY_USE"
        return
    for number, quoted, name in includes(path):
        if not quoted:
            if NOT_IN_LIB.search(name) or (stage == "decode" and NOT_IN_DECODE.search(name)):
                yield number, f"{stage}/ must not use <{name}>"
            continue
        if name == PUBLIC:
            if stage != "api":
                yield number, f"{stage}/ must not use the public header"
            continue
        if not (lib / name).exists():
            if not (path.parent / name).exists():
                yield number, f'"{name}" is not in lib/'
            continue
        used = stage_of(name)
        if used != stage and used not in MAY_USE[stage]:
            yield number, f"{stage}/ must not use {used}/"


def broken_outside(root, folder, path):
    for number, quoted, name in includes(path):
        own = (path.parent / name).exists() and not name.startswith("../")
        shared = (folder, name) in SHARED or any(
            folder == used_by and name.startswith(used) and (path.parent / name).exists() for used_by, used in SHARED_FOLDERS)
        if quoted and not own and not shared:
            yield number, f'"{name}" is none of its own folder\'s; of the library only <{PUBLIC}>'
        if not quoted and name.startswith("kvmwhy/") and name != PUBLIC:
            if folder not in SEE_VMM or not (root / "include" / name).exists():
                yield number, f"<{name}> is not the public header"
        if not quoted and (root / "lib" / name).exists():
            yield number, f"<{name}> is inside the library"


def main(root):
    root = pathlib.Path(root)
    files = [(path, broken_in_lib(root / "lib", path))
             for path in sorted((root / "lib").rglob("*")) if path.suffix in SOURCE]
    files += [(path, broken_outside(root, folder, path)) for folder in OUTSIDE
              for path in sorted((root / folder).rglob("*")) if path.suffix in SOURCE]
    found = [f"{path.relative_to(root)}:{number}: {what}"
             for path, broken in files for number, what in broken]
    print("\n".join(found) or f"{len(files)} files keep to the layers")
    if not files:
        sys.exit(f"{root}: no sources")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "."))
