# SPDX-License-Identifier: MIT
"""lab/entry_states.txt and the fields' numbers of a kernel's headers in, State out. The head of
that file says how a line is written.
"""

import dataclasses
import pathlib
import re

from .cache import Broken

FILE = pathlib.Path(__file__).resolve().parents[1] / "entry_states.txt"
MODES = ("real", "protected", "long", "linux")
ALL = (1 << 64) - 1
POKE = re.compile(r"([A-Z][A-Z0-9_]+)(\^=|\|=|&=~|&=|=)(0x[0-9a-f]+|[0-9]+)")
# The bits of a field that stay and those then inverted, to get a value.
OPERATIONS = {"^=": lambda value: (ALL, value), "|=": lambda value: (ALL & ~value, value),
              "&=": lambda value: (value, 0), "&=~": lambda value: (ALL & ~value, 0), "=": lambda value: (0, value)}
ROW = re.compile(r"^\s*([A-Z0-9_]+)\s*=\s*(0[xX][0-9a-fA-F]+),", re.M)
UNTOLD = "untold"


@dataclasses.dataclass
class State:
    """One line. refused, checks: what the manual and the judge say. known: why Bochs deviates.
    """
    name: str
    mode: str
    refused: bool
    checks: tuple
    record: bool = False
    known: str = ""
    vmm: list = dataclasses.field(default_factory=list)
    pokes: list = dataclasses.field(default_factory=list)       # (field, operator, value)
    vendor: list = dataclasses.field(default_factory=list)      # options of kvm_intel
    poke: list = dataclasses.field(default_factory=list)        # options of vmcs_poke.ko

    @property
    def can_be_untold(self):
        return UNTOLD in self.checks


def add_word(state, word):
    """One word of how the state is made."""
    poke = POKE.fullmatch(word)
    if poke:
        state.pokes.append((poke[1], poke[2], int(poke[3], 0)))
    elif word.startswith("kvm_intel."):
        state.vendor.append(word.removeprefix("kvm_intel."))
    elif word.startswith("poke."):
        state.poke.append(word.removeprefix("poke."))
    elif word.startswith("--"):
        state.vmm.append(word)
    elif "=" in word:
        state.vmm.append(f"--set={word}")
    else:
        raise ValueError(f"not understood: {word}")


def parsed(line):
    """A line as a State; ValueError says what is wrong with it."""
    line, _, known = line.partition(" ! ")
    how, colon, verdict = line.partition(" : ")
    name, mode, *words = how.split()
    verdict = verdict.split()
    if not colon or not verdict or verdict[0] not in ("refused", "entered"):
        raise ValueError("does not say: refused or entered")
    if mode not in MODES:
        raise ValueError(f"no such mode: {mode}")
    checks = tuple(word for word in verdict[1:] if word != "record")
    state = State(name, mode, verdict[0] == "refused", checks, "record" in verdict, known.strip())
    for word in words:
        add_word(state, word)
    return state


def read(path=FILE):
    """All states in the order of the file. ValueError says what is wrong with it."""
    found = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            state = parsed(line)
        except ValueError as reason:
            raise ValueError(f"{path}:{number}: {reason}") from None
        if state.name in found:
            raise ValueError(f"{path}:{number}: {state.name} is there already")
        found[state.name] = state
    return list(found.values())


def fields(kernel):
    """Field -> encoding, from enum vmcs_field of this kernel's headers."""
    headers = sorted(kernel.folder.glob("usr/src/linux-headers-*/arch/x86/include/asm/vmx.h"))
    if not headers:
        raise Broken(f"no asm/vmx.h among the headers of {kernel.release}")
    text = headers[0].read_text(encoding="utf-8")
    return {name: int(number, 16) for name, number in ROW.findall(text)}


def module_options(state, encodings):
    """The options of vmcs_poke.ko for a state."""
    options = list(state.poke)
    if (not state.refused or state.known) and not any(word.startswith("dump=") for word in options):
        options.append("dump=1")
    rows = []
    for name, operator, value in state.pokes:
        if name not in encodings:
            raise Broken(f"{state.name}: no field {name} in enum vmcs_field")
        rows.append((encodings[name], *OPERATIONS[operator](value)))
    for option, column in zip(("field", "keep", "flip"), zip(*rows)):
        options.append(f"{option}={','.join(map(hex, column))}")
    return options
