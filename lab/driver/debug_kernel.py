# SPDX-License-Identifier: MIT
"""A kernel with lockdep and KASAN: the distribution's source, built with lab/debug.config.

In: a row of kernels.txt that names a linux-source. Out: a folder laid out like a stock kernel's in
kernels.py: boot/, lib/modules/, usr/src/linux-headers-RELEASE with what building a module reads.
"""

import hashlib
import os
import pathlib
import shutil

from . import cache, modules, packages, tools

OPTIONS = pathlib.Path(__file__).parent.parent / "debug.config"
TOOLS = ("bc", "bison", "diffutils", "flex", "gzip", "libc6-dev", "libelf-dev")
HEADERS = (".config", "Module.symvers", "Makefile", "arch/x86/Makefile*", "arch/x86/include",
           "include", "scripts", "tools/objtool/objtool")
LEFT_OUT = shutil.ignore_patterns("*.o", "*.a")


def recipe():
    """A short name for how it is built. The kernel's release, which names its modules' folder, also
    contains it.
    """
    how = (OPTIONS.read_text(encoding="ascii"), modules.SUITE, modules.PACKAGES, TOOLS)
    return hashlib.sha256(repr(how).encode() + pathlib.Path(__file__).read_bytes()).hexdigest()[:8]


def make(folder, row):
    """Fills the folder; returns the kernel's release and the version of its source."""
    work = folder / "work"
    version = unpack_source(work, row)
    shutil.copy(OPTIONS, work)
    enter = modules.entered(folder, work, TOOLS)
    cache.say(f"building {row.name} from {row.package}: some minutes")
    build(enter, f"KCONFIG_ALLCONFIG=/build/{OPTIONS.name}", "allnoconfig")
    check(OPTIONS.read_text(encoding="ascii"), (work / ".config").read_text(encoding="ascii"))
    build(enter, "bzImage", "modules")
    build(enter, "INSTALL_MOD_PATH=/kernel", "modules_install")
    release = (work / "include/config/kernel.release").read_text(encoding="ascii").strip()
    keep(work, folder, release)
    shutil.rmtree(work)
    cache.say("")
    return {"release": release, "version": version}


def unpack_source(work, row):
    there = work / "package"
    there.mkdir(parents=True)
    found = packages.unpack(there, row.suite, [f"{row.package}={row.pattern}"], keep="")
    cache.say(f"unpacking {row.package}")
    archive = there / "usr" / "src" / f"{row.package}.tar.xz"
    tools.output("tar", "-xf", archive, "-C", work, "--strip-components=1")
    shutil.rmtree(there)
    return found[row.package]


def build(enter, *words):
    code, said = modules.run([*enter, "make", f"-j{os.cpu_count()}", "-C", "/build",
                              f"CC={modules.COMPILER}", f"HOSTCC={modules.COMPILER}",
                              f"LOCALVERSION=-debug-{recipe()}", *words])
    if code:
        end = "\n".join(said[-20:])
        raise cache.Broken(f"make {words[-1]} of the kernel failed:\n{end}")


def check(asked, config):
    """Kconfig silently drops what it does not know and what has unmet dependencies."""
    refused = sorted(set(settings(asked)) - set(settings(config)))
    if refused:
        raise cache.Broken(f"Kconfig dropped {', '.join(refused)}: see lab/{OPTIONS.name}")


def settings(config):
    return [line for line in config.splitlines() if line.startswith("CONFIG_")]


def keep(work, folder, release):
    """The image, and the parts of the source that building a module reads."""
    (folder / "boot").mkdir()
    (work / "arch/x86/boot/bzImage").rename(folder / "boot" / f"vmlinuz-{release}")
    headers = folder / "usr" / "src" / f"linux-headers-{release}"
    for path in (path for pattern in HEADERS for path in work.glob(pattern)):
        target = headers / path.relative_to(work)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.copytree(path, target, symlinks=True, ignore=LEFT_OUT)
        else:
            shutil.copy2(path, target)
    for link in ("build", "source"):
        (folder / "lib" / "modules" / release / link).unlink(missing_ok=True)
