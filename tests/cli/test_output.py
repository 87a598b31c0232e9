#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Where the answer goes, and what must never be in it."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import threading
import time

from cli import (CASE, FOUND, NOTHING, TOOL, TROUBLE, Skip, environment, equal, kvmwhy, main,
                 test)

LOG = CASE.read_bytes()
ESCAPE = b"\x1b["


def open_terminal():
    try:
        return pty.openpty()
    except OSError as error:
        raise Skip(f"no pseudo-terminal to be had: {error}") from None


def on_terminal(args, stdin=LOG, **env):
    """Runs the tool with its output and complaints on a terminal; returns what the terminal got."""
    ours, theirs = open_terminal()
    seen = []

    def collect():
        try:
            while data := os.read(ours, 65536):
                seen.append(data)
        except OSError:
            pass

    with subprocess.Popen([TOOL, *args], stdin=subprocess.PIPE, stdout=theirs, stderr=theirs,
                          env=environment(**env)) as process:
        os.close(theirs)
        reader = threading.Thread(target=collect)
        reader.start()
        process.stdin.write(stdin[:len(stdin) // 2])
        process.stdin.flush()
        if env.get("SLOW"):
            time.sleep(1.2)
        process.stdin.write(stdin[len(stdin) // 2:])
        process.stdin.close()
        process.wait()
        reader.join()
    os.close(ours)
    return b"".join(seen)


@test("colour is for a terminal only, and NO_COLOR and TERM are honoured")
def _(_):
    assert ESCAPE in on_terminal([], TERM="xterm", NO_COLOR=None)
    assert ESCAPE in on_terminal([], TERM="xterm", NO_COLOR="")
    for env in ({"TERM": "xterm", "NO_COLOR": "1"}, {"TERM": "dumb", "NO_COLOR": None},
                {"TERM": None, "NO_COLOR": None}):
        assert ESCAPE not in on_terminal([], **env), env
    assert ESCAPE not in kvmwhy(stdin=LOG, env=environment(TERM="xterm")).out
    assert ESCAPE not in on_terminal(["--color", "never"], TERM="xterm", NO_COLOR=None)
    env = environment(TERM="dumb", NO_COLOR="1")
    assert ESCAPE in kvmwhy("--color", "always", stdin=LOG, env=env).out


@test("JSON and HTML are never coloured")
def _(_):
    for form in "json", "ndjson", "html":
        assert ESCAPE not in kvmwhy("--color", "always", "--format", form, stdin=LOG).out, form


@test("progress is shown on a terminal after a second, and erased")
def _(_):
    log = b"x\n" * 1000 + LOG
    seen = on_terminal([], stdin=log, TERM="xterm", NO_COLOR="1", SLOW="1")
    assert re.search(rb"\x1b\[K\d+ MB read, \d failures?\r\x1b\[K", seen), seen
    assert b" MB read" not in on_terminal([], TERM="xterm", NO_COLOR="1")
    assert b" MB read" not in on_terminal([], stdin=log, TERM="dumb", SLOW="1")


@test("a terminal as the standard input is told to paste")
def _(_):
    ours, theirs = open_terminal()
    with subprocess.Popen([TOOL], stdin=theirs, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        os.close(theirs)
        os.write(ours, LOG + b"\n\x04")
        out, err = process.communicate(timeout=60)
    os.close(ours)
    assert b"paste it, then press Ctrl-D" in err, err
    equal(process.returncode, FOUND)
    assert b"0x838" in out, out


def is_clean(data):
    """Whether no terminal would interpret @data."""
    text = data.decode("utf-8")
    return not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


HOSTILE = [b"\x1b[31m", b"\x1b]0;owned\x07", b"\x9b2J", b"\xc2\x9b2J", b"\x00", b"\x08\x7f", b"\r",
           b"\xff\xfe", b"\xe2\x80\xae", b"</pre><script>alert(1)</script>", b'"\\',
           b"\xf4\x90\x80\x80"]


@test("escape sequences of a log are never passed on, wherever they stand")
def _(_):
    lines = LOG.splitlines(keepends=True)
    for text in HOSTILE:
        torn = b"".join(line[:9] + text + line[9:] for line in lines)
        before = b"".join(text + line for line in lines)
        behind = b"".join(line.rstrip(b"\n") + text + b"\n" for line in lines)
        for log in torn, before, behind:
            for form in "text", "json", "ndjson", "html":
                result = kvmwhy("--all", "--format", form, stdin=log)
                assert result.status in (FOUND, NOTHING), result
                assert is_clean(result.out) and is_clean(result.err), (text, form, result.out)
                assert b"<script>alert" not in result.out or form != "html", result.out
                if form == "json":
                    json.loads(result.out)


@test("escape sequences of file names and arguments are never passed on")
def _(directory):
    for text in HOSTILE:
        if b"\x00" in text:
            continue
        name = os.fsencode(directory) + b"/" + text.replace(b"/", b"|")
        results = [kvmwhy(name), kvmwhy(name[-9:]), kvmwhy("--" + text.decode("latin-1")),
                   kvmwhy("--format", text), kvmwhy("msr", text), kvmwhy("msr", "1", text),
                   kvmwhy("insn", "--mode", "64", text), kvmwhy("rule", text),
                   kvmwhy("help", text), kvmwhy("version", text), kvmwhy("-o", name + b"/x", CASE)]
        with open(name, "wb") as file:
            file.write(LOG)
        results += [kvmwhy("--format", form, name, CASE)
                    for form in ("text", "json", "ndjson", "html")]
        for result in results:
            assert is_clean(result.out) and is_clean(result.err), (text, str(result))


@test("-o writes a file, replaces what it held, and keeps the standard output quiet")
def _(directory):
    answer = directory / "answer"
    answer.write_text("x" * 100000)
    equal(kvmwhy("-o", answer, CASE).expect(FOUND).out, b"")
    equal(answer.read_bytes(), kvmwhy(CASE).out)
    equal(kvmwhy(f"--output={answer}", "--format", "json", CASE).expect(FOUND).out, b"")
    equal(len(json.loads(answer.read_text())), 1)
    kvmwhy("-o", directory / "no" / "answer", CASE).expect(TROUBLE, err="cannot write")


@test("an output that is also an input is refused and left alone")
def _(directory):
    log = directory / "log"
    log.write_bytes(LOG)
    kvmwhy("-o", log, log).expect(TROUBLE, err="is also an input")
    with open(log, "rb") as stdin, open(log, "ab") as stdout:
        done = subprocess.run([TOOL], stdin=stdin, stdout=stdout, stderr=subprocess.PIPE,
                              check=False)
    equal(done.returncode, TROUBLE)
    equal(log.read_bytes(), LOG)


@test("a full disk and a closed standard output are said")
def _(_):
    for redirection, message in (">/dev/full", "No space left"), (">&-", "Bad file descriptor"):
        for args in f"explain {CASE}", "msr 0x404", "rule", "--help", "version":
            done = subprocess.run(["sh", "-c", f'"$0" {args} {redirection}', TOOL],
                                  capture_output=True, text=True, check=False)
            equal((args, done.returncode), (args, TROUBLE))
            assert f"cannot write 'standard output': {message}" in done.stderr, done.stderr


def leave(many, disposition):
    """Runs the tool on @many dumps with a reader that quits after the first bytes."""
    with subprocess.Popen([TOOL, "--format", "ndjson", *[CASE] * many], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          restore_signals=False,
                          preexec_fn=lambda: signal.signal(signal.SIGPIPE, disposition)) as process:
        os.read(process.stdout.fileno(), 10)
        process.stdout.close()
        err = process.stderr.read()
    return process.returncode, err


@test("a reader that leaves ends the work without a word")
def _(_):
    equal(leave(2000, signal.SIG_DFL), (-signal.SIGPIPE, b""))
    equal(leave(2000, signal.SIG_IGN), (TROUBLE, b""))


@test("what was found in a pipe is shown before the pipe ends")
def _(_):
    with subprocess.Popen([TOOL], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdin.write(LOG + b"\n" + LOG + b"all is well again\n" * 2000)
        process.stdin.flush()
        ready, _, _ = select.select([process.stdout], [], [], 20)
        process.communicate(b"")
    assert ready, "nothing"


main()
