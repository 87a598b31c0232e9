# SPDX-License-Identifier: MIT
"""What a scenario must show and what it did show in, what was missed out."""

import dataclasses
import json
import os
import pathlib
import re
import subprocess

from .cache import Broken

PROJECT = pathlib.Path(__file__).resolve().parents[2]


@dataclasses.dataclass
class Verdict:
    """state: seen, missed, skipped. why: a line for each thing that was missed, or why it was skipped."""
    scenario: str
    kernel: str
    cpu: str
    state: str
    why: list = dataclasses.field(default_factory=list)
    how: str = ""
    record: str = ""


def tool():
    """The kvmwhy of this tree; another one by the environment variable KVMWHY. None when it was not built."""
    path = pathlib.Path(os.environ.get("KVMWHY") or PROJECT / "build" / "cli" / "kvmwhy")
    return path.resolve() if path.is_file() else None


def explained(record):
    """What `kvmwhy explain` makes of a record: a list of failures as in docs/kvmwhy.schema.json."""
    kvmwhy = tool()
    if not kvmwhy:
        raise Broken("kvmwhy is not built: run make, or set KVMWHY to its path")
    run = subprocess.run([kvmwhy, "explain", "--all", "--format", "json"], input=record.encode(),
                         capture_output=True, check=False)
    if run.returncode > 1:
        raise Broken(f"kvmwhy explain ended with {run.returncode}: {run.stderr.decode(errors='replace').strip()}")
    return json.loads(run.stdout or b"[]")


def missed_findings(record, wanted):
    if not wanted:
        return []
    found = {finding["id"] for failure in explained(record) for finding in failure.get("findings", [])}
    return [f"kvmwhy explain has no finding {name}; it has: {' '.join(sorted(found)) or 'none'}"
            for name in wanted if name not in found]


def missed_texts(text, scenario, *variants):
    wrong = [f"not seen: {line}" for line in scenario.lines("see", *variants) if not re.search(line, text, re.M)]
    return wrong + [f"seen, and should not be: {line}" for line in scenario.lines("never", *variants)
                    if re.search(line, text, re.M)]


def record_of(outcome):
    """The record of a job: what the VMM said, then the kernel."""
    return "\n".join(outcome.output + outcome.dmesg) + "\n"


def judge(scenario, kernel, cpu, outcome, result):
    """outcome is None when the job was not reached."""
    if outcome is None or outcome.status is None:
        tail = result.console.strip().splitlines()[-15:]
        return Verdict(scenario.name, kernel, cpu, "missed",
                       [f"L1 ended before the scenario did ({result.ended}); its console ends with:", *tail],
                       result.how, record_of(outcome) if outcome else "")
    record, variants = record_of(outcome), [kernel, cpu, *(["stock"] if kernel != "old" else [])]
    why = missed_texts(record, scenario, *variants)
    if outcome.status == 137:
        why.append(f"it did not end in {scenario.keys.get('seconds', '20')} seconds of L1 and was ended")
    why += [f"{result.how} did not say: {line}" for line in scenario.lines("oracle", *variants)
            if not re.search(line, result.oracle)]
    why += missed_findings(record, " ".join(scenario.lines("explain", *variants)).split())
    return Verdict(scenario.name, kernel, cpu, "missed" if why else "seen", why, result.how, record)
