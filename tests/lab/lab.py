# SPDX-License-Identifier: MIT
"""What the tests of the lab share: its driver as a package, the TAP of tests/cli, and programs to
run."""

import os
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True
PROJECT = pathlib.Path(__file__).resolve().parents[2]
LAB = PROJECT / "lab"
os.environ.setdefault("KVMWHY", str(PROJECT / "build" / "cli" / "kvmwhy"))
os.environ.setdefault("KVMWHY_SOURCE", str(PROJECT))
sys.path[:0] = [str(LAB), str(PROJECT / "tests" / "cli")]

from cli import Skip, equal, main, test  # noqa: E402, F401

NOT_TRIED = 77


def lab_run(*arguments, command=(), **environment):
    """Runs lab/run to its end; command is put before it."""
    return subprocess.run([*command, LAB / "run", *arguments], env={**os.environ, **environment}, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=300)


def has(run, *texts):
    for text in texts:
        assert text in run.stdout, f"no {text!r}; status {run.returncode}, said:\n{run.stdout}"


def ended(run, status):
    assert run.returncode == status, f"status {run.returncode}, not {status}; said:\n{run.stdout}"


def half_made(cache):
    """Incomplete entries of a cache."""
    return list(pathlib.Path(cache).rglob(".half-*"))


def scenario(name="one", **keys):
    from driver.scenarios import Scenario
    return Scenario(name, {"what": "A test.", "cpu": "amd", "kernels": "6.1", **keys})
