#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/rules/*.md in, one C file with their texts out, each with README.md's line about it.

The line that names a page's specimen is for the reader of the sources, and is left out.

Usage: gen-rule-pages.py FOLDER OUTPUT DEPFILE
"""

import pathlib
import re
import sys

from tables import quoted

SPECIMEN = re.compile(r"\n*^Specimen: (?:corpus: |examples/|tests/corpus/|none yet: ).*\n*\Z", re.M)
ROW = re.compile(r"^\| \[([^]]+)\]\([^)]*\) \|[^|]*\| (.*) \|$", re.M)


def main(folder, output, depfile):
    says = dict(ROW.findall((pathlib.Path(folder) / "README.md").read_text(encoding="utf-8")))
    pages = sorted(p for p in pathlib.Path(folder).glob("*.md") if p.stem != "README")
    with open(output, "w", encoding="utf-8") as f:
        f.write('#include "api/rule_pages.h"\n\n#include <stddef.h>\n\n')
        f.write("const struct kw_rule_page kw_rule_pages[] = {\n")
        for page in pages:
            text = page.read_text(encoding="utf-8")
            if not text.startswith(f"# {page.stem}\n"):
                sys.exit(f"{page}:1: the title must be the rule's id, `# {page.stem}`")
            if page.stem not in says:
                sys.exit(f"{folder}/README.md: no row of `{page.stem}`")
            text, named = SPECIMEN.subn("\n", text)
            if not named:
                sys.exit(f"{page}: the last line names no specimen: `Specimen: tests/corpus/NAME`")
            sentence = quoted(says[page.stem].replace("`", ""))
            literal = "\n".join("\t\t" + quoted(line)[:-1] + '\\n"' for line in text.splitlines())
            f.write(f'\t{{ "{page.stem}",\n\t\t{sentence},\n{literal} }},\n')
        f.write("\t{ NULL, NULL, NULL },\n};\n")
    inputs = [folder, f"{folder}/README.md", *map(str, pages)]
    pathlib.Path(depfile).write_text(f"{output}: {' '.join(inputs)}\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
