#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What KVM was observed to do on RDMSR and WRMSR (data/kvm_msr_seen.tbl) in, one C file out.

    gen-msr-seen.py -o msr_seen_tables.c data/kvm_msr_seen.tbl

The head of the table describes its format. lab/sweep uses the classes here to read and write it.
Refused: an unknown word, a kernel without an `on` line before it, two answers of a kernel for one
index. Errors read "file:line: what".
"""

import argparse
import re
import sys
from collections import namedtuple

from tables import Refused, lines, quoted

CPUS = ("amd", "intel")
TRIES = ("read", "zero", "one", "ones", "same")     # enum kw_msr_try of lib/decode/x86/msr_seen.h
MAX_KERNELS = 16                                    # bits of kw_msr_seen.kernels
ANSWER_SIZE = 24                                    # KW_MSR_ANSWER_SIZE
TEXT_SIZE = 64                                      # KW_MSR_SEEN_TEXT_SIZE

WHO = re.compile(r"(amd|intel):([a-z0-9.]+)")
INDICES = re.compile(r"(0x[0-9a-f]{8})(?:\.\.(0x[0-9a-f]{8})(?:/(\d+))?)?")
ANSWER = re.compile(r"-|ok|hang|NMI|#[A-Z]{2}(?:\(cpu\)|\(unknown\)|/\S+)?|vector:\d+|exit:\w+|"
                    r"errno:\d+|E[A-Z0-9]+")

UNKNOWN = (*["#GP(unknown)"] * 4, "-")              # what an `unknown` line says about its indices

Kernel = namedtuple("Kernel", "cpu name version how")
Row = namedtuple("Row", "first last stride kernels answers")


class Table:
    """Kernels in the order of the file, and (cpu, name) -> {index: answers}."""

    def __init__(self):
        self.kernels, self.answers = {}, {}

    def put(self, kernel, answers):
        """The answers of a kernel, replacing its earlier ones."""
        self.kernels[kernel.cpu, kernel.name] = kernel
        self.answers[kernel.cpu, kernel.name] = dict(answers)

    def who(self, words):
        """The kernels of all, PROCESSOR, or PROCESSOR:KERNEL,KERNEL..."""
        for word in words:
            cpu, _, names = word.partition(":")
            for name in names.split(","):
                here = [key for key in self.kernels
                        if word == "all" or (key[0] == cpu and name in ("", key[1]))]
                if not here:
                    raise Refused(f"{word}: no 'on' line names it")
                yield from here

    def add_kernel(self, words):
        if len(words) < 4 or not WHO.fullmatch(words[1]):
            raise Refused("on needs PROCESSOR:KERNEL VERSION EMULATOR")
        cpu, name = words[1].split(":")
        if max(map(len, (words[2], " ".join(words[3:])))) >= TEXT_SIZE:
            raise Refused(f"{words[1]}: longer than {TEXT_SIZE - 1} characters")
        if (cpu, name) in self.kernels or len(self.kernels) == MAX_KERNELS:
            raise Refused(f"{words[1]}: the second such line, or one too many")
        self.put(Kernel(cpu, name, words[2], " ".join(words[3:])), {})

    def add_unknown(self, words):
        """`unknown INDICES...`: MSRs that no kernel knows."""
        for text in words[1:]:
            self.add_row([text, *UNKNOWN, "all"])

    def add_row(self, words):
        answers = tuple(words[1:1 + len(TRIES)])
        if len(words) < 2 + len(TRIES):
            raise Refused(f"a row has at least {2 + len(TRIES)} columns")
        for word in answers:
            if not ANSWER.fullmatch(word) or len(word) >= ANSWER_SIZE:
                raise Refused(f"{word}: no such answer")
        for key in self.who(words[1 + len(TRIES):]):
            for index in indices(words[0]):
                if index in self.answers[key]:
                    raise Refused(f"{index:#x}: a second answer of {':'.join(key)}")
                self.answers[key][index] = answers

    def rows(self):
        """The answers in as few rows as stay readable, in the order of their first index."""
        alike = {}
        for index in sorted({index for answers in self.answers.values() for index in answers}):
            said = {}
            for key, answers in self.answers.items():
                if index in answers:
                    said.setdefault(answers[index], []).append(key)
            groups = tuple((tuple(keys), text) for text, keys in said.items())
            alike.setdefault(groups, []).append(index)
        rows = []
        for groups, where in alike.items():
            strides = (1,) if groups[0][1] == UNKNOWN else (1, 2, 4)
            rows += [Row(*run, keys, text) for run in runs(where, strides) for keys, text in groups]
        return sorted(rows, key=lambda row: (row.first, row.last))


def indices(text):
    match = INDICES.fullmatch(text)
    if not match:
        raise Refused(f"{text}: not INDEX, FIRST..LAST or FIRST..LAST/STEP")
    first, stride = int(match[1], 16), int(match[3] or 1)
    last = int(match[2] or match[1], 16)
    if stride < 1 or last < first or (last - first) % stride:
        raise Refused(f"{text}: no such range")
    return range(first, last + 1, stride)


def run_from(first, here, strides):
    """The longest (first, last, stride) from first on, with the smallest stride."""
    best = (1, first, 1)
    for stride in strides:
        last = first
        while last + stride in here:
            last += stride
        count = (last - first) // stride + 1
        if count > best[0] and (stride == 1 or count >= 4):
            best = (count, last, stride)
    return first, best[1], best[2]


def runs(where, strides):
    """All ascending indices as (first, last, stride), without overlap."""
    left = set(where)
    for first in where:
        if first in left:
            run = run_from(first, left, strides)
            left.difference_update(range(first, run[1] + 1, run[2]))
            yield run


def read(path):
    """A table of the file at path."""
    table = Table()
    adders = {"on": table.add_kernel, "unknown": table.add_unknown}
    for place, line in lines(path):
        words = line.split()
        try:
            adders.get(words[0], table.add_row)(words)
        except Refused as reason:
            raise Refused(f"{place}: {reason}") from None
    return table


def upstream(version):
    """"5.10.223" of Debian's "5.10.223-1", with what the lab added after a plus sign."""
    added = re.search(r"\+old-kvm$", version)
    return version.partition("-")[0] + (added[0] if added else "")


def emit(table, out):
    """The C file."""
    keys = list(table.kernels)
    rows = table.rows()
    words = sorted({word for row in rows for word in row.answers} | {"-"})
    out.write("/* SPDX-License-Identifier: MIT */\n"
              "/* Made by scripts/gen-msr-seen.py from data/kvm_msr_seen.tbl; do not edit. */\n"
              '#include "decode/x86/msr_seen.h"\n\n'
              "const struct kw_msr_seen_kernel kw_msr_seen_kernels[] = {\n")
    for kernel in table.kernels.values():
        texts = ", ".join(map(quoted, (upstream(kernel.version), kernel.version, kernel.how)))
        out.write(f"\t{{ KW_VENDOR_{kernel.cpu.upper()}, {texts} }},\n")
    out.write("};\n\nconst char kw_msr_seen_words[][KW_MSR_ANSWER_SIZE] = {\n")
    for word in words:
        out.write(f"\t{quoted(word)},\n")
    out.write("};\n\nconst struct kw_msr_seen kw_msr_seen_rows[] = {\n")
    for row in rows:
        mask = sum(1 << keys.index(key) for key in row.kernels)
        answers = ", ".join(str(words.index(word)) for word in row.answers)
        out.write(f"\t{{ {row.first:#010x}, {row.last:#010x}, {row.stride}, {mask:#06x}, "
                  f"{{ {answers} }} }},\n")
    out.write(f"}};\n\nconst size_t kw_msr_seen_nkernels = {len(keys)};\n"
              f"const size_t kw_msr_seen_nrows = {len(rows)};\n")


def main():
    args = argparse.ArgumentParser(description="data/kvm_msr_seen.tbl to C")
    args.add_argument("-o", "--output", required=True)
    args.add_argument("input")
    args = args.parse_args()
    try:
        table = read(args.input)
        if not table.rows():
            raise Refused(f"{args.input}: no rows")
    except Refused as reason:
        sys.exit(str(reason))
    with open(args.output, "w", encoding="ascii") as output:
        emit(table, output)


if __name__ == "__main__":
    main()
