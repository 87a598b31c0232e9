# SPDX-License-Identifier: MIT
"""Kernel modules for the kernels of the lab.

In: a folder with a Kbuild file and a Kernel. Out: a folder of the cache with its *.ko.
The compiler comes from a build root of our own, entered in a user namespace: the kernels' build
tools need a newer C library than this machine may have, and root is not needed.
"""

import errno
import hashlib
import os
import pathlib
import shutil
import subprocess

from . import cache, packages

SUITE = "trixie"
COMPILER = "gcc-14"
PACKAGES = ("base-files", "bash", "coreutils", "dash", "findutils", "gawk", COMPILER, "grep",
            "libelf1t64", "make", "pahole", "perl", "sed")
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C",
               "DEB_BUILD_ARCH": "amd64", "DEB_HOST_ARCH": "amd64",
               "KBUILD_BUILD_USER": "lab", "KBUILD_BUILD_HOST": "lab"}

# sh -c ENTER sh ROOT KERNEL BUILD COMMAND...
ENTER = """
mount --rbind /proc "$1/proc"
mount --rbind /dev "$1/dev"
mount -t tmpfs tmpfs "$1/tmp"
mount --bind "$2" "$1/kernel"
mount --bind "$3" "$1/build"
root=$1
shift 3
exec chroot "$root" "$@"
"""


def build(source, kernel, include=None, options=()):
    """The folder with the modules that the Kbuild file in source makes for this kernel.

    include  a folder whose headers the compiler shall find; it is also next to the source
    options  more words for make
    """
    source = pathlib.Path(source)
    folders = [source] if include is None else [source, pathlib.Path(include)]
    key = f"{digest(folders, options)}-{kernel.release}-{kernel.version}"
    return cache.entry(f"modules/{source.name}-{key}",
                       lambda folder: make(folder, folders, kernel, options))


def digest(folders, options):
    """A short name for the contents of the folders and how they are built."""
    hashed = hashlib.sha256(repr((SUITE, PACKAGES, sorted(options))).encode())
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            content = path.read_bytes()
            hashed.update(f"{folder.name}/{path.relative_to(folder)} {len(content)}\n".encode())
            hashed.update(content)
    return hashed.hexdigest()[:12]


def make(folder, folders, kernel, options):
    work = folder / "work"
    for part in folders:
        copy(part, work / part.name)
    flags = [f"KCPPFLAGS=-I/build/{part.name}" for part in folders[1:]]
    made = compiled(work, folders[0].name, kernel, [*flags, *options])
    for module in made:
        module.rename(folder / module.name)
    shutil.rmtree(work)


def copy(folder, target):
    """copytree that reports a full disk once, not for each file."""
    try:
        shutil.copytree(folder, target)
    except shutil.Error as failed:
        if any(f"Errno {errno.ENOSPC}]" in why for _source, _target, why in failed.args[0]):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from None
        raise


def compiled(work, name, kernel, options=()):
    """The modules built from the folder work/name for this kernel, there, without debug data.

    Inside the build root work is /build.
    """
    enter = entered(kernel.folder, work)
    cache.say(f"building {name} for {kernel.release}")
    headers = f"/usr/src/linux-headers-{kernel.release}"
    code, said = run([*enter, "make", f"-j{os.cpu_count()}", "-C", headers, f"M=/build/{name}",
                      f"CC={COMPILER}", *options, "modules"])
    found = sorted((work / name).rglob("*.ko"))
    if not code and found:
        inside = [f"/build/{module.relative_to(work)}" for module in found]
        code, said = run([*enter, "strip", "--strip-debug", *inside])
    if code or not found:
        end = "\n".join(said[-20:])
        raise cache.Broken(f"building {name} for {kernel.release} failed:\n{end}")
    cache.say("")
    return found


def entered(folder, work, more=()):
    """The words that, before a command, run it in the build root with these additional packages.
    There the kernel's folder is /kernel, its headers are where they belong, and work is /build.
    """
    if not shutil.which("unshare", path=ENVIRONMENT["PATH"]):
        raise cache.Skip("unshare is missing: install util-linux")
    places = [str(path.resolve()) for path in (root(more), folder, work)]
    # Root needs no user namespace, and cannot get one inside a chroot.
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    enter = ["unshare", *user, "--mount", "--pid", "--fork", "--kill-child",
             "sh", "-ec", ENTER, "sh", *places]
    code, said = run([*enter, "true"])
    if code:
        said = said or [f"status {code}"]
        raise cache.Skip(f"the lab builds in a namespace of its own, which is refused here: {said[0]}")
    return enter


def root(more=()):
    """The build root, a cache entry; additional packages make it a different one."""
    wanted = (*PACKAGES, *more)
    key = hashlib.sha256(repr((SUITE, wanted)).encode()).hexdigest()[:12]
    return cache.entry(f"build-root/{SUITE}-{key}", lambda folder: make_root(folder, wanted))


def make_root(folder, wanted):
    """Unpacks the packages and makes the links that their maintainer scripts would."""
    packages.unpack(folder, SUITE, wanted)
    for place in ("kernel", "build"):
        (folder / place).mkdir()
    shutil.rmtree(folder / "usr" / "src", ignore_errors=True)
    (folder / "usr" / "src").symlink_to("../kernel/usr/src")
    (folder / "usr" / "bin" / "awk").symlink_to("gawk")
    (folder / "usr" / "bin" / "gcc").symlink_to(COMPILER)


def run(command):
    """The status of a command and the lines it printed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", stdin=subprocess.DEVNULL, check=False, env=ENVIRONMENT)
    return done.returncode, done.stdout.splitlines()
