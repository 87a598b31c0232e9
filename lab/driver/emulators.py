# SPDX-License-Identifier: MIT
"""What runs L1: an initramfs in, the console and the stream of L1 out, and by what it was run.

amd is QEMU without an accelerator, which emulates SVM with nested paging; intel is Bochs, which emulates
VMX. The third way, this machine's own KVM, needs no L1: machine.py.
"""

import dataclasses
import re

from . import process, tools

QEMU = "qemu-system-x86_64"
# Without cx16: an interrupt that TCG (QEMU 7.2) takes at a CMPXCHG16B finds garbage in EFLAGS, and the allocator of
# Linux 6.12 and later, which uses it, dies of that now and then.
CPU = "max,+svm,-cx16"
TCG = ("-accel", "tcg,thread=multi")
# One after the other: with a thread for each, QEMU 7.2 sends a processor to address 0 when another one has put a
# kretprobe on KVM's code, which the kernel's own kprobe events show too.
SEVERAL = ("-accel", "tcg,thread=single", "-smp")
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


def qemu_version():
    found = re.search(r"version (\S+)", tools.output(QEMU, "--version").decode())
    return found[1] if found else "(unknown version)"


def boot_amd(kernel, initrd, workdir, seconds, on_line, options=TCG):
    version = qemu_version()
    argv = [QEMU, *options, "-machine", "q35,vmport=off", "-nodefaults",
            "-no-user-config", "-cpu", CPU, "-m", "1024", "-display", "none", "-no-reboot",
            "-serial", "file:console", "-serial", "file:stream",
            "-kernel", str(kernel.image), "-initrd", str(initrd), "-append", APPEND]
    ran = process.run(argv, workdir, seconds, {"console": "console", "stream": "stream"}, on_line)
    return Result(how=f"QEMU {version} TCG, -cpu {CPU}", console=ran.texts["console"] + "\n".join(ran.said),
                  stream=ran.texts["stream"].splitlines(), oracle="", ended=ran.ended)


def boot(cpu, kernel, initrd, workdir, seconds, on_line, options=TCG):
    """Runs L1 until it is done, dead or out of time; on_line gets each line of the stream at once, and may
    return how many seconds there are from then on. options: how QEMU emulates."""
    if cpu == "amd":
        return boot_amd(kernel, initrd, workdir, seconds, on_line, options)
    from . import bochs
    return bochs.boot(kernel, initrd, workdir, seconds, on_line)
