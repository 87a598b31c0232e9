# SPDX-License-Identifier: MIT
"""L1 on QEMU without an accelerator, which emulates SVM with nested paging: a kernel and an
initramfs in, a Result out."""

import re

from . import packages, process, tools
from .result import Result

# Not the machine's own QEMU, which may be older: in 7.2 an interrupt at a CMPXCHG16B found garbage
# in EFLAGS, which killed L1.
SUITE = "trixie"
PACKAGES = ("qemu-system-x86", "seabios")
LOADER = "usr/lib64/ld-linux-x86-64.so.2"
LIBRARIES = "usr/lib/x86_64-linux-gnu"
PROGRAM = "usr/bin/qemu-system-x86_64"
FIRMWARE = ("usr/share/qemu", "usr/share/seabios")
CPU = "max,+svm"
TCG = ("-accel", "tcg,thread=multi")
# Several processors run one at a time: with a thread for each, QEMU 10 occasionally lets a guest of
# L1 run off its code, on kernels without any probe or module; L1 itself has jumped to address 0, in
# 7.2 with kprobe events alone.
SEVERAL = ("-accel", "tcg,thread=single")
# Time is the instruction count: a repeated run takes the same time.
COUNTED = ("-accel", "tcg,thread=single", "-icount", "shift=1,sleep=off")
APPEND = "console=ttyS0 quiet panic=-1 mitigations=off cryptomgr.notests tsc=reliable"


def found():
    """The version of Debian's QEMU in the cache, and the words that run it with the libraries of
    its suite."""
    folder = packages.fetch(SUITE, PACKAGES)
    command = [str(folder / LOADER), "--library-path", str(folder / LIBRARIES), str(folder / PROGRAM)]
    version = re.search(r"version (\S+)", tools.output(*command, "--version").decode())
    for name in FIRMWARE:
        command += ["-L", str(folder / name)]
    return version[1] if version else "(unknown version)", command


def boot(kernel, initrd, workdir, seconds, on_line, smp, options):
    version, command = found()
    if smp > 1 and options == TCG:
        options = SEVERAL
    argv = [*command, *options, "-smp", str(smp), "-machine", "q35,vmport=off", "-nodefaults",
            "-no-user-config", "-cpu", CPU, "-m", "1024", "-display", "none", "-no-reboot",
            "-serial", "file:console", "-serial", "file:stream",
            "-kernel", str(kernel.image), "-initrd", str(initrd), "-append", APPEND]
    ran = process.run(argv, workdir, seconds, {"console": "console", "stream": "stream"}, on_line)
    return Result(how=f"QEMU {version} TCG, -cpu {CPU}", console=ran.texts["console"] + "\n".join(ran.said),
                  stream=ran.texts["stream"].splitlines(), oracle="", ended=ran.ended)
