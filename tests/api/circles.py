#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Archives of objects in, the circles among their files out: circles.py ARCHIVE...

A file uses another if it calls a function or reads an object of it. Exit status 1 if files of one
archive use each other in a circle.
"""

import collections
import graphlib
import pathlib
import re
import subprocess
import sys

SYMBOL = re.compile(r"^.*[:\[](?P<file>[^:\[\]]+\.o)\]?: *[0-9a-f]* (?P<kind>[A-Za-z]) (?P<name>\S+)")


def uses(archive):
    """For each file those that it uses, and by which names."""
    owner, wanted = {}, collections.defaultdict(set)
    listed = subprocess.run(["nm", "-A", archive], capture_output=True, text=True, check=True)
    for symbol in map(SYMBOL.match, listed.stdout.splitlines()):
        if symbol and symbol["kind"] == "U":
            wanted[symbol["file"]].add(symbol["name"])
        elif symbol and symbol["kind"].isupper():
            owner[symbol["name"]] = symbol["file"]
    if len(wanted) < 2:
        sys.exit(f"{archive}: nm lists the symbols of {len(wanted)} files")
    return {file: {owner[name] for name in names if owner.get(name, file) != file}
            for file, names in wanted.items()}


def main(archives):
    status = 0
    for archive in archives:
        graph = uses(archive)
        try:
            graphlib.TopologicalSorter(graph).prepare()
            print(f"{pathlib.Path(archive).name}: {len(graph)} files, no circle")
        except graphlib.CycleError as error:
            print(f"{pathlib.Path(archive).name}: {' <- '.join(error.args[1])}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
