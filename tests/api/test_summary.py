#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scripts/test-summary on what `meson test` leaves behind."""

import json
import subprocess
import sys

from cli import SOURCE, equal, main, test


def entry(name, result, start, duration, stdout=""):
    return {"name": name, "result": result, "starttime": start, "duration": duration, "stdout": stdout}


def summary(directory, tests):
    """The status and the lines of the script for a build directory `b` with these tests."""
    logs = directory / "b" / "meson-logs"
    logs.mkdir(parents=True)
    if tests:
        (logs / "testlog.json").write_text("".join(json.dumps(one) + "\n" for one in tests))
    done = subprocess.run([sys.executable, SOURCE / "scripts/test-summary", "b"], cwd=directory,
                          capture_output=True, text=True, check=False)
    equal(done.stderr, "")
    return done.returncode, done.stdout.splitlines()


@test("each result of TAP counts, and the time of each suite is told; the last line has the sum")
def _(directory):
    tap = "1..3\nok 1 - a\nok 2 - b # SKIP no c\nnot ok 3 - d\n# why\n"
    status, lines = summary(directory, [entry("kvmwhy:unit / one", "OK", 100, 2.4),
                                        entry("kvmwhy:unit / two", "OK", 100, 1),
                                        entry("kvmwhy:lab / three", "FAIL", 101, 30, tap)])
    equal(status, 1)
    equal(lines, ["skipped b: kvmwhy:lab / three: b: no c", "failed  b: kvmwhy:lab / three: d",
                  "        # why", "b: 31 s; the sum of each suite: lab 30, unit 3",
                  "3 passed, 1 failed, 1 skipped"])


@test("a build without tests is a failure")
def _(directory):
    status, lines = summary(directory, [])
    equal(status, 1)
    equal(lines, ["failed  b: no test was run", "0 passed, 1 failed, 0 skipped"])


main()
