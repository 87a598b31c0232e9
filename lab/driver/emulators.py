# SPDX-License-Identifier: MIT
"""What runs L1: an initramfs in, the console and the stream of L1 out, and by what it was run.

amd is QEMU without an accelerator, which emulates SVM with nested paging; intel is Bochs, which emulates
VMX. The third way, this machine's own KVM, needs no L1: machine.py.
"""

import dataclasses
import re

from . import packages, process, tools

# Not the machine's own QEMU, which may be older: in 7.2 an interrupt taken at a CMPXCHG16B found garbage in EFLAGS,
# and L1 died of it.
SUITE = "trixie"
PACKAGES = ("qemu-system-x86", "seabios")
LOADER = "usr/lib64/ld-linux-x86-64.so.2"
LIBRARIES = "usr/lib/x86_64-linux-gnu"
PROGRAM = "usr/bin/qemu-system-x86_64"
FIRMWARE = ("usr/share/qemu", "usr/share/seabios")
CPU = "max,+svm"
TCG = ("-accel", "tcg,thread=multi")
# Several processors run one after the other: with a thread for each, a guest of L1 runs off its code now and then, in
# QEMU 10, on kernels without any probe or module; L1 itself has gone to address 0, in 7.2 by kprobe events alone.
SEVERAL = ("-accel", "tcg,thread=single")
# Time is the count of the instructions: what takes so long takes as long again.
COUNTED = ("-accel", "tcg,thread=single", "-icount", "shift=1,sleep=off")
APPEND = "console=ttyS0 quiet panic=-1 mitigations=off cryptomgr.notests tsc=reliable"


@dataclasses.dataclass
class Result:
    """What came back from one boot. ended: done, timeout, died, flood; process.py has what they mean."""
    how: str                # emulator, its version, the model of the processor
    console: str            # the kernel's console
    stream: list            # the lines of the second serial port: l1.py has the format
    oracle: str             # what the emulator itself said of failed VM-entry checks
    ended: str


def qemu():
    """The version of Debian's QEMU in the cache, and the words that run it with the libraries of its suite."""
    folder = packages.fetch(SUITE, PACKAGES)
    command = [str(folder / LOADER), "--library-path", str(folder / LIBRARIES), str(folder / PROGRAM)]
    found = re.search(r"version (\S+)", tools.output(*command, "--version").decode())
    for name in FIRMWARE:
        command += ["-L", str(folder / name)]
    return found[1] if found else "(unknown version)", command


def boot_amd(kernel, initrd, workdir, seconds, on_line, smp, options):
    version, command = qemu()
    if smp > 1 and options == TCG:
        options = SEVERAL
    argv = [*command, *options, "-smp", str(smp), "-machine", "q35,vmport=off", "-nodefaults",
            "-no-user-config", "-cpu", CPU, "-m", "1024", "-display", "none", "-no-reboot",
            "-serial", "file:console", "-serial", "file:stream",
            "-kernel", str(kernel.image), "-initrd", str(initrd), "-append", APPEND]
    ran = process.run(argv, workdir, seconds, {"console": "console", "stream": "stream"}, on_line)
    return Result(how=f"QEMU {version} TCG, -cpu {CPU}", console=ran.texts["console"] + "\n".join(ran.said),
                  stream=ran.texts["stream"].splitlines(), oracle="", ended=ran.ended)


def boot(cpu, kernel, initrd, workdir, seconds, on_line, smp=1, options=TCG):
    """Runs L1 until it is done, dead or out of time; on_line gets each line of the stream at once, and may
    return how many seconds there are from then on. smp: processors. options: how QEMU emulates."""
    if cpu == "amd":
        return boot_amd(kernel, initrd, workdir, seconds, on_line, smp, options)
    from . import bochs
    return bochs.boot(kernel, initrd, workdir, seconds, on_line, smp)
