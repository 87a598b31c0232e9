#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The documents: what they show is what the tool prints, and what they link to exists.

A ```console block begins with `$ COMMAND`, run by sh at the root of the source; its output follows,
in which a line of three dots stands for any lines. `test_documents.py rebase` rewrites the output
of blocks without such a line; review the diff.
"""

import os
import re
import subprocess
import sys

from cli import SOURCE, TOOL, equal, kvmwhy, main, test

DOCUMENTS = [SOURCE / name for name in ("README.md", "CONTRIBUTING.md", "NEWS.md", "SECURITY.md")]
DOCUMENTS += sorted((SOURCE / "docs").glob("*.md")) + sorted((SOURCE / "docs/rules").glob("*.md"))
CONSOLE = re.compile(r"^```console\n\$ (.*)\n((?:.*\n)*?)```$", re.M)
FOLDERS = "lib|cli|data|scripts|tests|docs|man|bench|include|examples"
NAMED = re.compile(rf"`((?:{FOLDERS})/[\w./-]*)`")
INDEXED = re.compile(r"^\| \[([a-z0-9-]+)\]\(\1\.md\) \|", re.M)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def output_of(command):
    path = f"{os.path.dirname(TOOL)}:{os.environ['PATH']}"
    done = subprocess.run(["sh", "-c", command], cwd=SOURCE, capture_output=True, text=True,
                          check=False, timeout=60,
                          env={**os.environ, "PATH": path, "LC_ALL": "C.UTF-8"})
    return done.stdout + done.stderr


def fits(shown, actual):
    """Whether @actual is @shown, with lines of three dots as any lines."""
    pattern = "".join(r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line)
                      for line in shown.splitlines(True))
    return re.fullmatch(pattern, actual) is not None


def rebase():
    for document in DOCUMENTS:
        old = document.read_text()
        new = CONSOLE.sub(lambda block: block[0] if "\n..." in "\n" + block[2] else
                          f"```console\n$ {block[1]}\n{output_of(block[1])}```", old)
        if new != old:
            document.write_text(new)
            print(document)


@test("each command shown in a document prints what stands below it")
def _(_):
    count = 0
    for document in DOCUMENTS:
        for command, shown in CONSOLE.findall(document.read_text()):
            actual = output_of(command)
            assert fits(shown, actual), f"{document}: {command}\nshown:\n{shown}\nactual:\n{actual}"
            count += 1
    assert count > 5, f"{count} commands"


@test("every link to a file of the project leads somewhere")
def _(_):
    for document in DOCUMENTS:
        for target in LINK.findall(document.read_text()):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document}: {target}"


@test("every file or folder that a document names in backquotes is there")
def _(_):
    for document in DOCUMENTS:
        for name in NAMED.findall(document.read_text()):
            if not re.search(r"\b(NAME|ID|ARCH)\b|_NAME", name):
                assert (SOURCE / name).exists(), f"{document}: {name}"


@test("README.md has less than 150 lines and begins with a failure and its answer")
def _(_):
    text = (SOURCE / "README.md").read_text()
    assert len(text.splitlines()) < 150, len(text.splitlines())
    assert text.index("kvm run failed") < text.index("$ kvmwhy") < text.index("## Install")
    assert "make demo" in text and "make check" in text


@test("docs/rules/README.md lists each rule once, in the order of the rules")
def _(_):
    listed = INDEXED.findall((SOURCE / "docs/rules/README.md").read_text())
    rules = re.findall(r"^ {0,2}([a-z0-9]+(?:-[a-z0-9]+)*) ", kvmwhy("rule").expect(0).text(), re.M)
    equal(set(listed) ^ set(rules), set())
    equal(listed, rules)


@test("docs/entry-checks.md lists the checks as they are")
def _(_):
    done = subprocess.run([sys.executable, SOURCE / "scripts/gen-check-table.py", "--check", TOOL,
                           SOURCE / "docs/entry-checks.md"], capture_output=True, text=True, check=False)
    equal((done.returncode, done.stderr), (0, ""))


@test("a page of a rule has its sections, and 12 to 60 lines that fit a terminal")
def _(_):
    wanted = ["Recognised by", "Why", "Confirm", "Do", "Cannot tell", "Sources"]
    for page in sorted((SOURCE / "docs/rules").glob("*.md")):
        if page.stem == "README":
            continue
        text = page.read_text()
        equal((page.stem, re.findall(r"^## (.*)$", text, re.M)), (page.stem, wanted))
        assert 12 <= len(text.splitlines()) <= 60, f"{page.stem}: {len(text.splitlines())} lines"
        assert max(map(len, text.splitlines())) <= 120, f"{page.stem}: a line is too long"


if sys.argv[1:] == ["rebase"]:
    rebase()
else:
    main()
