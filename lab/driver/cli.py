# SPDX-License-Identifier: MIT
"""What lab/run and lab/matrix share: the command line and verdicts in, lines for people or for a
test runner out."""

import argparse
import collections
import os
import pathlib
import re
import signal
import subprocess
import sys

from . import judge, kernels, plan, record, scenarios
from .cache import Broken, Skip, say

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STATUS = {"seen": "ok", "missed": "not ok", "skipped": "ok"}
NO_ROOM = re.compile(r"No space left on device|Disk quota exceeded|Read-only file system")


def add_choice(parser):
    """The arguments that select scenarios, kernels and processors."""
    parser.add_argument("scenario", nargs="*", help="names of scenarios: see lab/run --list")
    parser.add_argument("--scenarios", type=pathlib.Path, default=scenarios.FILE, metavar="FILE",
                        help="scenarios of your own, in a file like lab/scenarios.cfg")
    parser.add_argument("--kernel", action="append", default=[], metavar="K", type=kernel,
                        help=f"{', '.join(kernels.names())}, host for this machine's own KVM, or the path of a "
                             "bzImage of your own; repeatable (default: every kernel of the scenario)")
    parser.add_argument("--modules", metavar="DIR",
                        help="of that bzImage: what make modules_install INSTALL_MOD_PATH=DIR filled; not needed if "
                             "its KVM is built in")
    parser.add_argument("--cpu", action="append", default=[], choices=scenarios.CPUS,
                        help="SVM or VMX; repeatable (default: what the scenario names)")
    parser.add_argument("--each-kind", action="store_true",
                        help="of the selection, only the quickest of each kind, for each kernel and processor")


def kernel(word):
    """A name, or the path of an image: those have a slash."""
    if word in (*kernels.names(), "host"):
        return word
    if "/" in word and os.path.isfile(word):
        return pathlib.Path(word)
    raise argparse.ArgumentTypeError(f"there is no kernel {word}: {', '.join(kernels.names())}, host, or the path of a "
                                     "bzImage")


def take_own(parser, chosen):
    """A bzImage becomes the kernel named own."""
    images = {one for one in chosen.kernel if isinstance(one, pathlib.Path)}
    if len(images) > 1:
        parser.error("only one bzImage at a time")
    if chosen.modules and not images:
        parser.error("--modules is for --kernel PATH-OF-A-BZIMAGE")
    try:
        name = [kernels.use_own(image, chosen.modules) for image in images]
    except (Broken, OSError) as reason:
        parser.error(str(reason))
    chosen.kernel = [name[0] if isinstance(one, pathlib.Path) else one for one in chosen.kernel]


def choice(parser):
    """The arguments, and the known scenarios. A wrong name is a usage error."""
    chosen = parser.parse_args()
    try:
        known = scenarios.read(chosen.scenarios)
    except (OSError, ValueError) as reason:
        parser.error(str(reason))
    unknown = [name for name in chosen.scenario if name not in known]
    if unknown:
        parser.error(f"no scenario {', '.join(unknown)}: see lab/run --list")
    take_own(parser, chosen)
    return chosen, known


def exit_status(count):
    if count["missed"]:
        return 1
    return 0 if count["seen"] else 77


def printable(text):
    """Text from a guest must not control the terminal."""
    return "".join(char if char.isprintable() or char in "\n\t" else "\ufffd" for char in text)


def show_list(found):
    for one in found:
        print(f"{one.name}\n    {one.what}\n    {' '.join(one.cpus)}: {' '.join(one.kernels)}")
    return 0


def hint(text):
    return f"{text} (KVMWHY_LAB_CACHE and TMPDIR say where the lab writes)" if NO_ROOM.search(text) else text


def lines_of(texts):
    """Texts as printable lines."""
    return [hint(printable(line)) for text in texts for line in text.split("\n") if line.strip()]


def explained(text):
    """What `kvmwhy explain` says about a record, for a reader."""
    run = subprocess.run([judge.need_tool(), "explain", "--all", "--no-pager"], input=text.encode(), capture_output=True,
                         check=False, timeout=judge.EXPLAIN_SECONDS)
    return "kvmwhy explain:\n" + printable((run.stdout or run.stderr).decode(errors="replace"))


def print_verdict(verdict, seconds, show):
    print(f"{verdict.state:8} {verdict.scenario:28} {verdict.kernel:5} {verdict.cpu:6} {seconds:6.1f} s  {verdict.how}")
    for line in lines_of(verdict.why):
        print(f"         {line}")
    if show:
        print(printable(verdict.record))
        print(explained(verdict.record))
    sys.stdout.flush()


def print_tap(number, verdict):
    name = f"{verdict.scenario} on {verdict.kernel} {verdict.cpu}"
    skip = f" # SKIP {' '.join(lines_of(verdict.why))}" if verdict.state == "skipped" else f" ({verdict.how})"
    print(f"{STATUS[verdict.state]} {number} - {name}{skip}")
    if verdict.state == "missed":
        for line in lines_of([*verdict.why, verdict.record]):
            print(f"# {line}")
    sys.stdout.flush()


def run_tap(picked, chosen):
    """The lines report everything; a nonzero status would count as one more failure."""
    number = 0
    try:
        verdicts = plan.run(picked, chosen.kernel, chosen.cpu, chosen.each_kind)
        for number, (verdict, _seconds) in enumerate(verdicts, 1):
            print_tap(number, verdict)
    except Skip as reason:
        print(f"1..0 # SKIP {reason}")
        return 0
    print(f"1..{number}" if number else "1..0 # SKIP no scenario for that kernel")
    return 0


def run(picked, chosen):
    """Runs what the command line selects; returns the exit status."""
    if chosen.tap:
        return run_tap(picked, chosen)
    count = collections.Counter()
    for verdict, seconds in plan.run(picked, chosen.kernel, chosen.cpu, chosen.each_kind):
        count[verdict.state] += 1
        print_verdict(verdict, seconds, chosen.show)
        if chosen.record and verdict.state == "seen":
            print(f"         kept as {record.write(verdict)}")
    if not count:
        print("none of these scenarios is for that kernel and processor")
    if count.total() > 1:
        print(f"{count['seen']} seen, {count['missed']} missed, {count['skipped']} not tried")
    return exit_status(count)


def stop(number, _frame):
    """The first signal stops the lab; later ones must not interrupt the cleanup."""
    for signum in SIGNALS:
        signal.signal(signum, signal.SIG_IGN)
    raise KeyboardInterrupt(number)


def guarded(name, main):
    """main(), reporting every failure unrelated to a scenario in one line."""
    for signum in SIGNALS:
        signal.signal(signum, stop)
    try:
        status = main()
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        text, status = "stopped; nothing is left running", 130
    except BrokenPipeError:
        # The reader is gone. What is still in the buffer must not fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except (Skip, Broken, ValueError, OSError, subprocess.CalledProcessError) as reason:
        text, status = hint(str(reason)), 77 if isinstance(reason, Skip) else 1
    say("")
    print(f"{name}: {text}", file=sys.stderr)
    return status
