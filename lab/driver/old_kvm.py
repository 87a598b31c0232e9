# SPDX-License-Identifier: MIT
"""KVM as it was before two fixes of May 2022, for a stock kernel that has them.

In: a Kernel. Out: {"kvm": Path, "kvm-amd": Path}, modules that load into it.
The source is the distribution's for exactly this kernel version. Reverted in set_msr_mce():
Linux commit 2368048bf5c2 ("KVM: x86: Signal #GP, not -EPERM, on bad WRMSR(MCi_CTL/STATUS)") and
Linux commit 0471a7bd1bca ("KVM: set_msr_mce: Permit guests to ignore single-bit ECC errors").
"""

import hashlib
import pathlib
import re
import shutil

from . import cache, modules, packages, tools

KVM = "arch/x86/kvm"
GENERIC = "virt/kvm"
WANTED = ("kvm", "kvm-amd")

# linux-headers has neither folder: an include path makes KVM's trace headers find the copy. -Werror
# is removed, since it assumes the distribution's compiler. kvm-intel is not needed.
OPTIONS = (f"KCPPFLAGS=-I/build/{GENERIC}", "CONFIG_KVM_WERROR=", "CONFIG_KVM_INTEL=")


def build(kernel):
    """The modules, from the cache or rebuilt (about a minute)."""
    recipe = hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest()[:12]
    folder = cache.entry(f"modules/old-kvm-{recipe}-{kernel.release}-{kernel.version}",
                         lambda half: make(half, kernel))
    return {name: folder / f"{name}.ko" for name in WANTED}


def make(folder, kernel):
    work = folder / "work"
    unpack_source(work, kernel)
    edit(work / KVM / "Makefile", find_the_copy)
    edit(work / KVM / "x86.c", refuse_as_before)
    made = {module.stem: module for module in modules.compiled(work, KVM, kernel, OPTIONS)}
    for name in WANTED:
        if name not in made:
            raise cache.Broken(f"building KVM for {kernel.release} made no {name}.ko")
        made[name].rename(folder / f"{name}.ko")
    shutil.rmtree(work)


def unpack_source(work, kernel):
    """The two folders of KVM, from the source package of the kernel's own version."""
    name = "linux-source-" + re.match(r"\d+\.\d+", kernel.version).group()
    there = work / "package"
    there.mkdir(parents=True)
    try:
        packages.unpack(there, kernel.suite, [f"{name}={kernel.version}"], keep="")
    except cache.Skip as reason:
        raise cache.Skip(f"the source of {kernel.release} cannot be had: {reason}; where the "
                         f"archive has a newer kernel, remove {kernel.folder}") from None
    cache.say(f"unpacking KVM from {name}")
    archive = there / "usr" / "src" / f"{name}.tar.xz"
    tools.output("tar", "-xf", archive, "-C", work, "--strip-components=1", f"{name}/{KVM}", f"{name}/{GENERIC}")
    shutil.rmtree(there)


def edit(path, change):
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


def find_the_copy(makefile):
    return makefile.replace("$(srctree)", "$(src)/../../..")


def refuse_as_before(source):
    """set_msr_mce() with only bit 10 exempt in MCi_CTL, and -1 for both refusals."""
    start, end = function(source, "set_msr_mce")
    head, body, tail = source[:start], source[start:end], source[end:]
    body = once(r"\(1 << 10\) \| 1\b", "(1 << 10)", body)
    for register in ("control", "status"):
        body = once(rf"(is_mci_{register}_msr\b[^;]*return )1;", r"\g<1>-1;", body)
    return head + body + tail


def function(source, name):
    """Where a function's text starts and ends."""
    found = list(re.finditer(rf"^static int {name}\(.*?^}}", source, re.MULTILINE | re.DOTALL))
    if len(found) != 1:
        raise cache.Broken(f"KVM's source has {len(found)} functions {name}, not one")
    return found[0].span()


def once(pattern, text, source):
    """The source with the only match of that pattern replaced."""
    changed, count = re.subn(pattern, text, source)
    if count != 1:
        raise cache.Broken(f"set_msr_mce() has {count} places of {pattern}, not one")
    return changed
