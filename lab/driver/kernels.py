# SPDX-License-Identifier: MIT
"""The kernels of the lab.

In: lab/kernels.txt and a name in it. Out: a Kernel: image, modules and headers in the cache.
"""

import dataclasses
import json
import pathlib

from . import cache, debug_kernel, old_kvm, own_kernel, packages, tools

TABLE = pathlib.Path(__file__).parent.parent / "kernels.txt"
PARTS = r"linux-(image|binary|modules|headers|kbuild|base)-[0-9].*"


@dataclasses.dataclass(frozen=True)
class Row:
    """A line of kernels.txt."""

    name: str
    suite: str
    package: str
    pattern: str
    replaced: str = ""

    @property
    def is_source(self):
        """Whether it must be built: such a kernel runs only if named."""
        return self.package.startswith("linux-source-")

    @property
    def entry(self):
        """Its name in the cache."""
        name = f"kernels/{self.suite}-{self.package}-{self.pattern.rstrip('.*')}"
        return f"{name}-{debug_kernel.recipe()}" if self.is_source else name


@dataclasses.dataclass(frozen=True)
class Kernel:
    """A kernel to boot and build for.

    folder    the packages unpacked, or what was built: boot/, lib/modules/, usr/src/linux-headers-*
    release   what uname -r says; version: the Debian package's
    modules   for modprobe -d MODULES -S RELEASE; None if KVM is built in
    replaced  {"kvm": Path, "kvm-amd": Path} where modules were built anew, else {}
    """

    name: str
    suite: str
    release: str
    version: str
    folder: pathlib.Path
    image: pathlib.Path
    modules: pathlib.Path
    replaced: dict = dataclasses.field(hash=False)


OWN = {}    # name -> Kernel


def rows():
    lines = (line.split() for line in TABLE.read_text(encoding="ascii").splitlines())
    return [Row(*words) for words in lines if words and not words[0].startswith("#")]


def names():
    """The names in kernels.txt, in its order."""
    return [row.name for row in rows()]


def usual():
    """The default ones."""
    return [row.name for row in rows() if not row.is_source]


def newest():
    """The newest stock kernel."""
    return [row.name for row in rows() if not row.is_source and not row.replaced][-1]


def has(name, cpu):
    """Whether it has KVM for that processor: debug.config leaves out VMX."""
    return cpu != "intel" or name in [*usual(), own_kernel.NAME, "host"]


def use_own(image, modules):
    """From now on the kernel named own is this one; returns that name."""
    OWN[own_kernel.NAME] = Kernel(**own_kernel.fields(image, modules))
    return own_kernel.NAME


def get(name):
    """The kernel of that name; if not in the cache yet, it is downloaded and its modules
    rebuilt."""
    if name in OWN:
        return OWN[name]
    kernel = stock(name)
    if not row_of(name).replaced:
        return kernel
    return dataclasses.replace(kernel, replaced=old_kvm.build(kernel))


def row_of(name):
    for row in rows():
        if row.name == name:
            return row
    raise cache.Broken(f"no kernel {name} in {TABLE.name}: it has {', '.join(names())}")


def stock(name):
    """The kernel of that name from the distribution, or built from its source."""
    row = row_of(name)
    folder = cache.entry(row.entry, lambda half: make(half, row))
    known = json.loads((folder / "kernel.json").read_text(encoding="ascii"))
    image = folder / "boot" / f"vmlinuz-{known['release']}"
    return Kernel(name=row.name, suite=row.suite, **known, folder=folder, image=image,
                  modules=folder, replaced={})


def make(folder, row):
    """The entry, described in kernel.json."""
    known = debug_kernel.make(folder, row) if row.is_source else fetch(folder, row)
    tools.output("depmod", "-b", folder, known["release"])
    (folder / "kernel.json").write_text(json.dumps(known) + "\n", encoding="ascii")


def fetch(folder, row):
    """Image, modules and headers, fetched together: the archive drops a version without notice."""
    headers = row.package.replace("-image-", "-headers-")
    wanted = [f"{package}={row.pattern}" for package in (row.package, headers)]
    found = packages.unpack(folder, row.suite, wanted, PARTS)
    one_module_folder(folder)
    release = only(folder / "lib" / "modules", "*").name
    image = folder / "boot" / f"vmlinuz-{release}"
    if not image.exists():
        image.parent.mkdir(exist_ok=True)
        image.symlink_to(f"../lib/modules/{release}/vmlinuz")
    if not image.exists():
        raise cache.Broken(f"{row.package} of {row.suite} brought modules of {release}, no image")
    return {"release": release, "version": found[row.package]}


def one_module_folder(folder):
    """Makes lib/modules and usr/lib/modules one: kmod uses either, and so do the packages."""
    old, new = folder / "lib" / "modules", folder / "usr" / "lib" / "modules"
    if old.is_dir():
        new.parent.mkdir(parents=True, exist_ok=True)
        new.symlink_to("../../lib/modules")
    else:
        old.parent.mkdir(exist_ok=True)
        old.symlink_to("../usr/lib/modules")


def only(folder, pattern):
    """The only file matching the pattern."""
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise cache.Broken(f"{folder} has {len(found)} of {pattern}, not one")
    return found[0]
