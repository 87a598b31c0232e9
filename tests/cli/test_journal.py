#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`kvmwhy watch --journal`: what gets into a real journal, and what systemd says about the unit.
The journal's daemon runs in a mount namespace with its own /run, and ends with it.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess

from cli import CASE, SOURCE, Skip, equal, main, test

DAEMON = "/lib/systemd/systemd-journald"
SENDER = os.environ["KVMWHY_JOURNAL_TEST"]
UNIT = pathlib.Path(os.environ["KVMWHY_UNIT"])
EXPOSURE = 21    # tenths, as systemd 252 counts them: lower it if possible, never raise it
PAGE = (SOURCE / "man/kvmwhy-watch.8.scd").read_text()

# $1 the sender, $2 a log, $3 the daemon
SCRIPT = """
mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal /run/log/journal || exit 77
"$3" >/run/said 2>&1 &
daemon=$!
lives() {
	kill -0 $daemon 2>/dev/null && return
	echo "journald ended: $(cat /run/said)"
	exit 77
}
for _ in $(seq 50); do [ -S /run/systemd/journal/socket ] && break; lives; sleep 0.1; done
[ -S /run/systemd/journal/socket ] || { echo "journald opened no socket"; kill $daemon; exit 77; }
"$1" <"$2" || exit
for _ in $(seq 50); do
	text=$(journalctl -D /run/log/journal -o json --no-pager KVMWHY_PID=4242 2>/dev/null)
	[ -z "$text" ] || break
	lives
	sleep 0.1
done
kill $daemon
printf '%s\\n' "$text"
"""


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Skip(f"there is no {program}")


def entry():
    """The entry that the sender made of the starting case."""
    need("journalctl", "unshare", DAEMON)
    unshare = ["unshare", "-m"] if os.getuid() == 0 else ["unshare", "-rm"]
    run = subprocess.run([*unshare, "sh", "-c", SCRIPT, "sh", SENDER, CASE, DAEMON], capture_output=True,
                         text=True, timeout=60, check=False)
    if run.returncode == 77 or "unshare" in run.stderr:
        raise Skip(f"no journal can run here: {run.stdout} {run.stderr}".strip())
    equal(run.returncode, 0)
    return json.loads(run.stdout.splitlines()[-1])


@test("a failure becomes an entry of the journal with the fields of the man page")
def _(_):
    found = entry()
    equal({name for name in found if name.startswith("KVMWHY_")}, set(re.findall(r"\bKVMWHY_[A-Z]+", PAGE)))
    equal((found["MESSAGE_ID"], found["PRIORITY"]), (re.search(r"MESSAGE_ID is (\w+)", PAGE)[1], "3"))
    equal((found["KVMWHY_CLASS"], found["KVMWHY_RULE"], found["KVMWHY_CERTAINTY"]),
          ("kvm-run-failed", "wrmsr-eperm-x2apic", "likely"))
    equal((found["KVMWHY_PID"], found["KVMWHY_TID"], found["KVMWHY_VCPU"]), ("4242", "4243", "3"))
    equal(json.loads(found["KVMWHY_JSON"])["msr"]["index"], "0x838")
    assert "0x838" in found["MESSAGE"], found["MESSAGE"]


@test("systemd takes the unit, and finds it hardened")
def _(directory):
    need("systemd-analyze")
    unit = directory / "kvmwhy-watch.service"
    unit.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text(), flags=re.M))
    run = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True,
                         timeout=60, check=False)
    equal((run.returncode, run.stderr), (0, ""))
    run = subprocess.run(["systemd-analyze", "security", "--offline=yes", f"--threshold={EXPOSURE}", unit],
                         capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


main()
