#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every log of the corpus through kvmwhy.wasm and through the command: the same bytes, in every
format.

usage: test_corpus.py KVMWHY LOG...
"""

import pathlib
import subprocess
import sys
import tempfile

import web


def main(kvmwhy, logs):
    web.build()
    with tempfile.TemporaryDirectory() as folder:
        for form in ("text", "ndjson", "html"):
            for number, log in enumerate(logs):
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
