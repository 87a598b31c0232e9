# SPDX-License-Identifier: MIT
"""What a guest's exit costs: kernels and settings to compare in, instructions per exit out, as a
table. This module measures what kvmwhy.ko costs a WRMSR; cost_watch.py measures `kvmwhy watch`.
QEMU derives its time from the instructions it counts (-icount), so time on L1's clock is their
number, and a second run gives nearly the same result.
"""

import dataclasses
import pathlib
import re
import sys
import tempfile

from . import emulators, guests, kernels, l1, modules, qemu, scenarios
from .cache import Broken, say

EXITS = 20000
MSR = 0x402             # MC0_ADDR: KVM accepts any value and does nothing else
NS_PER_INSTRUCTION = 2      # of -icount shift=1
SECONDS = 60
BOOT_SECONDS = 240
AGREE = 0.01
OTHER_MSR = "msr_first=0x403 msr_last=0x403 probability=100 armed=1"
SAME_MSR = f"msr_first={MSR:#x} msr_last={MSR:#x} probability=0 armed=1"
COMMAND = ["vmm", "--time", "--mce-banks", "10", "--set", f"rcx={MSR:#x}", "--set", "rax=1", "--set", f"rdi={EXITS}",
           "/bin/wrmsr-loop.bin"]


@dataclasses.dataclass
class Setting:
    name: str
    what: str
    setup: str = ""


SETTINGS = [
    Setting("absent", "the module is not loaded"),
    Setting("idle", "loaded, all off", "own_module kvmwhy"),
    Setting("permit", "permit=correctable,gp", "own_module kvmwhy permit=correctable,gp"),
    Setting("report", "report=annotate", "own_module kvmwhy report=annotate"),
    Setting("inject-other", "injection armed for another MSR", f"own_module kvmwhy; inject {OTHER_MSR}"),
    Setting("inject-same", "injection armed for this MSR, probability 0", f"own_module kvmwhy; inject {SAME_MSR}"),
    Setting("all", "all of it", f"own_module kvmwhy permit=correctable,gp report=annotate; inject {SAME_MSR}"),
]


def instructions(outcome, name, guest=""):
    """Instructions of one exit; guest is the prefix of the line with the measured time."""
    output = outcome.output if outcome else []
    took = [int(found[1]) for line in output if (found := re.fullmatch(guest + r"vmm: KVM_RUN took (\d+) ns", line))]
    if not outcome or outcome.status != 0 or len(took) != 1:
        raise Broken(f"{name} was not measured; L1 said: {' | '.join(output[-3:]) or 'nothing'}")
    return took[0] / EXITS / NS_PER_INSTRUCTION


def boot(kernel, folder, jobs, files):
    """One boot of L1 for these jobs: its emulator, name of a job -> Outcome."""
    guests.build(folder)
    files = {**{path.name: path for path in folder.iterdir()}, **files}
    initrd = l1.make(folder, kernel, "amd", jobs, files)
    allowed = {f"@begin {one.name}": BOOT_SECONDS + one.seconds for one in jobs}

    def progress(line):
        if line in allowed:
            say(f"{kernel.name}: {line.removeprefix('@begin ')}")
        return allowed.get(line)

    say(f"{kernel.name}: booting {kernel.release}")
    result = emulators.boot("amd", kernel, initrd, folder, BOOT_SECONDS, progress, options=qemu.COUNTED)
    say("")
    return result.how, l1.outcomes(result.stream)


def measure(kernel, folder):
    """One boot of L1: (its emulator, name of a setting -> instructions)."""
    files = {"kvmwhy.ko": modules.build(scenarios.module_folder("kvmwhy"), kernel) / "kvmwhy.ko"}
    how, found = boot(kernel, folder, [l1.Job(one.name, COMMAND, SECONDS, setup=one.setup) for one in SETTINGS], files)
    return how, {one.name: instructions(found.get(one.name), one.name) for one in SETTINGS}


def heading(kernel, how):
    yield f"Linux {kernel.version}, {how}, {' '.join(qemu.COUNTED)}; {EXITS} exits, two boots"
    yield ""


def table(kernel, how, first, second):
    """Lines of Markdown."""
    yield from heading(kernel, how)
    yield "| setting | | instructions per exit | again | ratio |"
    yield "|---|---|--:|--:|--:|"
    for one in SETTINGS:
        mine, again = first[one.name], second[one.name]
        yield f"| `{one.name}` | {one.what} | {mine:.0f} | {again:.0f} | {mine / first['absent']:.3f} |"


def disagreements(first, second, agree=AGREE):
    for name, mine in first.items():
        apart = abs(mine - second[name]) / mine
        if apart > agree:
            yield f"{name}: the two runs are {100 * apart:.1f} % apart"


def run(names, bench=None):
    """What lab/cost does with a module that has measure() and table(), this one by default; returns
    the exit status."""
    bench, wrong = bench or sys.modules[__name__], []
    for name in names:
        kernel, runs = kernels.get(name), []
        for _ in range(2):
            with tempfile.TemporaryDirectory(prefix="kvmwhy-cost-") as folder:
                runs.append(bench.measure(kernel, pathlib.Path(folder)))
        (how, first), (_, second) = runs
        print("\n".join(bench.table(kernel, how, first, second)), end="\n\n", flush=True)
        wrong += [f"{name}: {line}" for line in disagreements(first, second, bench.AGREE)]
    if wrong:
        raise Broken("\n".join(wrong))
    return 0
