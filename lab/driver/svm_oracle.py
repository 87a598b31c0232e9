# SPDX-License-Identifier: MIT
"""Do QEMU's VMRUN and kvmwhy refuse the same states? lab/svm_states.txt in, a verdict for each
state out. svm_oracle.S tries them in QEMU. kvmwhy gets the same VMCB as a dump_vmcb: as VMRUN found
it, since what QEMU leaves in a refused VMCB is partly the host's state.
"""

import dataclasses
import pathlib
import re
import tempfile

from . import guests, judge, process, qemu
from .cache import Broken

LAB = guests.LAB
STATES = LAB / "svm_states.txt"
SOURCE = LAB / "svm_oracle.S"
# A dump_vmcb of Linux 7: each number is replaced.
FORM = LAB.parent / "tests/corpus/lab-fail-entry-amd-cs-l-d-7-amd/input"
CC_FLAGS = ("-m64", "-nostdlib", "-static", "-Wl,--build-id=none", "-Wl,-Ttext=0x100000", "-Wl,--oformat=binary",
            "-Wl,-n", "-Wl,-z,norelro")
SECONDS = 60
REFUSED = (1 << 64) - 1

# AMD APM vol. 2, "VMCB Layout": where the fields are, by their names in the dump, and their sizes
# in bytes.
CONTROL = {
    "cr_read": (0x000, 2), "cr_write": (0x002, 2), "dr_read": (0x004, 2), "dr_write": (0x006, 2),
    "exceptions": (0x008, 4), "intercepts_3": (0x00c, 4), "intercepts_4": (0x010, 4), "iopm_base_pa": (0x040, 8),
    "msrpm_base_pa": (0x048, 8), "tsc_offset": (0x050, 8), "asid": (0x058, 4), "tlb_ctl": (0x05c, 1),
    "int_ctl": (0x060, 4), "int_vector": (0x064, 4), "int_state": (0x068, 4), "exit_code": (0x070, 8),
    "exit_info1": (0x078, 8), "exit_info2": (0x080, 8), "exit_int_info": (0x088, 4), "exit_int_info_err": (0x08c, 4),
    "nested_ctl": (0x090, 8), "avic_vapic_bar": (0x098, 8), "ghcb": (0x0a0, 8), "event_inj": (0x0a8, 4),
    "event_inj_err": (0x0ac, 4), "nested_cr3": (0x0b0, 8), "virt_ext": (0x0b8, 8), "next_rip": (0x0c8, 8),
    "avic_backing_page": (0x0e0, 8), "avic_logical_id": (0x0f0, 8), "avic_physical_id": (0x0f8, 8),
    "vmsa_pa": (0x108, 8), "allowed_sev_features": (0x138, 8), "guest_sev_features": (0x140, 8),
}
SEGMENTS = ("es", "cs", "ss", "ds", "fs", "gs", "gdtr", "ldtr", "idtr", "tr")
PARTS = {"s": (0, 2), "a": (2, 2), "l": (4, 4), "b": (8, 8)}
SAVED = {
    "vmpl": (0x4ca, 1), "cpl": (0x4cb, 1), "efer": (0x4d0, 8), "cr4": (0x548, 8), "cr3": (0x550, 8), "cr0": (0x558, 8),
    "dr7": (0x560, 8), "dr6": (0x568, 8), "rflags": (0x570, 8), "rip": (0x578, 8), "rsp": (0x5d8, 8),
    "s_cet": (0x5e0, 8), "ssp": (0x5e8, 8), "isst_addr": (0x5f0, 8), "rax": (0x5f8, 8), "star": (0x600, 8),
    "lstar": (0x608, 8), "cstar": (0x610, 8), "sfmask": (0x618, 8), "kernel_gs_base": (0x620, 8),
    "sysenter_cs": (0x628, 8), "sysenter_esp": (0x630, 8), "sysenter_eip": (0x638, 8), "cr2": (0x640, 8),
    "gpat": (0x668, 8), "dbgctl": (0x670, 8), "br_from": (0x678, 8), "br_to": (0x680, 8), "excp_from": (0x688, 8),
    "excp_to": (0x690, 8),
}
FIELDS = {**CONTROL, **SAVED, **{f"{segment}.{part}": (0x400 + 16 * number + at, size)
                                 for number, segment in enumerate(SEGMENTS) for part, (at, size) in PARTS.items()}}
NAME_NOW = {"misc_ctl": "nested_ctl", "misc_ctl2": "virt_ext"}      # as Linux 7 spells them
NUMBER = re.compile(r"(\b\w+)(:\s*)([0-9a-f]+)\b")
INTERCEPTS = re.compile(r"(intercepts:\s+)\w+ \w+")
SEGMENT = re.compile(rf"\b({'|'.join(SEGMENTS)}):(?=\s+s:)")
DECIMAL = ("asid", "tlb_ctl", "nested_ctl", "virt_ext", "vmpl", "cpl")


@dataclasses.dataclass
class Change:
    field: str
    flips: bool
    value: int


@dataclasses.dataclass
class State:
    """broken, untold: ids of checks.

    why: the reason why QEMU and kvmwhy differ, "" if they do not.
    """
    name: str
    changes: list
    broken: set
    untold: set
    why: str


@dataclasses.dataclass
class Verdict:
    """wrong: what differs from the state, "" if nothing."""
    state: State
    exit_code: int
    broken: set
    word: str
    wrong: str


def change(text):
    """`field=value` or `field^bit`."""
    found = re.fullmatch(r"([\w.]+)([=^])(\w+)", text)
    if not found or found[1] not in FIELDS:
        raise ValueError(f"not a change: {text}")
    number = int(found[3], 0)
    return Change(found[1], found[2] == "^", 1 << number if found[2] == "^" else number)


def parts(text):
    return [] if text == "-" else text.split(",")


def read(path=STATES):
    """The states in the file. ValueError names an invalid line."""
    states = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        columns = line.split(None, 3)
        if len(columns) < 3:
            raise ValueError(f"{path.name}:{number}: name, changes and what is expected are needed")
        try:
            changes = [change(one) for one in parts(columns[1])]
        except ValueError as reason:
            raise ValueError(f"{path.name}:{number}: {reason}") from None
        checks = parts(columns[2])
        states.append(State(columns[0], changes, {one for one in checks if not one.startswith("?")},
                            {one[1:] for one in checks if one.startswith("?")}, "".join(columns[3:])))
    return states


def as_data(states):
    """The states as svm_oracle.S reads them."""
    for state in states:
        yield f"\t.quad\t{len(state.changes)}"
        for one in state.changes:
            offset, size = FIELDS[one.field]
            yield f"\t.quad\t{offset:#x}, {size}, {int(one.flips)}, {one.value:#x}"


def ask_qemu(states, folder):
    """(QEMU's version, the valid VMCB, the exit code for each state)."""
    (folder / "svm_states.inc").write_text("\n".join(as_data(states)) + "\n", encoding="ascii")
    guests.run(("cc", *CC_FLAGS, f"-Wa,-I{folder}", "-o", folder / "svm_oracle", SOURCE))
    version, command = qemu.found()
    argv = [*command, *qemu.TCG, "-nodefaults", "-no-user-config", "-cpu", qemu.CPU, "-m", "64",
            "-display", "none", "-no-reboot", "-serial", "file:stream", "-kernel", str(folder / "svm_oracle")]
    ran = process.run(argv, folder, SECONDS, {"stream": "stream"}, lambda line: None)
    vmcb, codes = bytearray(0x1000), []
    for words in map(str.split, ran.texts["stream"].splitlines()):
        if words[:1] == ["vmcb"]:
            offset = int(words[1], 16)
            vmcb[offset:offset + 8] = int(words[2], 16).to_bytes(8, "little")
        elif words[:1] == ["exit"]:
            codes.append(int(words[1], 16))
    if ran.ended != "done" or len(codes) != len(states):
        raise Broken(f"QEMU had to answer for {len(states)} states and did for {len(codes)}: {judge.ENDED[ran.ended]}"
                     f" {' '.join(ran.said[-3:])}")
    return version, vmcb, codes


def get(vmcb, field):
    offset, size = FIELDS[field]
    return int.from_bytes(vmcb[offset:offset + size], "little")


def put(vmcb, field, value):
    offset, size = FIELDS[field]
    vmcb[offset:offset + size] = value.to_bytes(size, "little")


def changed(vmcb, state, exit_code):
    """The VMCB of a state, with VMRUN's exit code."""
    own = bytearray(vmcb)
    for one in state.changes:
        put(own, one.field, one.value ^ (get(own, one.field) if one.flips else 0))
    put(own, "exit_code", exit_code)
    return own


def dumped_line(line, vmcb):
    """One line of the form, with the numbers of a VMCB."""
    segment = SEGMENT.search(line)

    def number(found):
        name = f"{segment[1]}.{found[1]}" if segment else NAME_NOW.get(found[1], found[1])
        if name not in FIELDS:
            return found[0]
        value = get(vmcb, name)
        return f"{found[1]}{found[2]}{value if name in DECIMAL else format(value, f'0{len(found[3])}x')}"

    line = INTERCEPTS.sub(rf"\g<1>{get(vmcb, 'intercepts_3'):08x} {get(vmcb, 'intercepts_4'):08x}", line)
    return NUMBER.sub(number, line)


def dump(vmcb):
    """The dump_vmcb of a VMCB, as Linux 7 prints it."""
    lines = [line for line in FORM.read_text(encoding="utf-8").splitlines() if "kvm_amd: " in line]
    return "\n".join(dumped_line(line, vmcb) for line in lines) + "\n"


def ids(checks):
    return {check["id"] for check in checks}


def ask_kvmwhy(text):
    """(broken checks, undecided checks)."""
    explained = judge.explained(text)
    if len(explained) != 1 or "cannot_tell" not in explained[0].get("entry_checks", {}):
        raise Broken(f"kvmwhy explain did not judge this dump_vmcb:\n{text}")
    checks = explained[0]["entry_checks"]
    return ids(checks["broken"]), ids(checks["cannot_tell"])


def judged(state, exit_code, broken, untold):
    """Compares both answers, and kvmwhy's with what is expected."""
    refused, wrong = exit_code == REFUSED, []
    if broken != state.broken:
        wrong.append(f"broken is expected: {' '.join(sorted(state.broken)) or 'nothing'}")
    if state.untold - untold:
        wrong.append(f"expected to be undecided: {' '.join(sorted(state.untold - untold))}")
    if state.untold and not broken:
        word = "cannot tell"
    else:
        word = "agree" if refused == bool(broken) else "differ"
    if (word == "differ") != bool(state.why):
        wrong.append("no reason is given for that" if word == "differ" else f"they are said to differ: {state.why}")
    return Verdict(state, exit_code, broken, word, "; ".join(wrong))


def verdicts(states):
    """(QEMU's version, a verdict for each state)."""
    with tempfile.TemporaryDirectory(prefix="kvmwhy-svm-") as folder:
        version, vmcb, codes = ask_qemu(states, pathlib.Path(folder))
    return version, [judged(state, code, *ask_kvmwhy(dump(changed(vmcb, state, code))))
                     for state, code in zip(states, codes)]


def table(version, found):
    """Lines of Markdown."""
    yield f"QEMU {version} TCG, -cpu {qemu.CPU}; {len(found)} states"
    yield ""
    yield "| state | QEMU's exit code | broken by kvmwhy | |"
    yield "|---|--:|---|---|"
    for one in found:
        code = "VMEXIT_INVALID" if one.exit_code == REFUSED else f"{one.exit_code:#x}"
        why = f"{one.word}: {one.state.why}" if one.state.why else one.word
        yield f"| {one.state.name} | {code} | {' '.join(sorted(one.broken)) or '-'} | {why} |"
    words = [one.word for one in found]
    yield ""
    yield ", ".join(f"{words.count(word)} {word}" for word in ("agree", "cannot tell", "differ"))


def run():
    """What lab/svm-oracle does; returns its exit status."""
    judge.need_tool()
    version, found = verdicts(read())
    print("\n".join(table(version, found)), flush=True)
    wrong = [f"{one.state.name}: {one.wrong}" for one in found if one.wrong]
    if wrong:
        raise Broken("\n".join(wrong))
    return 0
