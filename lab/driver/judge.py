# SPDX-License-Identifier: MIT
"""What a scenario must show and did show in, what it missed out."""

import dataclasses
import json
import os
import pathlib
import re
import subprocess

from .cache import Broken

NOT_BUILT = "kvmwhy is not built: run make, or set KVMWHY to its path"
EXPLAIN_SECONDS = 60
KILLED = (137, 143)  # the status of a job killed at its time limit: by SIGTERM, then by SIGKILL
TAIL = 15           # lines of a console or a record shown for a failure
ENDED = {"done": "it said that it was done", "died": "it died", "timeout": "it went silent and was ended",
         "flood": "it wrote without end and was ended"}
WHY_DEAD = re.compile(r"Kernel panic|\bBUG:|\bOops\b|>>PANIC<<|soft lockup|No init found")
# What the record of a kernel with lockdep and KASAN must and must not say in any scenario. lockdep
# is silent after its first report, and a report may have scrolled out of the log: the taint flags
# remember. 4096 is an out-of-tree module.
ALWAYS = {"debug": {"see": [r"^lockdep: debug_locks 1$", r"^kernel: tainted (0|4096)$"],
                    "never": [r"\bBUG: |\bWARNING: |\bINFO: |\bUBSAN: |\bODEBUG: |Call Trace:|corruption"]}}
PROJECT = pathlib.Path(__file__).resolve().parents[2]


@dataclasses.dataclass
class Verdict:
    """state: seen, missed, skipped.

    why: a line for each thing missed, or why it was skipped.
    """
    scenario: str
    kernel: str
    cpu: str
    state: str
    why: list = dataclasses.field(default_factory=list)
    how: str = ""
    record: str = ""


def tool():
    """The kvmwhy of this tree; another one by the environment variable KVMWHY.

    None when it was not built.
    """
    path = pathlib.Path(os.environ.get("KVMWHY") or PROJECT / "build" / "cli" / "kvmwhy")
    return path.resolve() if path.is_file() else None


def need_tool():
    path = tool()
    if not path:
        raise Broken(NOT_BUILT)
    return path


def explained(record):
    """The output of `kvmwhy explain` for a record: a list of failures as in
    docs/kvmwhy.schema.json."""
    kvmwhy = need_tool()
    try:
        run = subprocess.run([kvmwhy, "explain", "--all", "--format", "json"], input=record.encode(),
                             capture_output=True, check=False, timeout=EXPLAIN_SECONDS)
    except subprocess.TimeoutExpired:
        raise Broken(f"kvmwhy explain did not end in {EXPLAIN_SECONDS} seconds") from None
    if run.returncode not in (0, 1):
        raise Broken(f"kvmwhy explain ended with {run.returncode}: {run.stderr.decode(errors='replace').strip()}")
    return json.loads(run.stdout or b"[]")


def missed_findings(record, wanted, certain=None):
    """Missing findings; and, if few or none can be certain, those that wrongly are."""
    if not wanted:
        return []
    try:
        findings = [finding for failure in explained(record) for finding in failure.get("findings", [])]
    except (Broken, ValueError) as reason:
        return [str(reason)]
    found = {finding["id"] for finding in findings}
    sure = {finding["id"] for finding in findings if finding.get("certainty") == "certain"}
    why = [f"kvmwhy explain has no finding {name}; it has: {' '.join(sorted(found)) or 'none'}"
           for name in wanted if name not in found]
    return why + [f"kvmwhy explain is certain of {name}, and cannot know" for name in sorted(sure - set(certain or sure))]


def asked(key, scenario, variants):
    return [*scenario.lines(key, *variants), *(line for one in variants for line in ALWAYS.get(one, {}).get(key, []))]


def missed_texts(text, scenario, *variants):
    wrong = [f"not seen: {line}" for line in asked("see", scenario, variants) if not re.search(line, text, re.M)]
    return wrong + [f"seen, and should not be: {line}" for line in asked("never", scenario, variants)
                    if re.search(line, text, re.M)]


def record_of(outcome):
    """The record of a job: what the VMM said, then the kernel."""
    return "\n".join(outcome.output + outcome.dmesg) + "\n"


def tail(what, text):
    """The end of a text, for a human reader; preceded by lines that name a crash."""
    lines = text.strip().splitlines()
    named = [line for line in lines[:-TAIL] if WHY_DEAD.search(line)][-3:]
    return [f"{what} ends:", *(f"  {line}" for line in [*named, *lines[-TAIL:]])] if lines else [f"{what} is empty"]


def gone(outcome, result):
    """L1 ended during the scenario or before it."""
    when = "in" if outcome else "before"
    return [f"L1 ended {when} the scenario: {ENDED.get(result.ended, result.ended)}",
            *(tail("the record", record_of(outcome)) if outcome else []),
            *tail("its console", result.console)]


def variants(kernel, cpu):
    """The suffixes that restrict a key of the scenario: see.old, see.intel."""
    return [kernel, cpu, *(["stock"] if kernel != "old" else [])]


def shortcomings(scenario, record, outcome, result, only):
    """A line for each thing missed; nothing if all was seen."""
    why = missed_texts(record, scenario, *only)
    if outcome.status in KILLED:
        why.append(f"it did not end in {scenario.seconds} seconds of L1 and was ended")
    why += [f"{result.how} did not say: {line}" for line in scenario.lines("oracle", *only)
            if not re.search(line, result.oracle)]
    why += missed_findings(record, " ".join(scenario.lines("explain", *only)).split(),
                           scenario.words("certain"))
    return why + tail("the record", record) if why else []


def judge(scenario, kernel, cpu, outcome, result):
    """outcome is None when the job was not reached."""
    if outcome is None or outcome.status is None:
        return Verdict(scenario.name, kernel, cpu, "missed", gone(outcome, result), result.how,
                       record_of(outcome) if outcome else "")
    record = record_of(outcome)
    why = shortcomings(scenario, record, outcome, result, variants(kernel, cpu))
    return Verdict(scenario.name, kernel, cpu, "missed" if why else "seen", why, result.how, record)
