#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/adding-a-parser.md, followed in a copy of the tree: the monitor that it adds is found and
explained."""

from cli import NOTHING, SOURCE, kvmwhy, main, test
from tree import Tree

CASE = "tests/corpus/tinymon-shutdown"


@test("a parser that is added as docs/adding-a-parser.md says is found in a log, and its failure explained")
def _(directory):
    tree = Tree(SOURCE, directory / "tree")
    commands = tree.follow("docs/adding-a-parser.md")
    tree.configure()
    for command in commands:
        tree.run("sh", "-ec", command)
    answer = (tree.root / CASE / "expect.txt").read_text()
    assert "KVM_EXIT_SHUTDOWN" in answer and "vCPU 1" in answer, answer

    line = (tree.root / CASE / "input").read_bytes()
    log = b"nothing of interest\n" * 100000
    kvmwhy("explain", stdin=line).expect(NOTHING)
    (directory / "long.log").write_bytes(log + line + log)
    assert "line 100001" in tree.run("build/cli/kvmwhy", "explain", directory / "long.log")


main()
