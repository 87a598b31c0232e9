# SPDX-License-Identifier: MIT
"""One emulator: its command line in, what it wrote into its files and on its stderr out.

It runs in a process group of its own, which is killed on every way out; if this program is killed,
the kernel does it. What it writes is bounded, in memory and on disk.
"""

import collections
import contextlib
import dataclasses
import errno
import os
import pathlib
import selectors
import shutil
import signal
import subprocess
import termios
import time

from . import tools

PAUSE_SECONDS = 0.05
MOST_BYTES = 16 << 20       # of one stream: a guest that prints more is looping
LEAST_FREE_BYTES = 1 << 20
MOST_LINES = 20000          # of stderr: the first are dropped
# Other characters at which str.splitlines() splits: a guest must not end a line of the stream with
# them.
NO_LINE_END = dict.fromkeys(map(ord, "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"), "\ufffd")


@dataclasses.dataclass
class Ran:
    """ended: done, timeout, died (it ended before it was done), flood (it wrote too much)."""
    ended: str
    texts: dict             # name of the stream -> all of it
    said: list              # the kept lines of stderr


class Lines:
    """Cuts what arrives in pieces into lines."""
    def __init__(self):
        self.rest = b""

    def add(self, data):
        *lines, self.rest = (self.rest + data).split(b"\n")
        return [line.decode(errors="replace").rstrip("\r") for line in lines]


class Growing:
    """A file that another process writes."""
    def __init__(self, path):
        self.path, self.file, self.parts, self.size, self.lines = path, None, [], 0, Lines()

    def more(self):
        """The lines completed since the last call."""
        if not self.file:
            if not self.path.exists():
                return []
            self.file = open(self.path, "rb")
        data = self.file.read(MOST_BYTES + 1 - self.size)
        self.parts.append(data)
        self.size += len(data)
        return self.lines.add(data)

    def text(self):
        text = b"".join(self.parts).decode(errors="replace")
        return text.replace("\r\n", "\n").translate(NO_LINE_END)

    def close(self):
        if self.file:
            self.file.close()


class Said:
    """Output of the process itself: the wanted lines of stderr; a terminal is only drained."""
    def __init__(self, keep):
        self.keep, self.lines = keep, Lines()
        self.kept, self.selector = collections.deque(maxlen=MOST_LINES), selectors.DefaultSelector()

    def watch(self, fd, is_stderr):
        os.set_blocking(fd, False)
        self.selector.register(fd, selectors.EVENT_READ, is_stderr)

    def read(self, seconds):
        """Waits at most that long; returns whether something came."""
        events = self.selector.select(seconds)
        for key, _mask in events:
            data = b""
            with contextlib.suppress(OSError):      # EIO: the other end of a terminal is closed
                data = os.read(key.fd, 1 << 16)
            if not data:
                self.selector.unregister(key.fd)
            elif key.data:
                self.kept.extend(line for line in self.lines.add(data) if self.keep(line))
        return bool(events)

    def drain(self):
        while self.read(0):
            pass
        self.selector.close()


def start(argv, cwd, terminal):
    """The process, and what must be read: {file descriptor: whether it is stderr}."""
    err, err_end = os.pipe()
    outputs, ends, out_end, env = {err: True}, [err_end], subprocess.DEVNULL, dict(os.environ)
    env.pop("MALLOC_PERTURB_", None)        # Bochs 2.7 reads uninitialised memory, and stops
    if terminal:
        master, out_end = os.openpty()
        termios.tcsetwinsize(out_end, (50, 132))
        env["TERM"] = "vt100"
        outputs[master] = False
        ends.append(out_end)
    try:
        process = subprocess.Popen([tools.path("setpriv"), *tools.WITH_US, *argv], cwd=cwd, env=env, stdin=out_end,
                                   stdout=out_end, stderr=err_end, start_new_session=True)
    finally:
        for fd in ends:
            os.close(fd)
    return process, outputs


def finish(process):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def new_lines(files, on_line, done):
    """Reads what was added: how that ended the run, None if it continues, and what on_line returned
    last."""
    seconds = None
    for name, file in files.items():
        for line in file.more():
            if name == "stream":
                seconds = on_line(line) or seconds
            if name == "stream" and done(line):
                return "done", None
        if file.size > MOST_BYTES:
            return "flood", None
    return None, seconds


def follow(process, said, files, seconds, on_line, done):
    """Until the process is done, dead or out of time: how it ended."""
    late = time.monotonic() + seconds
    while True:
        dead = process.poll() is not None
        ended, more = new_lines(files, on_line, done)
        if ended or dead:
            return ended or "died"
        if more:
            late = time.monotonic() + more
        if time.monotonic() > late:
            return "timeout"
        said.read(PAUSE_SECONDS)


def check_disk(cwd):
    """An emulator does not report output it could not write."""
    if shutil.disk_usage(cwd).free < LEAST_FREE_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(cwd))


def is_done(line):
    return line.startswith("@done")


def run(argv, cwd, seconds, streams, on_line, done=is_done, keep=bool, terminal=False):
    """Runs argv in the folder cwd until done(line) is true for a line of the stream named `stream`.

    streams: name -> file in cwd that it writes. on_line gets each line of `stream` immediately; a
    number it returns is how many seconds are left from then on. keep(line) selects lines of stderr.
    terminal: stdin and stdout are a terminal, which nobody sees.
    """
    files = {name: Growing(pathlib.Path(cwd, path)) for name, path in streams.items()}
    for file in files.values():
        file.path.unlink(missing_ok=True)
    said = Said(keep)
    process, outputs = start(argv, cwd, terminal)
    try:
        for fd, is_stderr in outputs.items():
            said.watch(fd, is_stderr)
        ended = follow(process, said, files, seconds, on_line, done)
    finally:
        finish(process)
        said.drain()
        for fd in outputs:
            os.close(fd)
        for file in files.values():
            file.more()
            file.close()
    if ended != "done":
        check_disk(cwd)
    return Ran(ended, {name: file.text() for name, file in files.items()}, list(said.kept))
