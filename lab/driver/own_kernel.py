# SPDX-License-Identifier: MIT
"""A kernel that a developer has built himself.

In: the path of a bzImage, and the folder where `make modules_install INSTALL_MOD_PATH=FOLDER` put
its modules; none if KVM is built in. Out: the fields of a Kernel.
"""

import pathlib
import struct

from .cache import Broken

NAME = "own"
# Documentation/arch/x86/boot.rst: the offset of the signature and of the pointer to the version,
# which counts from the end of the first sector.
MAGIC, MAGIC_AT, POINTER_AT, SECTOR, LONGEST = b"HdrS", 0x202, 0x20e, 0x200, 256


def release_of(image):
    """What `uname -r` of it will say."""
    with open(image, "rb") as file:
        head = file.read(POINTER_AT + 2)
        if head[MAGIC_AT:MAGIC_AT + len(MAGIC)] != MAGIC:
            raise Broken(f"{image} is no bzImage: it is arch/x86/boot/bzImage in the build folder")
        file.seek(struct.unpack_from("<H", head, POINTER_AT)[0] + SECTOR)
        version = file.read(LONGEST).split(b"\0")[0].decode("ascii", "replace")
    if not version.split():
        raise Broken(f"{image} has no version in its header")
    return version.split()[0]


def modules_of(folder, release):
    """What modprobe -d takes: the folder that has lib/modules/RELEASE."""
    folder = pathlib.Path(folder).resolve()
    inside = pathlib.Path("lib") / "modules" / release
    for base in (folder, *folder.parents):
        if base / inside == folder or base == folder:
            if (base / inside / "modules.dep").is_file():
                return base
    there = sorted(path.name for path in (folder / "lib" / "modules").glob("*")) or ["nothing"]
    raise Broken(f"{folder} has no {inside}/modules.dep, but {', '.join(there)}: "
                 f"run make modules_install INSTALL_MOD_PATH={folder}")


def fields(image, modules):
    """The fields of the Kernel."""
    image = pathlib.Path(image).resolve()
    release = release_of(image)
    base = modules_of(modules, release) if modules else None
    return {"name": NAME, "suite": "", "release": release, "version": release, "folder": image.parent,
            "image": image, "modules": base, "replaced": {}}
