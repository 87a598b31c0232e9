# SPDX-License-Identifier: MIT
"""Man pages as `man` shows them: a page in, its text out, and the examples that a reader copies."""

import os
import re
import shutil
import subprocess
import textwrap

from cli import SOURCE, Skip

# Wide, so that no line of an example is broken; no escape sequences of a terminal.
PLAIN = {"MANWIDTH": "200", "MAN_KEEP_FORMATTING": "", "GROFF_NO_SGR": "1", "LC_ALL": "C.UTF-8"}


def _said(command, text, **changes):
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False,
                          timeout=60, env=dict(os.environ, **changes))
    assert not done.returncode, f"{command}: {done.stderr}"
    return done.stdout


def viewers():
    """The programs of this machine that show a page: by name, what to run."""
    known = {"man": ["man", "-P", "cat", "-l", "-"],
             "mandoc": ["mandoc", "-T", "utf8", "-O", "width=200"]}
    found = {name: command for name, command in known.items() if shutil.which(name)}
    # On some systems man is mandoc's, or a stub that names the package which was left out.
    if "man" in found:
        version = subprocess.run(["man", "--version"], capture_output=True, text=True, check=False)
        if not version.stdout.startswith("man 2."):
            del found["man"]
    if not found or not shutil.which("scdoc"):
        raise Skip("needs scdoc and a man-db or mandoc")
    return found


def shown(page, viewer):
    """What @viewer prints for man/@page.scd."""
    roff = _said(["scdoc"], (SOURCE / f"man/{page}.scd").read_text())
    return re.sub(".\b", "", _said(viewer, roff, **PLAIN))


def examples(page):
    """For each viewer, the literal blocks of a page as it shows them, indented by tabs again."""
    blocks = re.findall(r"^```\n(.*?)^```$", (SOURCE / f"man/{page}.scd").read_text(), re.M | re.S)
    for name, command in viewers().items():
        text = shown(page, command)
        yield name, [_block(text, block, f"{page} in {name}") for block in blocks]


def _block(text, block, where):
    """As many lines of @text as @block has, from the last that is @block's first: a synopsis may
    have it, too."""
    lines = [line.strip() for line in text.splitlines()]
    wanted = block.rstrip("\n").splitlines()
    starts = [i for i, line in enumerate(lines) if line == " ".join(wanted[0].split("\t")).strip()]
    assert starts, f"{where}: no line {wanted[0]!r}"
    return textwrap.dedent("\n".join(text.splitlines()[starts[-1]:starts[-1] + len(wanted)])) + "\n"
