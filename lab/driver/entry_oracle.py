# SPDX-License-Identifier: MIT
"""Guest states in, what Bochs and `kvmwhy explain` say about each out: one Row per state.
vmcs_poke.ko changes the VMCS before an entry and makes Bochs log a line that no entry causes, so
that the lines after it belong to this state.
"""

import dataclasses
import fnmatch
import pathlib
import re
import tempfile

from . import emulators, entry_states, guests, judge, kernels, l1, modules, stock
from .cache import Broken, say

CPU = "intel"
MODULE = guests.LAB / "vmcs_poke"
OPTIONS = "dump_invalid_vmcs=1"
SECONDS = {"linux": 60}         # of L1's clock; others have few
FEW_SECONDS = 4
# Time for a boot, and for a state on top of its limit on L1's clock: an L1 that is silent for
# longer hangs.
BOOT_SECONDS = 300
SLOWNESS = 6
LINUX = "6.1"
QEMU = ("-machine", "pc", "-cpu", "host", "-m", "64", "-nodefaults", "-monitor", "none", "-kernel", stock.LINUX,
        "-append", "panic=-1 console=ttyS0 quiet")

MARK = re.compile(r"VMFAIL: VMCLEAR with invalid physical address")
SAID = re.compile(r"^\d+\w?\[[^]]*\] *")         # what Bochs puts before each line
OURS = re.compile(r"vmcs_poke: ")
MARKED = re.compile(r"vmcs_poke: marked")
REFUSED = re.compile(r"^KVM: entry failed, hardware error (0x[0-9a-f]+)", re.M)
DUMP = re.compile(r"\*\*\* Guest State \*\*\*")


@dataclasses.dataclass
class Row:
    """The outcome of a state. error: KVM's hardware error, "" if the guest entered; None if it was
    not tried. broken: what the judge called broken, None if it was not asked."""
    state: entry_states.State
    record: str
    error: str | None
    said: str = ""
    broken: tuple | None = None
    dumps: int = 0

    @property
    def verdict(self):
        """agree, known (Bochs deviates, and the file says why), open (the judge was not asked), or
        what is wrong."""
        bochs, judged = fault_of_bochs(self), fault_of_judge(self)
        if bochs and not self.state.known:
            return bochs
        if judged:
            return judged
        if self.broken is None:
            return "open"
        return "known" if bochs else "agree"


def fault_of_bochs(row):
    if row.error is None:
        return "not tried"
    if bool(row.error) != row.state.refused:
        return "refused" if row.error else "entered"
    return "" if row.dumps else "no dump"


def fault_of_judge(row):
    """The first check of a state is the one Bochs names; the others are broken along with it."""
    if row.broken is None:
        return ""
    if not row.state.refused:
        return "false alarm" if row.broken else ""
    if not row.broken:
        return "" if row.state.can_be_untold else "missed"
    if not all(any(fnmatch.fnmatchcase(one, check) for check in row.state.checks) for one in row.broken):
        return "another check"
    return "" if row.state.checks[0] in row.broken else "missed"


def command(state):
    if state.mode == "linux":
        return ["stock-qemu", str(stock.qemu()), *QEMU]
    return ["vmm", "--mode", state.mode, *state.vmm, "/bin/halt.bin"]


def job(state, encodings):
    options = " ".join(entry_states.module_options(state, encodings))
    return l1.Job(name=state.name, command=command(state), seconds=SECONDS.get(state.mode, FEW_SECONDS),
                  vendor=" ".join([OPTIONS, *sorted(state.vendor)]), setup=f"own_module vmcs_poke {options}")


def files_for(states, kernel, folder):
    """Name in L1 -> path here."""
    guests.build(folder)
    files = {name: folder / name for name in ("vmm", "halt.bin")}
    files["vmcs_poke.ko"] = modules.build(MODULE, kernel) / "vmcs_poke.ko"
    if any(state.mode == "linux" for state in states):
        files.update(stock.files())
        files[stock.LINUX] = kernels.get(LINUX).image
    return files


def boot(kernel, states, folder):
    """One boot of L1 with a job for each state, those with the same options of kvm_intel
    together."""
    encodings = entry_states.fields(kernel)
    jobs = sorted((job(state, encodings) for state in states), key=lambda one: one.vendor)
    programs = folder / "programs"
    programs.mkdir()
    initrd = l1.make(folder, kernel, CPU, jobs, files_for(states, kernel, programs))

    allowed = {f"@begin {one.name}": BOOT_SECONDS + SLOWNESS * one.seconds for one in jobs}

    def progress(line):
        if line in allowed:
            say(f"{kernel.name}: {line.removeprefix('@begin ')}")
        return allowed.get(line)

    say(f"{kernel.name}: booting {kernel.release}")
    result = emulators.boot(CPU, kernel, initrd, folder, BOOT_SECONDS, progress)
    say("")
    return jobs, result, l1.outcomes(result.stream)


def sentences(oracle):
    """What Bochs said after each mark: a list of lists."""
    found = []
    for line in oracle.splitlines():
        if MARK.search(line):
            found.append([])
        elif found:
            found[-1].append(SAID.sub("", line))
    return found


def said_of(jobs, outcomes, oracle):
    """Job name -> what Bochs said about it."""
    marked = [one.name for one in jobs
              if one.name in outcomes and any(map(MARKED.search, outcomes[one.name].dmesg))]
    found = sentences(oracle)
    died = any(outcome.status is None for outcome in outcomes.values())     # its log never arrived
    if len(found) - len(marked) not in (0, died):
        raise Broken(f"Bochs has {len(found)} marks of {len(marked)} guests: its lines cannot be told apart")
    return {name: "; ".join(lines) for name, lines in zip(marked, found)}


def record_of(outcome):
    """What the VMM and the kernel said, without the lab's module."""
    lines = judge.record_of(outcome).splitlines(keepends=True)
    return "".join(line for line in lines if not OURS.search(line))


def row_of(state, outcome, said):
    """said: None if the module did not reach an entry."""
    if outcome is None or outcome.status is None or said is None:
        return Row(state, record_of(outcome) if outcome else "", None)
    record = record_of(outcome)
    refused = REFUSED.search(record)
    return Row(state, record, refused[1] if refused else "", said, dumps=len(DUMP.findall(record)))


def broken_checks(record):
    """What the judge calls broken in a record; None if this kvmwhy does not judge entries."""
    asked = [failure["entry_checks"] for failure in judge.explained(record) if "entry_checks" in failure]
    return tuple(check["id"] for checks in asked for check in checks["broken"]) if asked else None


def tried(kernel, states):
    """Boots L1 until every state was tried, except those it did not survive: yields (result, jobs,
    outcomes)."""
    left = states
    while left:
        with tempfile.TemporaryDirectory(prefix="kvmwhy-entry-") as folder:
            jobs, result, outcomes = boot(kernel, left, pathlib.Path(folder))
        if not outcomes:
            raise Broken("\n".join([f"L1 did not reach the first state: {result.ended}",
                                    *judge.tail("its console", result.console)]))
        yield result, jobs, outcomes
        left = [state for state in left if state.name not in outcomes]


def rows(name, states):
    """All states on one kernel: (how they were run, their rows in the order of the file)."""
    kernel, done, said = kernels.get(name), {}, {}
    for result, jobs, outcomes in tried(kernel, states):
        done.update(outcomes)
        said.update(said_of(jobs, outcomes, result.oracle))
    found = [row_of(state, done.get(state.name), said.get(state.name)) for state in states]
    for row in found:
        if row.dumps:
            row.broken = broken_checks(row.record)
    return f"{result.how}, Linux {kernel.version}", found
