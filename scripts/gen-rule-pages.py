#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/rules/*.md in, one C file with their texts out.

Usage: gen-rule-pages.py FOLDER OUTPUT DEPFILE
"""

import pathlib
import sys

from tables import quoted


def main(folder, output, depfile):
    pages = sorted(p for p in pathlib.Path(folder).glob("*.md") if p.stem != "README")
    with open(output, "w", encoding="utf-8") as f:
        f.write('#include "api/rule_pages.h"\n\n#include <stddef.h>\n\n')
        f.write("const struct kw_rule_page kw_rule_pages[] = {\n")
        for page in pages:
            text = page.read_text(encoding="utf-8")
            if not text.startswith(f"# {page.stem}\n"):
                sys.exit(f"{page}:1: the title must be the rule's id, `# {page.stem}`")
            literal = "\n".join("\t\t" + quoted(line)[:-1] + '\\n"' for line in text.splitlines())
            f.write(f'\t{{ "{page.stem}",\n{literal} }},\n')
        f.write("\t{ NULL, NULL },\n};\n")
    pathlib.Path(depfile).write_text(f"{output}: {folder} " + " ".join(map(str, pages)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
