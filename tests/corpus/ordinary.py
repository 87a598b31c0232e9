#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""200 MB of ordinary logs in, nothing out: ordinary.py KVMWHY ORDINARY.

data/ordinary.txt has a line for each wording, written by us from the formats of their programs:
kernel, systemd, libvirt, QEMU, Proxmox, OpenStack, containers, small monitors that are well. Some
come near to messages that kvmwhy knows; the library's search is ranked by the same lines. {d}, {n},
{v} and {w} are numbers of one, two, four and eight digits, {a} is a letter.
"""

import pathlib
import random
import subprocess
import sys

TOTAL, BLOCK = 200 << 20, 4 << 20
NOTHING_FOUND = 1


def fill(rng, line):
    for name, make in (("{d}", lambda: str(rng.randrange(10))),
                       ("{n}", lambda: str(rng.randrange(10, 60))),
                       ("{v}", lambda: str(rng.randrange(1000, 10000))),
                       ("{w}", lambda: f"{rng.randrange(1 << 32):08x}"),
                       ("{a}", lambda: rng.choice("abcdefgh"))):
        while name in line:
            line = line.replace(name, make(), 1)
    return line


def block(rng, lines, dated):
    """Lines in random order, as a collector's file has them; @dated in syslog's form."""
    text, size = [], 0
    while size < BLOCK:
        line = fill(rng, rng.choice(lines))
        if dated and line[0].isalpha():
            line = f"Mar  4 10:{rng.randrange(60):02}:{rng.randrange(60):02} host1 {line}"
        text.append(line)
        size += len(line) + 1
    return "\n".join(text).encode() + b"\n"


def reported(kvmwhy, blocks, total):
    """What kvmwhy says of so many bytes of the blocks in turns, and its exit status."""
    with subprocess.Popen([kvmwhy, "explain", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as process:
        written = 0
        while written < total:
            for one in blocks:
                process.stdin.write(one)
                written += len(one)
        process.stdin.close()
        said = process.stdout.read().decode()
    return process.returncode, said


def main(kvmwhy, ordinary):
    lines = pathlib.Path(ordinary).read_text(encoding="utf-8").splitlines()
    for line in lines:      # each alone, so that what is wrong has a name
        status, said = reported(kvmwhy, [fill(random.Random(1), line).encode() + b"\n"], 1)
        if status != NOTHING_FOUND or said:
            sys.exit(f"reported, exit status {status}: {line}\n{said}")
    rng = random.Random(2)
    status, said = reported(kvmwhy, [block(rng, lines, False), block(rng, lines, True)], TOTAL)
    if status != NOTHING_FOUND or said:
        sys.exit(f"exit status {status}\n{said}")
    print(f"{len(lines)} wordings, {TOTAL >> 20} MB: nothing reported")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
