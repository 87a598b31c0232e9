# SPDX-License-Identifier: MIT
"""Where the lab keeps what is expensive to make, how its parts report that they cannot continue,
and progress.

A cache entry is a folder that is either complete or absent: it is made under another name and
renamed. Two concurrent labs make an entry only once. What a killed lab left unfinished is removed
by the next one that makes something in the same place.
"""

import contextlib
import fcntl
import os
import pathlib
import shutil
import sys
import tempfile

HALF = ".half-"     # .half-NAME.SUFFIX: NAME is being made


class Skip(Exception):
    """It cannot be tried here; the text says why and what would help."""


class Broken(Exception):
    """It was tried and the lab itself failed; the text says where."""


def directory():
    """The cache: KVMWHY_LAB_CACHE, or a folder in the user's cache directory. Made when missing."""
    path = os.environ.get("KVMWHY_LAB_CACHE")
    if not path:
        home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        path = os.path.join(home, "kvmwhy-lab")
    if not os.path.isabs(path) and path.startswith("~"):
        raise Skip("no home directory to keep kernels in: set KVMWHY_LAB_CACHE to a folder")
    path = pathlib.Path(path)
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def locked(name, wait=True):
    """Holds the lock of that name; BlockingIOError if another process has it and wait is false."""
    with open(directory() / f".{name.replace('/', '_')}.lock", "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                raise
            say(f"waiting for another lab that makes {name}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def remove_left_over(folder):
    """Unfinished entries in a folder of the cache that nobody is making any more."""
    for half in folder.glob(f"{HALF}*.????????"):
        name = folder.relative_to(directory()) / half.name.removeprefix(HALF).rpartition(".")[0]
        with contextlib.suppress(BlockingIOError), locked(str(name), wait=False):
            shutil.rmtree(half, ignore_errors=True)


def entry(name, make):
    """The folder of an entry; make(folder) fills it if it does not exist yet."""
    path = directory() / name
    if path.is_dir():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_left_over(path.parent)
    with locked(name):
        if path.is_dir():
            return path
        half = pathlib.Path(tempfile.mkdtemp(prefix=f"{HALF}{path.name}.", dir=path.parent))
        try:
            make(half)
            half.chmod(0o755)
            half.rename(path)
        finally:
            shutil.rmtree(half, ignore_errors=True)
    return path


def say(text):
    """Progress: one line, overwritten in place, only on a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{text[:100]}" if text else "\r\033[K")
        sys.stderr.flush()
