#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `kvmwhy watch --journal` gets into a real journal, what `kvmwhy journal` reads from one, and
what systemd says about the unit.
The journal's daemon runs in a mount namespace with its own /run, and ends with it.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess

from cli import CASE, SOURCE, TOOL, Skip, equal, main, test

DAEMON = "/lib/systemd/systemd-journald"
SENDER = os.environ["KVMWHY_JOURNAL_TEST"]
UNIT = pathlib.Path(os.environ["KVMWHY_UNIT"])
EXPOSURE = 21    # tenths, as systemd 252 counts them: lower it if possible, never raise it
PAGE = (SOURCE / "man/kvmwhy-watch.8.scd").read_text()

# $3 the daemon
START = """
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
"""

# $1 the sender, $2 a log
SEND = START + """
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

# $1 and $2 logs of two guests, $4 kvmwhy: both guests speak in turn, each as a process of its own
TWO = START + """
for guest in 5 6; do
	mkfifo /run/$guest
	systemd-cat -t kvm cat /run/$guest &
done
exec 3>/run/5 4>/run/6 5<"$1" 6<"$2"
while IFS= read -r one <&5 && IFS= read -r two <&6; do
	printf '%s\\n' "$one" >&3
	printf '%s\\n' "$two" >&4
done
exec 3>&- 4>&-
for _ in $(seq 50); do
	[ "$(journalctl -b -t kvm -o cat --no-pager 2>/dev/null | grep -c ^Code=)" = 2 ] && break
	lives
	sleep 0.1
done
"$4" journal -b -t kvm --format ndjson
status=$?
"$4" journal -b -t kvm | grep "^  host "
kill $daemon
exit $status
"""


# $4 kvmwhy: a user who belongs to nothing reads it
STRANGER = START + """
setpriv --reuid=65534 --regid=65534 --clear-groups "$4" journal -b
echo "status $?"
kill $daemon
"""


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Skip(f"there is no {program}")


def in_journal(script, *words):
    """What @script prints, with a journal of its own."""
    need("journalctl", "systemd-cat", "unshare", DAEMON)
    unshare = ["unshare", "-m"] if os.getuid() == 0 else ["unshare", "-rm"]
    run = subprocess.run([*unshare, "sh", "-c", script, "sh", *words], capture_output=True,
                         text=True, timeout=60, check=False)
    if run.returncode == 77 or "unshare" in run.stderr:
        raise Skip(f"no journal can run here: {run.stdout} {run.stderr}".strip())
    equal(run.returncode, 0)
    return run


def entry():
    """The entry that the sender made of the starting case."""
    return json.loads(in_journal(SEND, SENDER, CASE, DAEMON).stdout.splitlines()[-1])


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


@test("two guests that die at once do not mix in a real journal, and the kernel is known")
def _(directory):
    other = directory / "other.log"
    other.write_text(CASE.read_text().replace("RCX=0000000000000838", "RCX=0000000000000404"))
    run = in_journal(TWO, CASE, other, DAEMON, TOOL)
    equal(run.stderr, "")
    *lines, kernel, again = run.stdout.splitlines()
    found = [json.loads(line) for line in lines]
    equal(sorted(report["msr"]["index"] for report in found), ["0x404", "0x838"])
    equal(len({report["input"]["file"] for report in found}), 2)
    for report in found:
        assert report["input"]["file"].startswith("kvm["), report["input"]
        equal((report["input"]["first_line"], report["input"]["last_line"]), (1, 21))
    for line in kernel, again:
        equal(line.replace(",", "").split()[:3], ["host", "Linux", os.uname().release])


@test("who may not read the journal is told so, and how to get there")
def _(_):
    need("setpriv")
    if os.getuid() or not all(path.stat().st_mode & 1 for path in pathlib.Path(TOOL).resolve().parents):
        raise Skip("not root, or this build is in a folder that others cannot enter")
    run = in_journal(STRANGER, "", "", DAEMON, TOOL)
    equal(run.stdout, "status 1\n")
    assert "system.journal' may not be read by this user" in run.stderr, run.stderr
    assert "group systemd-journal" in run.stderr, run.stderr


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
