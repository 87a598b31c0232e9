# SPDX-License-Identifier: MIT
"""A copy of the source tree that something is added to, as a document says, and its build."""

import os
import pathlib
import re
import shutil
import subprocess

FENCE = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.M | re.S)


def _skipped(folder, names):
    """Build directories and git's data."""
    return [name for name in names if name in (".git", "__pycache__") or
            (pathlib.Path(folder) / name / "meson-private").is_dir()]


class Tree:
    def __init__(self, source, root):
        self.root = root
        shutil.copytree(source, root, ignore=_skipped, symlinks=True)

    def _insert(self, path, hunk):
        """Lines that begin with + go between those that begin with a blank, which must be
        adjacent."""
        old = "".join(line[1:] for line in hunk.splitlines(True) if line[0] == " ")
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{path}: these lines are there {text.count(old)} times:\n{old}"
        path.write_text(text.replace(old, "".join(line[1:] for line in hunk.splitlines(True))), encoding="utf-8")

    def follow(self, document):
        """Writes each block of a document that names a file to it; returns the commands (sh) to
        run."""
        commands = []
        for kind, name, text in FENCE.findall((self.root / document).read_text(encoding="utf-8")):
            path = self.root / name
            if kind == "sh":
                commands.append(text)
            elif kind == "diff":
                self._insert(path, text)
            elif name:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        return commands

    def run(self, *command, status=0):
        env = {**os.environ, "CCACHE_BASEDIR": str(self.root)}
        env.pop("LD_LIBRARY_PATH", None)    # of the build under test
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False, env=env)
        assert done.returncode == status, f"{command}: {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    def configure(self, tests=False):
        """A build/ that is as small and fast as possible."""
        self.run("meson", "setup", "build", f"-Dtests={str(tests).lower()}", "-Dwatch=disabled", "-Djournal=disabled", "-Dtracefs=disabled",
                 "-Doptimization=0", "-Ddebug=false")
