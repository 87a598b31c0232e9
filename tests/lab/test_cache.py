#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The cache: an entry is complete or absent, whatever happens while it is made."""

import os
import signal
import subprocess
import sys

from lab import LAB, Skip, equal, half_made, main, test

from driver import cache

# Makes the entry `folder/one` slowly; reports when it has begun.
SLOW = """
import sys, time
sys.path.insert(0, sys.argv[1])
from driver import cache, cli
def make(folder):
    (folder / "begun").write_text("")
    with open(cache.directory() / "made", "a") as made:
        made.write("made\\n")
    print("begun", flush=True)
    time.sleep(float(sys.argv[2]))
    (folder / "whole").write_text("")
def main():
    cache.entry("folder/one", make)
sys.exit(cli.guarded("test", main))
"""
# sh -c TINY sh CACHE COMMAND...: the command with a small disk as the cache, then the unfinished
# entries on it.
TINY = ('mount -t tmpfs -o size=1m none "$1" || exit 99; shift; "$@"; s=$?; '
        'find "$KVMWHY_LAB_CACHE" -name ".half-*"; exit $s')
# Where the cache is.
WHERE = """
import sys
sys.path.insert(0, sys.argv[1])
from driver import cache, cli
sys.exit(cli.guarded("test", cache.directory))
"""


def slow(seconds):
    return subprocess.Popen([sys.executable, "-c", SLOW, LAB, str(seconds)], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def fill(folder):
    (folder / "whole").write_text("")


def use(directory):
    os.environ["KVMWHY_LAB_CACHE"] = str(directory / "cache")
    return directory / "cache"


@test("an entry is made once, and is there")
def _(directory):
    use(directory)
    path = cache.entry("a/b", fill)
    assert (path / "whole").exists()
    equal(cache.entry("a/b", lambda _folder: 1 / 0), path)


@test("a make that fails leaves nothing, and the error comes through")
def _(directory):
    def fail(folder):
        fill(folder)
        raise cache.Skip("no network")
    place = use(directory)
    try:
        cache.entry("a/b", fail)
        raise AssertionError("no error")
    except cache.Skip as reason:
        equal(str(reason), "no network")
    equal(half_made(place), [])
    assert not (place / "a" / "b").exists()
    assert (cache.entry("a/b", fill) / "whole").exists()


@test("SIGINT and SIGTERM in a make leave nothing; status 130")
def _(directory):
    place = use(directory)
    for number in (signal.SIGINT, signal.SIGTERM):
        with slow(60) as maker:
            equal(maker.stdout.readline(), "begun\n")
            maker.send_signal(number)
            equal(maker.communicate(timeout=30)[1], "test: stopped; nothing is left running\n")
            equal(maker.returncode, 130)
        equal(half_made(place), [])
        assert not (place / "folder" / "one").exists()


@test("what SIGKILL leaves half made is removed by the next, with others' of the folder")
def _(directory):
    place = use(directory)
    with slow(60) as maker:
        equal(maker.stdout.readline(), "begun\n")
        maker.kill()
    equal(len(half_made(place)), 1)
    cache.entry("folder/two", fill)
    equal(half_made(place), [])


@test("what another is making is not removed")
def _(directory):
    place = use(directory)
    with slow(2) as maker:
        equal(maker.stdout.readline(), "begun\n")
        cache.entry("folder/two", fill)
        equal(len(half_made(place)), 1)
    equal(maker.returncode, 0)
    assert (place / "folder" / "one" / "whole").exists()


@test("two at once make an entry once")
def _(directory):
    place = use(directory)
    with slow(1) as first, slow(1) as second:
        first.communicate()
        second.communicate()
    equal((first.returncode, second.returncode), (0, 0))
    equal((place / "made").read_text(), "made\n")
    equal(half_made(place), [])


@test("a full disk leaves nothing")
def _(directory):
    place = use(directory)
    place.mkdir()
    script = SLOW.replace("time.sleep(float(sys.argv[2]))", "(folder / 'big').write_bytes(bytes(1 << 21))")
    run = subprocess.run(["unshare", "-rm", "sh", "-c", TINY, "sh", place, sys.executable, "-c", script, LAB, "0"],
                         capture_output=True, text=True, check=False)
    if "unshare" in run.stderr or run.returncode == 99:
        raise Skip(f"no user namespace with a tmpfs: {run.stderr.strip()}")
    equal(run.returncode, 1)
    assert "No space left on device" in run.stderr and "KVMWHY_LAB_CACHE" in run.stderr, run.stderr
    equal(run.stdout, "begun\n")


@test("without a home directory it is said what to set")
def _(_):
    env = {"PATH": os.environ["PATH"], "HOME": "~"}
    run = subprocess.run([sys.executable, "-c", WHERE, LAB], env=env, capture_output=True, text=True, check=False)
    equal(run.returncode, 77)
    assert "KVMWHY_LAB_CACHE" in run.stderr, run.stderr


main()
