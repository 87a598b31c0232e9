#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The public header, alone, in C99 and C++; it, the exports and libkvmwhy(3) name the same."""

import re
import shutil

from cli import SOURCE, Skip, equal, main, test
from program import CC, LIBRARY, compile_only, cxx, run

HEADER = SOURCE / "include/kvmwhy/kvmwhy.h"
MAP = SOURCE / "lib/api/libkvmwhy.map"
PAGE = SOURCE / "man/libkvmwhy.3.scd"


def declared():
    return set(re.findall(r"^KW_API [^;(]*?\b(kw_\w+)\(", HEADER.read_text(), re.M))


def exported():
    return set(re.findall(r"^\t(kw_\w+);$", MAP.read_text(), re.M))


def source(directory, name):
    """A file that contains only the header, twice."""
    path = directory / name
    path.write_text("#include <kvmwhy/kvmwhy.h>\n#include <kvmwhy/kvmwhy.h>\nextern int nothing;\n")
    return path


@test("the header compiles alone as strict C99, C11 and C17")
def _(directory):
    for standard in "c99", "c11", "c17":
        compile_only([*CC, f"-std={standard}", "-Wstrict-prototypes"],
                     source(directory, "header.c"))


@test("the header compiles alone as strict C++98, C++11 and C++20")
def _(directory):
    compiler = cxx()
    # C++98 has no <cstdint>; its compilers read <stdint.h> all the same, and know "long long".
    compile_only([*compiler, "-std=c++98", "-Wno-long-long"], source(directory, "header.cc"))
    for standard in "c++11", "c++20":
        compile_only([*compiler, f"-std={standard}"], source(directory, "header.cc"))


@test("the header is below 600 lines and includes the standard's headers only")
def _(_):
    text = HEADER.read_text()
    assert len(text.splitlines()) < 600
    equal(set(re.findall(r"#include\s+(\S+)", text)), {"<stddef.h>", "<stdint.h>"})


@test("header and version script name the same functions")
def _(_):
    equal(exported(), declared())


@test("the shared library exports these functions and nothing else")
def _(_):
    if not shutil.which("nm"):
        raise Skip("no nm")
    names = re.findall(r" T (\w+)(?:@@\S+)?$", run(["nm", "-D", "--defined-only", LIBRARY]), re.M)
    equal(set(names), exported())
    data = re.findall(r" [BDRGSV] (\w+)", run(["nm", "-D", "--defined-only", LIBRARY]))
    equal(data, [])


@test("every exported function is described in libkvmwhy(3), and no other")
def _(_):
    equal(set(re.findall(r"^\*[^*(]*?(?:\\\*)*(kw_\w+)\(", PAGE.read_text(), re.M)), exported())


@test("every declaration of a function has a comment in front of it, or shares one, which says since when")
def _(_):
    for block in re.split(r"\n\n+", HEADER.read_text()):
        if "\nKW_API" in "\n" + block:
            assert block.startswith("/**"), block
            assert "Since: " in block.partition("*/")[0], block


main()
