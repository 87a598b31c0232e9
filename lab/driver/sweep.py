# SPDX-License-Identifier: MIT
"""What KVM does on RDMSR and WRMSR, for every index in data/msr.tbl: kernels and processors in,
data/kvm_msr_seen.tbl out. msr_sweep.c runs the accesses; scripts/gen-msr-seen.py knows the table.
"""

import importlib.util
import os
import pathlib
import re
import sys
import tempfile
import time

from . import emulators, guests, kernels, l1
from .cache import Broken, Skip, say

LAB = pathlib.Path(__file__).parents[1]
SOURCE = LAB / "msr_sweep.c"
TABLE = LAB.parent / "data" / "kvm_msr_seen.tbl"
CPUS = ("amd", "intel")
JOB = "sweep"
JOB_SECONDS = 1800      # of L1's clock
BOOT_SECONDS = {"amd": 300, "intel": 480}
LINE = re.compile(r"(0x[0-9a-f]{8})((?: \S+){5})")


HEAD = """\
# SPDX-License-Identifier: MIT
# What KVM was observed to do on a guest's RDMSR and WRMSR, for every index in msr.tbl.
# Written by lab/sweep, which replaces a kernel's earlier answers: do not edit.
#
# The KVM is a distribution's own, the processor below it an emulated one: where KVM passes an MSR
# on to the processor, the answer is the emulator's, and which MSRs KVM offers depends on what that
# processor has. The guest: one vCPU in real mode, CPUID as KVM_GET_SUPPORTED_CPUID gives it and
# TSC_DEADLINE, an in-kernel irqchip, the local APIC in x2APIC mode, 10 MCE banks with MCG_CTL_P, no
# MSR filter, no Xen or Hyper-V enabled by the VMM. The VM is a new one after each access that may
# have changed something.
#
#   on PROCESSOR:KERNEL VERSION EMULATOR   a kernel of lab/kernels.txt, the version of its package;
#                                          +old-kvm: with the kvm.ko of lab/old-kvm
#   INDICES READ ZERO ONE ONES SAME WHO    RDMSR; WRMSR of 0, of 1, of all ones, of what was read
#   unknown INDICES...                     all: #GP(unknown) for the read and the writes
#
# INDICES   one, FIRST..LAST, or FIRST..LAST/STEP
# WHO       has these answers: all, or PROCESSOR (all kernels of it), or PROCESSOR:KERNEL,KERNEL...
# answers   ok           done
#           #GP          KVM refuses it; a VMM with KVM_CAP_X86_USER_SPACE_MSR gets reason INVAL
#           #GP(unknown) KVM does not know the MSR: reason UNKNOWN
#           #GP(cpu)     a #GP that no VMM sees: from the processor, not from KVM
#           #DF ...      another exception
#           E...         KVM_RUN failed with this errno
#           exit:NAME    KVM_RUN returned with this exit reason
#           hang         KVM_RUN did not return
#           -            not tried, as nothing could be read"""


def script(name):
    """A generator from scripts/, whose table reader is also used here."""
    path = LAB.parent / "scripts" / name
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem.replace("-", "_"), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


seen = script("gen-msr-seen.py")


def indices():
    """All indices in data/msr.tbl, ascending."""
    msrs = script("gen-msr.py").load([str(LAB.parent / "data" / "msr.tbl")])
    return sorted({index for msr in msrs for index, _number in msr.indices()})


def build(folder):
    """The program that runs the accesses, for L1."""
    guests.need(("cc",))
    program = folder / "msr_sweep"
    guests.run(("cc", *guests.VMM_FLAGS, "-D_GNU_SOURCE", "-o", program, SOURCE))
    return program


def answers_of(outcome, asked):
    """Index -> its answers. All or nothing: a table with holes would look like one without."""
    output = outcome.output if outcome else []
    lines = [LINE.fullmatch(line) for line in output]
    found = {int(line[1], 16): tuple(line[2].split()) for line in lines if line}
    if not outcome or outcome.status != 0 or sorted(found) != asked:
        last = output[-1] if output else "nothing"
        raise Broken(f"{len(found)} of {len(asked)} MSRs answered; the last line was: {last}")
    return found


def boot(kernel, cpu, asked, folder):
    """One boot of L1: (its emulator, the answers)."""
    wanted = folder / "indices"
    wanted.write_text("".join(f"{index:08x}\n" for index in asked), encoding="ascii")
    # KVM logs unknown MSRs: on the console that takes longer than the sweep.
    job = l1.Job(name=JOB, command=["msr_sweep", "/bin/indices"], seconds=JOB_SECONDS,
                 setup="dmesg -n 1")
    files = {"msr_sweep": build(folder), "indices": wanted}
    initrd = l1.make(folder, kernel, cpu, [job], files)
    count = 0

    def progress(line):
        nonlocal count
        count += line.startswith(" 0x")
        if count % 16 == 0:
            say(f"{kernel.name} {cpu}: {count} of {len(asked)} MSRs")

    say(f"{kernel.name} {cpu}: booting {kernel.release}")
    result = emulators.boot(cpu, kernel, initrd, folder, BOOT_SECONDS[cpu], progress)
    try:
        return result.how, answers_of(l1.outcomes(result.stream).get(JOB), asked)
    except Broken as reason:
        end = " | ".join(result.console.splitlines()[-3:])
        raise Broken(f"{reason} ({result.ended}; the console ends: {end})") from None


def sweep(name, cpu, asked):
    """Tries one kernel: (what the table says about it, its answers)."""
    kernel = kernels.get(name)
    version = kernel.version + ("+old-kvm" if kernel.replaced else "")
    with tempfile.TemporaryDirectory(prefix="kvmwhy-sweep-") as folder:
        how, answers = boot(kernel, cpu, asked, pathlib.Path(folder))
    return seen.Kernel(cpu, name, version, how), answers


def text_of(indices_of_row):
    first, last, stride = indices_of_row
    text = f"{first:#010x}" + (f"..{last:#010x}" if last > first else "")
    return text + (f"/{stride}" if stride > 1 else "")


def who_of(row, table):
    """The shortest notation for the kernels of a row."""
    if len(row.kernels) == len(table.kernels):
        return "all"
    words = []
    for cpu in CPUS:
        mine = [key for key in table.kernels if key[0] == cpu]
        here = [key for key in row.kernels if key[0] == cpu]
        if here:
            words.append(cpu if here == mine else f"{cpu}:{','.join(name for _, name in here)}")
    return " ".join(words)


def in_order(table):
    """The same table, its kernels in the order of kernels.txt."""
    order = kernels.names()

    def rank(key):
        cpu, name = key
        return CPUS.index(cpu), order.index(name) if name in order else len(order)

    kept = seen.Table()
    for key in sorted(table.kernels, key=rank):
        kept.put(table.kernels[key], table.answers[key])
    return kept


def lines_of(table):
    """The table as text."""
    yield HEAD
    yield ""
    for kernel in table.kernels.values():
        yield f"on {kernel.cpu}:{kernel.name} {kernel.version} {kernel.how}"
    yield ""
    unknown = []
    for row in table.rows():
        who = who_of(row, table)
        if who == "all" and row.answers == seen.UNKNOWN:
            unknown.append(text_of(row[:3]))
            continue
        answers = "".join(f"{word:12} " for word in row.answers)
        yield f"{text_of(row[:3]):25} {answers}{who}"
    yield ""
    for first in range(0, len(unknown), 4):
        yield " ".join(["unknown", *unknown[first:first + 4]])


def write(table, path):
    """The table, whole or not at all."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        half.write_text("\n".join(lines_of(in_order(table))) + "\n", encoding="ascii")
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def failures(kernel, answers):
    """Lines about answers that no guest should be able to get."""
    bad = re.compile(r"E[A-Z0-9]+|errno:\d+|hang")
    for index, words in sorted(answers.items()):
        for attempt, word in zip(seen.TRIES, words):
            if bad.fullmatch(word):
                yield f"{index:#010x} {attempt}: {word} on {kernel.cpu}:{kernel.name}"


def each(names, cpus, asked, table):
    """Sweeps each kernel on each processor; yields (status word, line about it)."""
    for cpu in cpus:
        for name in names:
            since = time.monotonic()
            try:
                kernel, answers = sweep(name, cpu, asked)
            except (Skip, Broken) as reason:
                say("")
                state = "skipped" if isinstance(reason, Skip) else "broken"
                yield state, f"not swept {name} {cpu}: {reason}"
                continue
            table.put(kernel, answers)
            say("")
            took = f"{len(answers)} MSRs in {time.monotonic() - since:.1f} s"
            yield "swept", f"swept {name} {cpu}: {took}, {kernel.how}, Linux {kernel.version}"
            for line in failures(kernel, answers):
                yield "note", f"  {line}"


def run(names, cpus, path):
    """What lab/sweep does; returns its exit status. The table is written after each kernel."""
    asked = indices()
    try:
        table = seen.read(path) if path.exists() else seen.Table()
    except seen.Refused as reason:
        raise Broken(str(reason)) from None
    states = set()
    for state, line in each(names or kernels.usual(), cpus or CPUS, asked, table):
        states.add(state)
        print(line, flush=True)
        if state == "swept":
            write(table, path)
    if "broken" in states:
        return 1
    return 0 if "swept" in states else 77
