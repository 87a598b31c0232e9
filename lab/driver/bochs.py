# SPDX-License-Identifier: MIT
"""L1 on Bochs, which emulates VMX: a kernel and an initramfs in, a Result out.

Bochs has no boot loader for Linux: they go onto a CD with isolinux. Its log names each check of a
failed VM entry; that is Result.oracle.
"""

import pathlib
import re
import shutil
import string
import subprocess

from . import process, tools
from .cache import Skip
from .result import Result

TEMPLATE = pathlib.Path(__file__).parents[1] / "bochsrc.in"
MODEL = "corei7_haswell_4770"
MEMORY_MIB = "512"
# Without the kernel's cipher tests L1 boots in half the time; 124 is aperfmperf, whose MSRs Bochs
# lacks and the kernel reads constantly; dumps go to the kernel's log, not to its console.
APPEND = ("console=ttyS0,115200 quiet loglevel=1 panic=-1 nokaslr mitigations=off cryptomgr.notests "
          "tsc=reliable clearcpuid=124")
ISOLINUX = f"DEFAULT l1\nPROMPT 0\nLABEL l1\n KERNEL vmlinuz\n INITRD initrd\n APPEND {APPEND}\n"

# The parts of Bochs: where distributions install them, and Debian's package.
FILES = {
    "bios.bin": ("bochsbios", ["bochs/BIOS-bochs-latest"]),
    "vga.bin": ("vgabios", ["vgabios/vgabios.bin", "bochs/VGABIOS-lgpl-latest", "bochs/VGABIOS-lgpl-latest.bin",
                            "seabios/vgabios-stdvga.bin"]),
    "isolinux.bin": ("isolinux", ["ISOLINUX/isolinux.bin", "syslinux/isolinux.bin", "syslinux/bios/isolinux.bin"]),
    "ldlinux.c32": ("syslinux-common", ["syslinux/modules/bios/ldlinux.c32", "syslinux/ldlinux.c32",
                                        "syslinux/bios/ldlinux.c32"]),
}
FOLDERS = ["/usr/share", "/usr/lib", "/usr/local/share", "/usr/local/lib"]
# Bochs with a built-in debugger, like Debian's, stops before the first instruction.
DEBUGGER = "c\nq\n"


def missing(what, package):
    return Skip(f"no {what} (Debian: {package}); Bochs needs the packages {tools.BOCHS}")


def found(name):
    package, places = FILES[name]
    for place in places:
        for folder in FOLDERS:
            path = pathlib.Path(folder, place)
            if path.is_file():
                return path
    raise missing(pathlib.Path(places[0]).name, package)


def asked(bochs):
    """The version of Bochs, and whether it has its debugger built in."""
    run = subprocess.run([bochs, "--help"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         text=True, errors="replace", check=False)
    version = re.search(r"Bochs x86 Emulator (\S+)", run.stdout)
    return version.group(1) if version else "(unknown version)", re.search(r"^ +-rc ", run.stdout, re.M)


def write_cd(folder, kernel, initrd):
    """l1.iso, with a one-line boot menu. isolinux.bin is modified in the process, hence the
    copy."""
    cd = folder / "cd" / "isolinux"
    cd.mkdir(parents=True)
    shutil.copy(found("isolinux.bin"), cd)
    shutil.copy(found("ldlinux.c32"), cd)
    (cd / "isolinux.cfg").write_text(ISOLINUX, encoding="ascii")
    tools.output("xorriso", "-as", "mkisofs", "-quiet", "-o", "l1.iso", "-b", "isolinux/isolinux.bin",
                 "-c", "isolinux/boot.cat", "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table",
                 "-graft-points", f"isolinux/vmlinuz={kernel.image.resolve()}", f"isolinux/initrd={initrd}", "cd", cwd=folder)
    shutil.rmtree(folder / "cd")


def prepare(folder, kernel, initrd, smp):
    """Fills the folder and returns Bochs's arguments."""
    for name in ("bios.bin", "vga.bin"):
        shutil.copy(found(name), folder / name)
    write_cd(folder, kernel, initrd)
    text = string.Template(TEMPLATE.read_text(encoding="ascii")).substitute(model=MODEL, memory=MEMORY_MIB, smp=smp)
    (folder / "bochsrc").write_text(text, encoding="ascii")
    (folder / "debugger").write_text(DEBUGGER, encoding="ascii")
    return ["-q", "-f", "bochsrc"]


def telling(line):
    return re.search(r"VMENTER FAIL|VMENTER: .*PDPTR|VMFAIL|VMX LoadMSRs|Error when loading guest MSR|>>PANIC<<|"
                     r"display library .* not available", line)


def boot(kernel, initrd, workdir, seconds, on_line, smp):
    """Runs L1 until it is done, dead or out of time; on_line gets each line of the stream
    immediately."""
    bochs = tools.path("bochs-bin", "bochs")
    version, debugger = asked(bochs)
    argv = [bochs, *prepare(pathlib.Path(workdir), kernel, initrd, smp), *(["-rc", "debugger"] if debugger else [])]
    ran = process.run(argv, workdir, seconds, {"console": "console", "stream": "stream"}, on_line, keep=telling,
                      terminal=True)
    if any("display library" in line for line in ran.said):
        raise missing("display library `term` for Bochs", "bochs-term")
    checks = [line for line in ran.said if ">>PANIC<<" not in line]
    panics = [line for line in ran.said if ">>PANIC<<" in line]
    return Result(how=f"Bochs {version}, {MODEL}", console="\n".join([ran.texts["console"], *panics]),
                  stream=ran.texts["stream"].splitlines(), oracle="\n".join(checks), ended=ran.ended)
