#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lab/run from a user's point of view, with a real L1 if needed: everything that can go wrong."""

import pathlib
import signal
import subprocess
import sys
import time
import uuid

from lab import LAB, NOT_TRIED, PROJECT, Skip, ended, equal, half_made, has, lab_run, main, test

from driver import cache, kernels

SCENARIOS = PROJECT / "tests" / "lab" / "scenarios.cfg"
NOWHERE = "http://127.0.0.1:9/"
ONE = ("--kernel", "6.1", "--cpu", "amd")


def own(*names, **environment):
    """lab/run with the tests' scenarios, on the kernel that boots fastest; Skip if that is not
    available."""
    run = lab_run("--scenarios", SCENARIOS, *names, *ONE, **environment)
    if run.returncode == NOT_TRIED:
        raise Skip(" ".join(run.stdout.split()))
    return run


@test("a scenario, kernel, processor or file that there is not: usage")
def _(directory):
    for arguments, told in ((["nosuch"], "nosuch"), (["mc1-ctl", "--kernel", "2.4"], "2.4"),
                            (["mc1-ctl", "--cpu", "arm"], "arm"), ([], "--list"),
                            (["--scenarios", directory / "none", "x"], "No such file")):
        run = lab_run(*arguments)
        ended(run, 2)
        has(run, told)


@test("a reader that goes away early is no failure to talk about")
def _(_):
    with subprocess.Popen([LAB / "run", "--list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        run.stdout.close()
        equal(run.stderr.read(), b"")
    equal(run.returncode, 128 + signal.SIGPIPE)


@test("without kvmwhy it is said at once what to do")
def _(directory):
    run = lab_run("starting-case", *ONE, KVMWHY=str(directory / "none"))
    ended(run, 1)
    has(run, "run make")


@test("a cold cache and no network: 77, with what was not tried and why")
def _(directory):
    run = lab_run("mc1-ctl", "xen-hypercall-efault", "--cpu", "amd", "--kernel", "6.12", KVMWHY_LAB_MIRROR=NOWHERE,
                  KVMWHY_LAB_CACHE=str(directory))
    ended(run, NOT_TRIED)
    has(run, "skipped  mc1-ctl", "skipped  xen-hypercall-efault", "KVMWHY_LAB_MIRROR", "2 not tried")
    equal(half_made(directory), [])


@test("the same as TAP: each a skip with its reason")
def _(directory):
    run = lab_run("mc1-ctl", "--tap", *ONE, KVMWHY_LAB_MIRROR=NOWHERE, KVMWHY_LAB_CACHE=str(directory))
    ended(run, 0)
    has(run, "ok 1 - mc1-ctl on 6.1 amd # SKIP", "1..1")


@test("a machine without the programs that the lab uses: 77, with Debian's package")
def _(directory):
    (directory / "python3").symlink_to(sys.executable)
    run = lab_run("mc1-ctl", *ONE, PATH=str(directory))
    ended(run, NOT_TRIED)
    equal(len(run.stdout.splitlines()), 1)
    has(run, "missing: ", "Run: scripts/install-deps --lab")


@test("a bzImage and modules from elsewhere boot; --show has what kvmwhy explain says")
def _(_):
    folder = cache.directory() / kernels.row_of("6.1").entry
    images = list((folder / "boot").glob("vmlinuz-*"))
    if not images:
        raise Skip("the cache has no kernel yet")
    run = lab_run("fail-entry-amd-cs-l-d", "--cpu", "amd", "--kernel", images[0], "--modules", folder, "--show")
    if run.returncode == NOT_TRIED:
        raise Skip(" ".join(run.stdout.split()))
    ended(run, 0)
    has(run, "seen     fail-entry-amd-cs-l-d", " own ", "kvmwhy explain:", "kvmwhy rule vmcb-cs-l-and-d")
    run = lab_run("starting-case", "--cpu", "amd", "--kernel", images[0], "--modules", "/tmp")
    ended(run, 2)
    has(run, "run make modules_install INSTALL_MOD_PATH=/tmp")


@test("a guest that never ends is ended and told; a panic of L1 is told with the console's end; the rest is run")
def _(_):
    run = own("hang", "panic", "after", "hang-qemu")
    ended(run, 1)
    has(run, "missed   hang ", "it did not end in 2 seconds of L1 and was ended", "missed   hang-qemu ")
    has(run, "missed   panic ", "L1 ended in the scenario: it died")
    has(run, "Kernel panic - not syncing: sysrq triggered crash")
    has(run, "seen     after ", "in a second boot", "1 seen, 3 missed, 0 not tried")


def ours(mark):
    """The processes, except zombies, whose environment has the mark."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in path.read_bytes():
                found.append((path.parent / "comm").read_text().strip())
        except OSError:
            continue
    return found


def stopped(directory, number):
    """lab/run gets a signal while its L1 boots: (status, what it said, what is left running)."""
    mark = f"KVMWHY_TEST={uuid.uuid4()}"
    folder = directory / f"tmp-{number}"
    folder.mkdir()
    argv = ["env", mark, f"TMPDIR={folder}", LAB / "run", "--scenarios", SCENARIOS, "after", *ONE]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
        late = time.monotonic() + 120
        while run.poll() is None and not any("ld-linux" in name for name in ours(mark)) and time.monotonic() < late:
            time.sleep(0.05)
        if run.poll() == NOT_TRIED:
            raise Skip(" ".join(run.stdout.read().split()))
        time.sleep(0.5)
        run.send_signal(number)
        run.send_signal(number)
        said = run.communicate(timeout=60)[0]
    late = time.monotonic() + 5
    while ours(mark) and time.monotonic() < late:
        time.sleep(0.05)
    return run.returncode, said, ours(mark), list(folder.iterdir())


@test("SIGINT and SIGTERM while L1 boots, each twice: 130, no process, no file left")
def _(directory):
    others = half_made(cache.directory())
    for number in (signal.SIGINT, signal.SIGTERM):
        equal(stopped(directory, number), (130, "lab/run: stopped; nothing is left running\n", [], []))
    equal([path for path in half_made(cache.directory()) if path not in others], [])


@test("SIGKILL while L1 boots: no emulator is left")
def _(directory):
    equal(stopped(directory, signal.SIGKILL)[2], [])


# sh -c TINY sh FOLDER SIZE COMMAND...: the command with a small disk at FOLDER, then the unfinished
# entries on it.
TINY = 'mount -t tmpfs -o size="$2" none "$1" || exit 99; f=$1; shift 2; "$@"; s=$?; find "$f" -name ".half-*"; exit $s'
# sh -c LINKED sh CACHE NEW COMMAND...: the kernels, the emulator and the build root of a cache, and
# no modules.
LINKED = 'ln -s "$1/kernels" "$1/packages" "$1/build-root" "$2"; shift 2; exec "$@"'


def on_tiny(folder, size, *names, command=(), **environment):
    tiny = ["unshare", "-rm", "sh", "-c", TINY, "sh", folder, size]
    if subprocess.run([*tiny, "true"], capture_output=True, check=False).returncode:
        raise Skip("no user namespace with a tmpfs of its own")
    run = lab_run(*names, *ONE, command=[*tiny, *command], **environment)
    if run.returncode == NOT_TRIED:
        raise Skip(" ".join(run.stdout.split()))
    ended(run, 1)
    has(run, "No space left on device")
    assert ".half-" not in run.stdout, run.stdout
    return run


@test("no room for the files of a run: told, with where they are")
def _(directory):
    has(on_tiny(directory, "8m", "mc1-ctl", TMPDIR=str(directory)), "TMPDIR")


@test("no room for an entry of the cache: told, nothing half made left")
def _(directory):
    warm = cache.directory().resolve()
    if not (warm / "kernels").is_dir() or not (warm / "build-root").is_dir():
        raise Skip("the cache has no kernel or no build root yet")
    on_tiny(directory, "64k", "starting-case", command=["sh", "-c", LINKED, "sh", warm, directory],
            KVMWHY_LAB_CACHE=str(directory))


main()
