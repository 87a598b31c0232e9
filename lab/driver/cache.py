# SPDX-License-Identifier: MIT
"""Where the lab keeps what is expensive to make, how its parts say that they cannot go on, and progress.

An entry of the cache is a folder that is either whole or not there: it is made under another name and
renamed. Two labs at once make an entry once.
"""

import contextlib
import fcntl
import os
import pathlib
import shutil
import sys
import tempfile


class Skip(Exception):
    """It cannot be tried here; the text says why and what would help."""


class Broken(Exception):
    """It was tried and the lab itself failed; the text says where."""


def directory():
    """The cache: KVMWHY_LAB_CACHE, or a folder in the user's cache directory. Made when missing."""
    home = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    path = pathlib.Path(os.environ.get("KVMWHY_LAB_CACHE") or pathlib.Path(home) / "kvmwhy-lab")
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def locked(name):
    with open(directory() / f".{name.replace('/', '_')}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def entry(name, make):
    """The folder of an entry; make(folder) fills it if it is not there yet."""
    path = directory() / name
    if path.is_dir():
        return path
    with locked(name):
        if path.is_dir():
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        half = pathlib.Path(tempfile.mkdtemp(prefix=".half-", dir=path.parent))
        try:
            make(half)
            half.chmod(0o755)
            half.rename(path)
        finally:
            shutil.rmtree(half, ignore_errors=True)
    return path


def say(text):
    """Progress: one line that is written over, only where somebody looks."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{text[:100]}" if text else "\r\033[K")
        sys.stderr.flush()
