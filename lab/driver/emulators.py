# SPDX-License-Identifier: MIT
"""What runs L1, by processor vendor: amd is QEMU, intel is Bochs. The third way, this
machine's own KVM, needs no L1: machine.py.
"""

from . import bochs, qemu


def boot(cpu, kernel, initrd, workdir, seconds, on_line, smp=1, options=qemu.TCG):
    """Runs L1 until it is done, dead or out of time; on_line gets each line of the stream
    immediately, and may return how many seconds are left from then on. smp: processors. options:
    how QEMU emulates."""
    if cpu == "amd":
        return qemu.boot(kernel, initrd, workdir, seconds, on_line, smp, options)
    return bochs.boot(kernel, initrd, workdir, seconds, on_line, smp)
