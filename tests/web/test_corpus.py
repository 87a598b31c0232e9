#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every log of the corpus, and damaged copies of them, through kvmwhy.wasm and through the command:
the same bytes, in every format.

usage: test_corpus.py KVMWHY LOG...
"""

import pathlib
import random
import subprocess
import sys
import tempfile

import web


DAMAGED = 300
BYTES_MAX = 1 << 16


def damaged(chance, texts):
    """As the fuzz targets' replay damages its inputs: bytes overwritten, omitted, moved, spliced."""
    text = bytearray(chance.choice(texts)[:BYTES_MAX])
    for _ in range(chance.randint(1, 8)):
        at, count, other = chance.randrange(len(text)), chance.randint(1, 60), chance.choice(texts)
        start = chance.randrange(len(other))
        kind = chance.randrange(5)
        if kind == 0:
            text[at] = chance.randrange(256)
        elif kind == 1:
            text[at:at + count] = b""
        elif kind == 2:
            text[at:at] = text[at:at + count]
        elif kind == 3:
            text[at:at] = other[start:start + count]
        elif chance.randrange(8) == 0:
            del text[at:]
        text = text or bytearray(b"\n")
    return bytes(text)


def damage(folder, logs):
    """The same copies each time; their paths."""
    chance = random.Random(20220521)
    texts = [text for text in (pathlib.Path(log).read_bytes() for log in logs) if text]
    paths = [pathlib.Path(folder, f"damaged-{number}") for number in range(DAMAGED)]
    for path in paths:
        path.write_bytes(damaged(chance, texts))
    return [str(path) for path in paths]


def main(kvmwhy, logs):
    web.build()
    with tempfile.TemporaryDirectory() as folder:
        whole, logs = len(logs), [*logs, *damage(folder, logs)]
        for number, log in enumerate(logs):
            for form in ("text", "ndjson", "html") if number < whole else ("ndjson",):
                answer = subprocess.run([kvmwhy, "explain", "--all", "--format", form, log],
                                        capture_output=True, check=False).stdout
                pathlib.Path(folder, f"{number}.{form}").write_bytes(answer)
        script = web.SOURCE / "tests/web/corpus.mjs"
        done = subprocess.run(["node", script, web.PACKAGE / "kvmwhy.mjs", folder, *logs],
                              check=False)
    return done.returncode


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
