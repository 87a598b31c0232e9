# SPDX-License-Identifier: MIT
"""What lab/run and lab/matrix share: verdicts in, lines for people or for a test runner out."""

import collections
import errno
import signal
import sys

from . import plan, record
from .cache import Broken, Skip, say

STATUS = {"seen": "ok", "missed": "not ok", "skipped": "ok"}


def exit_status(count):
    if count["missed"]:
        return 1
    return 0 if count["seen"] else 77


def show_list(scenarios):
    for one in scenarios:
        print(f"{one.name}\n    {one.what}\n    {' '.join(one.cpus)}: {' '.join(one.kernels)}")
    return 0


def print_verdict(verdict, seconds, show):
    print(f"{verdict.state:8} {verdict.scenario:28} {verdict.kernel:5} {verdict.cpu:6} {seconds:6.1f} s  {verdict.how}")
    for line in verdict.why:
        print(f"         {line}")
    if show:
        print(verdict.record)
    sys.stdout.flush()


def print_tap(number, verdict):
    name = f"{verdict.scenario} on {verdict.kernel} {verdict.cpu}"
    skip = f" # SKIP {' '.join(verdict.why)}" if verdict.state == "skipped" else f" ({verdict.how})"
    print(f"{STATUS[verdict.state]} {number} - {name}{skip}")
    if verdict.state == "missed":
        for line in [*verdict.why, *verdict.record.splitlines()]:
            print(f"# {line}")
    sys.stdout.flush()


def run(scenarios, chosen):
    """Runs what was chosen on the command line; returns the exit status."""
    count = collections.Counter()
    for verdict, seconds in plan.run(scenarios, chosen.kernel, chosen.cpu):
        count[verdict.state] += 1
        if chosen.tap:
            print_tap(count.total(), verdict)
        else:
            print_verdict(verdict, seconds, chosen.show)
        if chosen.record and verdict.state == "seen":
            print(f"         kept as {record.write(verdict)}")
    if chosen.tap:
        # The lines say it all; a status of its own would count as one failure more.
        print(f"1..{count.total()}" if count else "1..0 # SKIP no scenario for that kernel")
        return 0
    if not count:
        print("none of these scenarios is for that kernel and processor")
    return exit_status(count)


def stop(number, _frame):
    raise KeyboardInterrupt(number)


def guarded(name, main):
    """main() with every way out that has nothing to do with a scenario told in one line."""
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)
    try:
        return main()
    except KeyboardInterrupt:
        text, status = "stopped; nothing of it is left running", 130
    except (Skip, Broken, ValueError) as reason:
        text, status = str(reason), 77 if isinstance(reason, Skip) else 1
    except OSError as reason:
        full = " (KVMWHY_LAB_CACHE and TMPDIR say where the lab writes)" if reason.errno == errno.ENOSPC else ""
        text, status = f"{reason}{full}", 1
    say("")
    print(f"{name}: {text}", file=sys.stderr)
    return status
