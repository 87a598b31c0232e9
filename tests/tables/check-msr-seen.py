# SPDX-License-Identifier: MIT
"""data/kvm_msr_seen.tbl in; what is wrong with it or its reader out: the table is what lab/sweep
would write from it, and wrong tables are rejected. What was not swept yet is reported, but is not a
fault.
"""

import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "lab"))
from driver import sweep  # noqa: E402

ON = "on amd:6.1 6.1.1-1 an emulator\n"
GOOD = "0x00000010 ok ok ok ok ok all\n"
REFUSED = {
    "a row of a kernel that no line names": "0x00000010 ok ok ok ok ok amd:6.1\n",
    "a second answer": ON + GOOD + "0x00000010..0x00000011 ok ok ok ok ok amd\n",
    "an index that is known and unknown": ON + GOOD + "unknown 0x00000010\n",
    "a word that is no answer": ON + "0x00000010 ok ok fine ok ok all\n",
    "a column too few": ON + "0x00000010 ok ok ok ok all\n",
    "a range that misses its end": ON + "0x00000010..0x00000013/2 ok ok ok ok ok all\n",
    "a range backwards": ON + "0x00000013..0x00000010 ok ok ok ok ok all\n",
    "an index that is no number": ON + "16 ok ok ok ok ok all\n",
    "a kernel twice": ON + ON,
    "no version": "on amd:6.1\n",
}
RUNS = [[3], [1, 2, 3], [0, 4, 8, 12, 13], [0, 1, 4, 5, 8, 9, 12, 13], list(range(0, 40, 2))]


def is_refused(folder, text):
    path = folder / "wrong.tbl"
    path.write_text(text, encoding="ascii")
    try:
        sweep.seen.read(path)
    except sweep.seen.Refused:
        return True
    return False


def faults(folder):
    table = sweep.seen.read(sweep.TABLE)
    again = folder / "again.tbl"
    sweep.write(table, again)
    if again.read_bytes() != sweep.TABLE.read_bytes():
        yield f"{sweep.TABLE.name} is not what lab/sweep writes: was it edited?"
    for what, text in REFUSED.items():
        if not is_refused(folder, text):
            yield f"{what} is not refused"
    for where in RUNS:
        runs = sweep.seen.runs(where, (1, 2, 4))
        found = sorted(i for first, last, stride in runs for i in range(first, last + 1, stride))
        if found != where:
            yield f"the runs of {where} are {found}"


def main():
    with tempfile.TemporaryDirectory() as folder:
        wrong = list(faults(pathlib.Path(folder)))
    for line in wrong:
        print(line)
    asked = set(sweep.indices())
    table = sweep.seen.read(sweep.TABLE)
    for (cpu, name), answers in table.answers.items():
        lacking = len(asked - set(answers))
        hint = f", {lacking} of msr.tbl not tried: run lab/sweep" if lacking else ""
        print(f"{cpu}:{name}: {len(answers)} MSRs{hint}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
