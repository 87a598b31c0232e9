# SPDX-License-Identifier: MIT
"""What the tests of the command share: run it, compare, and print TAP.

A test is a function under @test("sentence"). It fails with AssertionError and skips with Skip.
The environment names the tool (KVMWHY), the source tree (KVMWHY_SOURCE) and the sanitizers of the
build (KVMWHY_SANITIZERS, empty without any).
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import traceback

TOOL = os.environ["KVMWHY"]
SOURCE = pathlib.Path(os.environ["KVMWHY_SOURCE"])
SANITIZERS = os.environ.get("KVMWHY_SANITIZERS", "")
CASE = SOURCE / "examples" / "starting-case.log"

FOUND, NOTHING, TROUBLE = 0, 1, 2

# Where a test does not say otherwise, text is laid out for nobody's terminal.
os.environ.pop("COLUMNS", None)

tests = []


class Skip(Exception):
    """The reason why a test cannot run here."""


class Result:
    """What a run of the tool left behind."""

    def __init__(self, args, status, out, err):
        self.args, self.status, self.out, self.err = args, status, out, err

    def __str__(self):
        return (f"{' '.join(map(str, self.args))}\nstatus {self.status}\n"
                f"stdout {self.out[:2000]!r}\nstderr {self.err[:2000]!r}")

    def expect(self, status, out=None, err=None):
        """Checks the status and that @out and @err occur in the texts; returns the result."""
        assert self.status == status, f"expected status {status}\n{self}"
        assert out is None or out in self.text(), f"expected {out!r} on stdout\n{self}"
        assert err is None or err in self.complaint(), f"expected {err!r} on stderr\n{self}"
        return self

    def text(self):
        return self.out.decode("utf-8", "replace")

    def complaint(self):
        return self.err.decode("utf-8", "replace")


def environment(**changes):
    """The environment of a run: ours, with @changes; None removes a variable."""
    env = dict(os.environ, **{k: v for k, v in changes.items() if v is not None})
    for name, value in changes.items():
        if value is None:
            env.pop(name, None)
    return env


def kvmwhy(*args, stdin=b"", env=None, **kwargs):
    """Runs the tool to its end."""
    args = [TOOL, *args]
    done = subprocess.run(args, input=stdin, env=env or environment(), capture_output=True,
                          timeout=300, check=False, **kwargs)
    return Result(args, done.returncode, done.stdout, done.stderr)


def equal(actual, expected):
    assert actual == expected, f"expected {expected!r}\nactual   {actual!r}"


def test(sentence):
    """Registers a test; it is called with an empty directory of its own."""
    def register(function):
        tests.append((sentence, function))
        return function
    return register


def _run(number, sentence, function):
    with tempfile.TemporaryDirectory() as directory:
        try:
            function(pathlib.Path(directory))
        except Skip as reason:
            print(f"ok {number} - {sentence} # SKIP {reason}")
        except Exception:
            print(f"not ok {number} - {sentence}")
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
        else:
            print(f"ok {number} - {sentence}")
    sys.stdout.flush()


def main():
    print("TAP version 13")
    print(f"1..{len(tests)}")
    for number, (sentence, function) in enumerate(tests, 1):
        _run(number, sentence, function)
