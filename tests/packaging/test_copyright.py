#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""packaging/debian/copyright says the same about each file as the file's own first lines."""

import fnmatch
import re
import subprocess

from cli import SOURCE, Skip, equal, main, test

TAG = re.compile(r"SPDX-License-Identifier: (\(?(?:MIT|GPL-2\.0-only)(?: WITH Linux-syscall-note\))?(?: OR MIT)?)")


def stanzas():
    """(patterns, licence) in file order: the last match for a path counts."""
    text = (SOURCE / "packaging/debian/copyright").read_text(encoding="utf-8")
    for files, licence in re.findall(r"^Files: ([^:]*)\nCopyright: .*\nLicense: (.*)$", text, re.M):
        yield files.split(), licence


def declared(path):
    found = [licence for patterns, licence in stanzas() if any(fnmatch.fnmatch(path, p) for p in patterns)]
    return set(found[-1].split(" or "))


@test("the licences of the package are those of the files")
def _(_):
    listed = subprocess.run(["git", "-C", SOURCE, "ls-files", "-z"], capture_output=True, check=False)
    if listed.returncode:
        raise Skip("this is no git checkout")
    wrong, seen = [], 0
    for name in listed.stdout.decode().split("\0")[:-1]:
        path = SOURCE / name
        head = "" if path.is_symlink() else path.read_bytes()[:300].decode("utf-8", "replace")
        tag = TAG.search(head)
        if not tag or name.startswith("LICENSES/"):
            continue
        seen += 1
        said = set(tag[1].replace("(", "").replace(")", "").split(" OR "))
        if not said <= declared(name) or (said != {"MIT"} and said != declared(name)):
            wrong.append((name, said, declared(name)))
    equal(wrong, [])
    assert seen > 100, seen


@test("each licence that is named has its text")
def _(_):
    text = (SOURCE / "packaging/debian/copyright").read_text(encoding="utf-8")
    named = {licence for _, licences in stanzas() for licence in licences.split(" or ")}
    equal(named, set(re.findall(r"^License: (.*)\n ", text, re.M)))


main()
