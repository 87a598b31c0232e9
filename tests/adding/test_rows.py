#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The table "To add X, touch Y" of CONTRIBUTING.md is followed in a copy of the tree, which is then
built.

A change may only touch what its row names.
"""

import re

from cli import SOURCE, equal, main, test
from tree import Tree

CONTRIBUTING = (SOURCE / "CONTRIBUTING.md").read_text(encoding="utf-8")
# What stands for any name in a path of a row.
ANY = re.compile(r"\\?\*|NAME|ARCH")

MSR = """msr   0xfffffff0 ADDED_BY_A_TEST both
cite  tests/adding
about a register that no processor has
access rw
res   63:1
field 0     NEW     the bit that was added
end
"""
PREDICATE = """static bool added_by_a_test(const struct kw_case *c)
{
	return c->f->rcx == 0x838;
}

"""
RULE = """	{
		.id = "added-by-a-test",
		.aside = true,
		.certainty = KW_POSSIBLE,
		.classes = KW_IN(KVM_RUN_FAILED),
		.needs = { KW_NEED(rcx) },
		.test = added_by_a_test,
		.title = "RCX is {rcx}, says a rule that was added",
		.why = "It was added by a test.",
		.todo = { KW_DO("Nothing.") },
		.source = { "tests/adding" },
	},
"""
PAGE = """# added-by-a-test

RCX is 0x838.

## Recognised by
RCX.

## Why
It was added by a test.

## Confirm
Look.

## Do
Nothing.

## Cannot tell
Anything else.

## Sources
- tests/adding

Specimen: none yet: tests/unit/test_rules.c builds the record
"""
RECORD = '	RUN("added-by-a-test", KERNEL "errno_number=5 rcx=0x838", "90"),\n'
SUBERROR = """source tests/adding

77 added-by-a-test
	ndata 1
	word added the word that was added
"""
SUBERROR_LOG = "KVM internal error. Suberror: 77\nextra data[0]: 0x0000000000000005\n"


def rows():
    """What is added -> the paths that its row of the table names."""
    table = CONTRIBUTING.partition("## To add X, touch Y")[2].partition("\n## ")[0]
    found = {}
    for added, touched in re.findall(r"^\| (?!to add)([^|]+) \| ([^|]+) \|$", table, re.M):
        paths = [word for word in re.findall(r"`([^`]+)`", touched) if "/" in word]
        found[added] = paths + re.findall(r"\]\((docs/[^)#]+)", touched)
    return found


class Rows:
    """Changes to a tree that the rows of the table allow."""

    def __init__(self, tree):
        self.tree = tree

    def path(self, added, name):
        """The path of @name, if the row for what is added covers it."""
        allowed = next(paths for what, paths in rows().items() if what.startswith(added))
        patterns = [ANY.sub("[^/]*", re.escape(one)) for one in allowed]
        assert any(re.fullmatch(f"{one}.*" if one.endswith("/") else one, name) for one in patterns), \
            f"{name} is touched, but the row names only {allowed}"
        return self.tree.root / name

    def write(self, added, name, text):
        self.path(added, name).write_text(text, encoding="utf-8")

    def insert(self, added, name, before, text):
        """Puts @text before the last line that begins with @before, or at the end for None."""
        path = self.path(added, name)
        old = path.read_text(encoding="utf-8")
        at = len(old) if before is None else old.rindex(f"\n{before}") + 1
        path.write_text(old[:at] + text + old[at:], encoding="utf-8")


def add_register(to):
    to.insert("an MSR", "data/msr.tbl", None, f"\n{MSR}")


def add_suberror(to):
    to.insert("an exit reason", "data/kvm_suberror.tbl", None, f"\n{SUBERROR}")


def add_rule(to):
    general, index = "lib/explain/rules/general.c", "docs/rules/README.md"
    to.insert("a rule", general, "const struct kw_rule ", PREDICATE)
    to.insert("a rule", general, "\t{ 0 }", RULE)
    to.write("a rule", "docs/rules/added-by-a-test.md", PAGE)
    to.insert("a rule", index, None, "| [added-by-a-test](added-by-a-test.md) | possible | It was added. |\n")
    to.insert("a rule", "tests/unit/rule_records.h", "};", RECORD)


@test("every path that the table names is there")
def _(_):
    assert len(rows()) > 10
    missing = [(added, path) for added, paths in rows().items() for path in paths
               if not list(SOURCE.glob(ANY.sub("*", path).rstrip("/")))]
    equal(missing, [])


@test("a register, a suberror and a rule, added as their rows say, work")
def _(directory):
    tree = Tree(SOURCE, directory / "tree")
    for add in (add_register, add_suberror, add_rule):
        add(Rows(tree))
    tree.configure(tests=True)
    tree.run("ninja", "-C", "build", "cli/kvmwhy", "tests/unit/test_rules")
    (directory / "log").write_text(SUBERROR_LOG)
    for args, expected in ((["msr", "0xfffffff0", "1"], "the bit that was added"),
                           (["rule", "added-by-a-test"], "It was added by a test."),
                           ([directory / "log"], "the word that was added"),
                           (["examples/starting-case.log"], "RCX is 0x838, says a rule that was added")):
        said = " ".join(tree.run("build/cli/kvmwhy", *args).split())
        assert expected in said, f"{args}: {said}"
    tree.run("build/tests/unit/test_rules")


main()
