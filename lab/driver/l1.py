# SPDX-License-Identifier: MIT
"""The initramfs of L1: a kernel's modules, files and jobs in, a file for the boot loader out; and what
L1 said on its second serial port in, what each job did out. lab/l1/init is the other side.
"""

import dataclasses
import lzma
import pathlib
import shlex
import shutil
import subprocess

from .cache import Broken, Skip

L1 = pathlib.Path(__file__).parents[1] / "l1"       # init, and programs for /bin
VENDOR = {"amd": "kvm-amd", "intel": "kvm-intel"}


@dataclasses.dataclass
class Job:
    """What L1 runs once, with KVM loaded as it says. seconds are those of L1's clock."""
    name: str
    command: list
    seconds: int = 20
    kvm: str = ""            # module options
    vendor: str = ""         # module options of kvm-amd or kvm-intel
    setup: str = ""          # shell lines of L1 before it


@dataclasses.dataclass
class Outcome:
    """What a job did. status: its exit status, 137 when it was ended for its time; None when L1 went away."""
    output: list = dataclasses.field(default_factory=list)
    dmesg: list = dataclasses.field(default_factory=list)
    status: int | None = None


def busybox():
    path = shutil.which("busybox")
    if not path:
        raise Skip("no busybox: install it, statically linked (Debian: busybox-static)")
    return path


def unpacked(module):
    if module.suffix == ".ko":
        return module.read_bytes()
    if module.suffix == ".xz":
        return lzma.decompress(module.read_bytes())
    return subprocess.run(["zstd", "-dcq", str(module)], stdout=subprocess.PIPE, check=True).stdout


def load_order(kernel, module):
    """The files that `modprobe` would load for a module, the module last."""
    run = subprocess.run(["modprobe", "-d", str(kernel.modules), "-S", kernel.release, "--show-depends", module],
                         capture_output=True, text=True, check=False)
    if run.returncode:
        raise Broken(f"{kernel.name}: {run.stderr.strip() or 'modprobe knows no ' + module}")
    words = [line.split() for line in run.stdout.splitlines()]
    return [pathlib.Path(word[1]) for word in words if word[0] == "insmod"]


def add_module(root, kernel, module):
    names = []
    for path in load_order(kernel, module):
        name = path.name.partition(".ko")[0]
        names.append(f"{name}.ko")
        target = root / "lib" / names[-1]
        if not target.exists():
            target.write_bytes(unpacked(kernel.replaced.get(name, path)))
            subprocess.run(["strip", "-g", str(target)], check=True)
    (root / "lib" / "order" / module).write_text("\n".join(names) + "\n", encoding="ascii")


def job_line(job):
    words = ["job", job.name, str(job.seconds), job.kvm, job.vendor, job.setup, *job.command]
    return shlex.join(words) + "\n"


def pack(root, initrd):
    """Not compressed: Bochs would take a minute to undo it."""
    names = "\n".join(str(path.relative_to(root)) for path in sorted(root.rglob("*"))) + "\n"
    with open(initrd, "wb") as out:
        subprocess.run(["cpio", "--quiet", "-o", "-H", "newc", "-R", "0:0"], cwd=root, input=names.encode(),
                       stdout=out, stderr=subprocess.PIPE, check=True)


def make(folder, kernel, cpu, jobs, files):
    """Writes the initramfs into a folder and returns its path. files: name in L1's /bin, or path -> path here."""
    root = folder / "root"
    for name in ("bin", "lib/order"):
        (root / name).mkdir(parents=True)
    files = {"busybox": busybox(), "stock-qemu": L1 / "stock-qemu", "/init": L1 / "init", **files}
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
    """Job name -> Outcome, from the lines of L1's stream, however early they end."""
    found, now, part = {}, None, None
    for line in stream:
        word = line.split()
        if line.startswith("@begin ") and len(word) == 2:
            now = found[word[1]] = Outcome()
            part = now.output
        elif line.startswith("@dmesg") and now:
            part = now.dmesg
        elif line.startswith("@end ") and now and len(word) == 3:
            now.status = int(word[2]) if word[2].isdigit() else None
            now = part = None
        elif part is not None:
            part.append(line[1:])
    return found
