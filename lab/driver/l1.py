# SPDX-License-Identifier: MIT
"""The initramfs of L1: a kernel's modules, files and jobs in, a file for the boot loader out; and
what L1 said on its second serial port in, what each job did out. lab/l1/init is the other side.
"""

import dataclasses
import lzma
import pathlib
import re
import shlex
import shutil

from . import tools
from .cache import Skip

L1 = pathlib.Path(__file__).parents[1] / "l1"       # init, and programs for /bin
VENDOR = {"amd": "kvm-amd", "intel": "kvm-intel"}


@dataclasses.dataclass
class Job:
    """What L1 runs once, with KVM loaded accordingly. seconds are on L1's clock."""
    name: str
    command: list
    seconds: int = 20
    kvm: str = ""            # module options
    vendor: str = ""         # module options of kvm-amd or kvm-intel
    setup: str = ""          # shell lines of L1 before it


@dataclasses.dataclass
class Outcome:
    """What a job did. status: its exit status, a signal's if it ran out of time; None if L1
    ended."""
    output: list = dataclasses.field(default_factory=list)
    dmesg: list = dataclasses.field(default_factory=list)
    status: int | None = None


def busybox():
    path = pathlib.Path(tools.path("busybox"))
    if b"/ld-linux" in path.read_bytes():
        raise Skip("busybox is not linked statically (Debian: busybox-static)")
    return path


def unpacked(module):
    if module.suffix == ".ko":
        return module.read_bytes()
    if module.suffix == ".xz":
        return lzma.decompress(module.read_bytes())
    return tools.output("zstd", "-dcq", module)


def load_order(kernel, module):
    """The files that `modprobe` would load for a module, the module last."""
    if kernel.modules is None:
        return []
    told = tools.output("modprobe", "-d", kernel.modules, "-S", kernel.release, "--show-depends", module)
    words = [line.split() for line in told.decode().splitlines()]
    return [pathlib.Path(word[1]) for word in words if word[0] == "insmod"]


def add_module(root, kernel, module):
    names = []
    for path in load_order(kernel, module):
        name = path.name.partition(".ko")[0]
        names.append(f"{name}.ko")
        target = root / "lib" / names[-1]
        if not target.exists():
            target.write_bytes(unpacked(kernel.replaced.get(name, path)))
            tools.output("strip", "-g", target)
    (root / "lib" / "order" / module).write_text("\n".join(names) + "\n", encoding="ascii")


def job_line(job):
    words = ["job", job.name, str(job.seconds), job.kvm, job.vendor, job.setup, *job.command]
    return shlex.join(words) + "\n"


def pack(root, initrd):
    """Not compressed: Bochs would take a minute to decompress it."""
    names = "\n".join(str(path.relative_to(root)) for path in sorted(root.rglob("*"))) + "\n"
    with open(initrd, "wb") as out:
        tools.output("cpio", "--quiet", "-o", "-H", "newc", "-R", "0:0", cwd=root, input=names.encode(), stdout=out)


def make(folder, kernel, cpu, jobs, files):
    """Writes the initramfs into a folder and returns its path.

    files: name in L1's /bin, or path -> path here.
    """
    root = folder / "root"
    for name in ("bin", "lib/order"):
        (root / name).mkdir(parents=True)
    files = {"busybox": busybox(), **{path.name: path for path in L1.iterdir()}, "/init": L1 / "init", **files}
    for name, path in files.items():
        target = root / "bin" / name if "/" not in name else root / name.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    add_module(root, kernel, VENDOR[cpu])
    (root / "lib" / "vendor").write_text(VENDOR[cpu] + "\n", encoding="ascii")
    (root / "jobs").write_text("".join(map(job_line, jobs)), encoding="utf-8")
    initrd = folder / "initrd"
    pack(root, initrd)
    shutil.rmtree(root)
    return initrd


def outcomes(stream):
    """Job name -> Outcome, from the lines of L1's stream, even if it ends early."""
    found, job, part = {}, None, None
    for line in stream:
        begin, end = re.fullmatch(r"@begin (\S+)", line), re.fullmatch(r"@end (\S+) ([0-9]{1,3})", line)
        if begin:
            job = begin[1]
            part = found.setdefault(job, Outcome()).output
        elif line == "@dmesg" and job:
            part = found[job].dmesg
        elif end and end[1] == job:
            found[job].status, job, part = int(end[2]), None, None
        elif line and part is not None:
            part.append(line.removeprefix(" "))
    return found
