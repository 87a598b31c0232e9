# SPDX-License-Identifier: MIT
"""A verdict in, a case of tests/corpus/ out: the record, where it comes from, what kvmwhy says
about it."""

import datetime
import subprocess
import sys

from . import judge


def name_of(verdict):
    return f"lab-{verdict.scenario}-{verdict.kernel}-{verdict.cpu}".replace(" ", "-")


def write(verdict):
    """Returns the path of the case, which replaces an older one. Review the diff.
    """
    corpus = judge.PROJECT / "tests" / "corpus"
    case = corpus / name_of(verdict)
    case.mkdir(exist_ok=True)
    (case / "input").write_text(verdict.record, encoding="utf-8")
    (case / "origin").write_text(
        f"Our own lab, scenario {verdict.scenario} (lab/scenarios.cfg), {datetime.date.today()}.\n"
        f"{verdict.how}\n", encoding="utf-8")
    subprocess.run([sys.executable, corpus / "run.py", "rebase", judge.tool(), case.name], check=True)
    return case.relative_to(judge.PROJECT)
