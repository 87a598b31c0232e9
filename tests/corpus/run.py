#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The cases in this folder in, what has changed since they were last looked at out.

A case is a folder: `input`, what kvmwhy said of it in `expect.txt` and `expect.json`, `origin`,
where it comes from, and perhaps `never`, a line for each text that must not be in the answer,
whatever becomes of it. `rebase` writes what kvmwhy says now; the diff is for a person to read.
usage: run.py test|rebase KVMWHY [CASE...]
"""

import difflib
import json
import os
import pathlib
import subprocess
import sys

FOLDER = pathlib.Path(__file__).resolve().parent

# The answers are those for nobody's terminal.
os.environ.pop("COLUMNS", None)


def explain(kvmwhy, case, how):
    run = subprocess.run([kvmwhy, "explain", "--all", "--color", "never", "--format", how, "input"],
                         cwd=FOLDER / case, capture_output=True, check=False, encoding="utf-8")
    if run.returncode or run.stderr:
        raise SystemExit(f"{case}: exit status {run.returncode}\n{run.stderr}")
    return run.stdout


def outputs(kvmwhy, case):
    """File name and content of all that is kept; JSON is set out in lines, so that a diff can be
    read."""
    pretty = json.dumps(json.loads(explain(kvmwhy, case, "json")), indent=2, ensure_ascii=False)
    return {"expect.txt": explain(kvmwhy, case, "text"), "expect.json": pretty + "\n"}


def check_never(case, now):
    """Words that the answer in text must not have, wherever it breaks its lines."""
    path = FOLDER / case / "never"
    answer = " ".join(now["expect.txt"].split())
    for words in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        if words in answer:
            raise SystemExit(f"{case}: the answer has what it must never have: {words}")


def test(kvmwhy, case):
    if not (FOLDER / case / "origin").read_text(encoding="utf-8").strip():
        raise SystemExit(f"{case}: nobody says where it comes from")
    same, found = True, outputs(kvmwhy, case)
    check_never(case, found)
    for name, now in found.items():
        path = FOLDER / case / name
        expected = path.read_text(encoding="utf-8") if path.exists() else ""
        if now != expected:
            same = False
            sys.stdout.writelines(difflib.unified_diff(expected.splitlines(True), now.splitlines(True),
                                                       f"{case}/{name}", f"{case}/{name} now"))
    return same


def rebase(kvmwhy, case):
    found = outputs(kvmwhy, case)
    check_never(case, found)
    for name, now in found.items():
        (FOLDER / case / name).write_text(now, encoding="utf-8")
    return True


def main(arguments):
    verbs = {"test": test, "rebase": rebase}
    if len(arguments) < 2 or arguments[0] not in verbs:
        sys.exit(__doc__.strip().splitlines()[-1])
    cases = arguments[2:] or sorted(path.parent.name for path in FOLDER.glob("*/input"))
    kvmwhy = pathlib.Path(arguments[1]).resolve()
    return 0 if all([verbs[arguments[0]](kvmwhy, case) for case in cases]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
