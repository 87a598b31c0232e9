# SPDX-License-Identifier: MIT
"""The files of the source tree, without what git ignores: build directories, caches, .git."""

import os
import pathlib

SOURCE = pathlib.Path(os.environ["KVMWHY_SOURCE"])
FOREIGN = {".git", "__pycache__"}


def is_foreign(folder):
    """Whether git ignores the contents of a folder: a build directory may have any name."""
    return folder.name in FOREIGN or (folder / "meson-private").is_dir()


def files(root=SOURCE):
    """Every file of the tree, sorted, without links."""
    for folder, folders, names in os.walk(root):
        here = pathlib.Path(folder)
        folders[:] = sorted(name for name in folders if not is_foreign(here / name))
        yield from (here / name for name in sorted(names) if not (here / name).is_symlink())
