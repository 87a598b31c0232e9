# SPDX-License-Identifier: MIT
"""What `kvmwhy watch` costs an exit that does not fail, compared with `trace-cmd record -e kvm`: a
kernel in; instructions per exit for each kind of exit and each way of watching out, and the memory
that watching takes. lab/l1/costed is the other side.
"""

import pathlib
import re

from . import cost, judge, l1, stock, tools
from .cache import Skip

AGREE = 0.03            # trace-cmd's recorder runs at its own times: 2 %; the others agree within 0.1 %
SECONDS = 120
WAYS = {"absent": "nobody looks", "bpf": "watch, BPF at the exit of functions", "bpf-kprobe": "watch, BPF at kprobes",
        "bpf-tracepoint": "watch, BPF at KVM's trace events", "tracefs": "watch, a tracefs instance", "trace-cmd": "trace-cmd record -e kvm"}
EXITS = {"wrmsr": "WRMSR", "cpuid": "CPUID", "io": "port I/O", "hlt": "HLT"}
MEMORY_NAMES = ("VmRSS", "VmHWM", "VmLck", "BPF maps", "trace buffers")
MEMORY = re.compile(rf"({'|'.join(MEMORY_NAMES)}) (\d+) kB")


def trace_cmd():
    """Path in L1 -> path here; nothing, and why, if it is not installed."""
    try:
        return stock.tool(pathlib.Path(tools.path("trace-cmd"))), ""
    except Skip as reason:
        return {}, str(reason)


def memory_of(outcome, way):
    """What costed reported, in kB: name -> number."""
    lines = [line.removeprefix(f"{way}: ") for line in outcome.output]
    return {found[1]: int(found[2]) for line in lines if (found := MEMORY.fullmatch(line))}


def cannot(outcome, way):
    """What watch said if it cannot see failures this way on this kernel."""
    lines = [line.removeprefix(f"{way} said: kvmwhy: ") for line in outcome.output if line.startswith(f"{way} said: ")]
    watches = any(line.startswith("watching") for line in lines)
    return "" if watches or way in ("absent", "trace-cmd") else " ".join(lines)


class Measured(dict):
    """"KIND WAY" -> instructions. memory: way -> what memory_of() says; left_out: way -> why."""
    def __init__(self):
        super().__init__()
        self.memory, self.left_out = {}, {}

    def add(self, way, outcome):
        why = cannot(outcome, way) if outcome else ""
        if why:
            self.left_out[way] = why
            return
        for kind in EXITS:
            self[f"{kind} {way}"] = cost.instructions(outcome, f"{kind} with {way}", f"{kind}: ")
        self.memory[way] = memory_of(outcome, way)


def measure(kernel, folder):
    """One boot of L1: (its emulator, Measured)."""
    recorder, missing = trace_cmd()
    ways = [way for way in WAYS if way != "trace-cmd" or recorder]
    jobs = [l1.Job(way, ["costed", way, str(cost.EXITS)], SECONDS) for way in ways]
    how, found = cost.boot(kernel, folder, jobs, {**recorder, **stock.command(judge.need_tool())})
    measured = Measured()
    if missing:
        measured.left_out["trace-cmd"] = missing
    for way in ways:
        measured.add(way, found.get(way))
    return how, measured


def row(way, first, second):
    cells = []
    for kind in EXITS:
        key = f"{kind} {way}"
        ratio = first[key] / first[f"{kind} absent"]
        cells.append(f"{first[key]:.0f}, {second[key]:.0f} ({ratio:.3f})")
    return f"| {WAYS[way]} | {' | '.join(cells)} |"


def memory_row(way, memory):
    return f"| {WAYS[way]} | {' | '.join(str(memory.get(name, '-')) for name in MEMORY_NAMES)} |"


def table(kernel, how, first, second):
    """Lines of Markdown: instructions per exit, the same again, and the ratio to not watching; then
    memory in kB."""
    yield from cost.heading(kernel, how)
    yield "| | " + " | ".join(EXITS.values()) + " |"
    yield "|---|" + "--:|" * len(EXITS)
    yield from (row(way, first, second) for way in first.memory)
    yield ""
    yield "| kB | " + " | ".join(MEMORY_NAMES) + " |"
    yield "|---|" + "--:|" * len(MEMORY_NAMES)
    yield from (memory_row(way, memory) for way, memory in first.memory.items() if memory)
    for way, why in first.left_out.items():
        yield ""
        yield f"{WAYS[way]}: not measured. {why}"
