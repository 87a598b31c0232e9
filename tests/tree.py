# SPDX-License-Identifier: MIT
"""The source tree: its files, a copy of it, a build of a copy.

Everything that is not ours by name is left out: build directories, caches, .git.
"""

import os
import pathlib
import shlex
import shutil
import subprocess

SOURCE = pathlib.Path(os.environ["KVMWHY_SOURCE"])
FOREIGN = {".git", "__pycache__"}


def is_foreign(folder):
    """Whether a folder holds what git does not: a build directory may have any name."""
    return folder.name in FOREIGN or (folder / "meson-private").is_dir()


def files(root=SOURCE):
    """Every file of the tree, sorted; links are left out."""
    for folder, folders, names in os.walk(root):
        here = pathlib.Path(folder)
        folders[:] = sorted(name for name in folders if not is_foreign(here / name))
        yield from (here / name for name in sorted(names) if not (here / name).is_symlink())


def copy(target):
    """The tree as @target."""
    def foreign(folder, names):
        return [name for name in names if is_foreign(pathlib.Path(folder, name))]

    shutil.copytree(SOURCE, target, symlinks=True, ignore=foreign)


def run(args, **kwargs):
    """What a command said; AssertionError with it when the command fails."""
    done = subprocess.run(list(map(str, args)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False, **kwargs)
    assert done.returncode == 0, f"{shlex.join(map(str, args))}\n{done.stdout[-4000:]}"
    return done.stdout
