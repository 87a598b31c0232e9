# SPDX-License-Identifier: MIT
"""In: the lab's programs, lab/*.c, of which mca has libkvmwhy-vmm in it, and lab/guests/*.S. Out: a
folder with vmm, stress, flood, bpf_ids, mca and each guest's NAME.bin and NAME.rom.

vmm runs NAME.bin; NAME.rom is the same code as a 64 KiB BIOS, for `qemu-system-x86_64 -bios`.
"""

import pathlib
import shutil
import subprocess
import sys

from .cache import Broken, Skip

LAB = pathlib.Path(__file__).resolve().parent.parent
VMM_FLAGS = ("-std=gnu11", "-O2", "-Wall", "-Wextra", "-static")
STRESS_FLAGS = (*VMM_FLAGS, "-D_GNU_SOURCE", "-pthread", f"-I{LAB.parent / 'include'}")
MCA_FLAGS = (*VMM_FLAGS, "-D_GNU_SOURCE", f"-I{LAB.parent / 'include'}", f"-I{LAB.parent / 'lib'}")
MCA_FILES = ("lab/mca.c", "vmm/enable.c", "vmm/mca.c", "vmm/msr_filter.c", "vmm/msr_find.c", "vmm/msr_policy.c", "lib/decode/x86/mce_rule.c")
GUEST_FLAGS = ("-m32", "-nostdlib", "-nostartfiles", "-static", "-Wl,--build-id=none")
TABLES = sorted({*(LAB.parent / "data").glob("*.tbl")} - {LAB.parent / "data" / name for name in ("msr.tbl", "kvm_msr_seen.tbl")})
ROM_SIZE = 0x10000
RESET_VECTOR = 0xfff0
JUMP_TO_START = bytes((0xea, 0x00, 0x00, 0x00, 0xf0))    # ljmp $0xf000, $0


def names():
    """The known guests."""
    return sorted(path.stem for path in (LAB / "guests").glob("*.S"))


def run(command):
    """If the compiler fails, its stderr is the message."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Broken(f"{' '.join(map(str, command))}\n{done.stderr.strip()}")


def need(cc):
    """Skip without a compiler or a libc to link statically."""
    if not shutil.which(cc[0]):
        raise Skip(f"no C compiler: '{cc[0]}' is not there; on Debian: apt-get install gcc libc6-dev")
    libc = subprocess.run((*cc, "-print-file-name=libc.a"), capture_output=True, text=True,
                          check=False).stdout.strip()
    if not pathlib.Path(libc).is_absolute():
        raise Skip("no libc.a to link lab/vmm.c statically; on Debian: apt-get install libc6-dev")


def build_guest(name, folder, cc):
    """NAME.bin and NAME.rom of one guest."""
    source, script = LAB / "guests" / f"{name}.S", LAB / "guests" / "guest.ld"
    target = folder / f"{name}.bin"
    run((*cc, *GUEST_FLAGS, "-o", target, "-T", script, source))
    code = target.read_bytes()
    if not 0 < len(code) <= RESET_VECTOR:
        raise Broken(f"{source} gave {len(code)} bytes; a guest has 1 to {RESET_VECTOR}")
    rom = code.ljust(RESET_VECTOR, b"\0") + JUMP_TO_START
    (folder / f"{name}.rom").write_bytes(rom.ljust(ROM_SIZE, b"\0"))


def build(folder, cc=("cc",)):
    """Builds the programs and all guests into folder, with the words of a compiler command."""
    folder = pathlib.Path(folder)
    need(cc)
    run((sys.executable, "-B", LAB.parent / "scripts" / "gen-tables.py", "--numbers", folder / "kvm_numbers.h", *TABLES))
    run((*cc, *VMM_FLAGS, f"-I{folder}", "-o", folder / "vmm", *sorted(LAB.glob("vmm*.c"))))
    run((*cc, *STRESS_FLAGS, "-o", folder / "stress", LAB / "stress.c"))
    run((*cc, *STRESS_FLAGS, "-o", folder / "flood", LAB / "flood.c"))
    run((*cc, *VMM_FLAGS, "-o", folder / "bpf_ids", LAB / "bpf_ids.c"))
    run((*cc, *MCA_FLAGS, "-o", folder / "mca", *(LAB.parent / name for name in MCA_FILES)))
    for name in names():
        build_guest(name, folder, cc)
