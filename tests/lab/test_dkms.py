#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""DKMS builds and installs the module, as shipped in Debian's package, for kernels of the lab:
Debian 12's DKMS for its kernel, Debian 13's for its backports kernel. All of it inside the lab's
build root."""

import re
import shutil

from lab import PROJECT, Skip, equal, main, test

from driver import cache, kernels, modules, packages

KMOD = PROJECT / "kmod"
SOURCE = "kvmwhy-0.1.0"
# What packaging/debian/rules and dh_dkms take from kmod/.
PATTERNS = ("Kbuild", "Makefile", "dkms.conf", "*.c", "*.h")
# The compilers that Debian's headers want; the build root has its own.
COMPILERS = ("gcc-10", "gcc-12")
EXCLUDED = 77


def version(path, pattern):
    return re.search(pattern, (PROJECT / path).read_text(encoding="utf-8"), re.M)[1]


@test("the version of the module's package is that of the release, everywhere")
def _(_):
    release = version("meson.build", r"version : '(.*?)'")
    equal(version("kmod/dkms.conf", r'PACKAGE_VERSION="(.*)"'), release)
    equal(version("packaging/debian/changelog", r"^kvmwhy \((.*)-"), release)
    equal(SOURCE, f"kvmwhy-{release}")


def prepare(work, suite):
    """What will be /build: DKMS, the module's source, empty trees, and names for the compiler."""
    shutil.copytree(packages.fetch(suite, ("dkms",), keep=""), work / "dkms", symlinks=True)
    for name in ("source/" + SOURCE, "tree", "modules", "bin"):
        (work / name).mkdir(parents=True)
    for pattern in PATTERNS:
        for path in KMOD.glob(pattern):
            shutil.copy(path, work / "source" / SOURCE)
    for name in COMPILERS:
        (work / "bin" / name).symlink_to(f"/usr/bin/{modules.COMPILER}")


def ready(work, name):
    """The kernel, and the words before DKMS's."""
    try:
        kernel = kernels.get(name)
        prepare(work, modules.SUITE if kernel.suite.startswith(modules.SUITE) else kernel.suite)
        enter = modules.entered(kernel.folder, work)
    except cache.Skip as reason:
        raise Skip(str(reason)) from None
    (work / "modules" / kernel.release).mkdir()
    path = f"PATH=/build/bin:{modules.ENVIRONMENT['PATH']}"
    return kernel, [*enter, "env", path, "bash", "/build/dkms/usr/sbin/dkms"]


def dkms(command, verb, release, headers, status=0):
    code, said = modules.run([*command, verb, SOURCE.replace("-", "/"), "--dkmstree", "/build/tree",
                              "--sourcetree", "/build/source", "--installtree", "/build/modules",
                              "--kernelsourcedir", f"/usr/src/linux-headers-{headers}",
                              "-k", release, "-a", "x86_64", "--no-depmod"])
    text = "\n".join(said)
    assert code == status, f"dkms {verb} for {release}: status {code}, not {status}; said:\n{text}"
    return text


def log(work):
    """The end of the compiler's output, for a failure message."""
    return "\n".join(line for path in (work / "tree").rglob("make.log")
                     for line in path.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])


def life(work, name):
    kernel, command = ready(work, name)
    release = kernel.release
    dkms(command, "add", release, release)
    dkms(command, "build", "4.19.0-27-amd64", release, status=EXCLUDED)
    try:
        dkms(command, "build", release, release)
    except AssertionError as failed:
        raise AssertionError(f"{failed}\n{log(work)}") from None
    dkms(command, "install", release, release)
    assert ": installed" in dkms(command, "status", release, release)
    module = work / "modules" / release / "updates" / "dkms" / "kvmwhy.ko"
    assert f"vermagic={release} ".encode() in module.read_bytes(), f"{module} is for another kernel"
    dkms(command, "remove", release, release)
    assert not module.exists(), f"{module} is left"


@test("6.1, the DKMS of Debian 12: a kernel that is too old is refused; built, installed, removed")
def _(directory):
    life(directory, "6.1")


@test("7, the DKMS of Debian 13: the same")
def _(directory):
    life(directory, "7")


main()
