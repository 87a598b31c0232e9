#!/usr/bin/env python3
# SPDX-License-Identifier: MIT In: one or more MSR tables (data/*.tbl). Out: one C file with the
# constant tables that lib/decode/x86/msr.c reads. Rejects whatever is out of order, incomplete or
# ambiguous.
"""usage: gen-msr.py [--check] [--stat] -o OUT.c TABLE...

A table is a sequence of blocks in ascending order of index, then of vendor; a line that
starts with # is a comment:

    msr   0x00000480 IA32_VMX_BASIC intel
    linux MSR_IA32_VMX_BASIC
    cite  Intel SDM vol. 3, appendix "VMX Capability Reporting Facility"
    about basic information about VMX
    field 63     NAME     text
    res   62:58
    ...
    end

msr INDEX NAME VENDOR [count N [stride S]] [from F]
          VENDOR is both, intel, amd, kvm, hyperv, xen or other. An array names N indices S
          apart; {n} in a name is the element's number, which starts at F (0).
linux     names in Linux headers; in an array a name without {n} is that of the first element
also      further names: of older manuals, of other models
cite      source; required        about  what it is, one clause; required
when      condition of existence  access ro, wo or rw
field     HI[:LO] NAME text; with "res HI[:LO]" from bit 63 down to 0 without hole or overlap
value     N text: the meaning of the value N of the field above
"""

import re
import sys

from tables import Pool, Refused, lines, number, refuse

NAME_SIZE = 48  # KW_MSR_NAME_SIZE of lib/decode/x86/msr.h
VENDORS = ["both", "intel", "amd", "kvm", "hyperv", "xen", "other"]
ACCESS = ["", "ro", "wo", "rw"]
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]*(\{n\}[A-Za-z0-9_.]*)?$")
FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_./]*$")
OWNER_C = {v: "KW_MSR_" + v.upper() for v in VENDORS}
ACCESS_C = {"": "KW_MSR_ACCESS_UNKNOWN", "ro": "KW_MSR_RO", "wo": "KW_MSR_WO", "rw": "KW_MSR_RW"}


class Field:
    """A run of bits; name None means reserved."""

    def __init__(self, hi, lo, name, text):
        self.hi, self.lo, self.name, self.text = hi, lo, name, text
        self.values = []


class Msr:
    """One block."""

    def __init__(self, place, index, name, vendor, count, stride, start):
        self.place, self.index, self.name, self.vendor = place, index, name, vendor
        self.count, self.stride, self.start = count, stride, start
        self.linux, self.also, self.cite = [], [], []
        self.about = self.when = self.access = ""
        self.fields = []
        self.next_bit = 63

    def indices(self):
        """All indices of the block, with the number of each element."""
        for k in range(self.count):
            yield self.index + k * self.stride, self.start + k

    def names(self, index, which="name"):
        """The names ("name", "linux" or "also") that belong to one index of the block."""
        n = self.start + (index - self.index) // self.stride
        own = [self.name] if which == "name" else getattr(self, which)
        return [s.replace("{n}", str(n)) for s in own if "{n}" in s or index == self.index]


class Parser:
    """Reads tables line by line."""

    def __init__(self):
        self.msrs = []
        self.cur = None
        self.place = ""

    def fail(self, text):
        """Fails, with the location of the fault."""
        refuse(self.place, f"{self.cur.name}: {text}" if self.cur else text)

    def number(self, text, what):
        """An integer in C notation."""
        return number(self.place, text, what + " ")

    def bits(self, text):
        """HI or HI:LO."""
        m = re.fullmatch(r"(\d+)(?::(\d+))?", text)
        if not m:
            self.fail(f"'{text}' is not HI or HI:LO")
        hi = int(m[1])
        lo = int(m[2]) if m[2] else hi
        if hi > 63 or lo > hi:
            self.fail(f"'{text}' is not a range of bits of a 64-bit register")
        if hi != self.cur.next_bit:
            want = "no more bits" if self.cur.next_bit < 0 else f"bit {self.cur.next_bit}"
            self.fail(f"bit {hi} here, {want} expected")
        self.cur.next_bit = lo - 1
        return hi, lo

    def do_msr(self, arg):
        """Head of a block."""
        if self.cur:
            self.fail("'end' is missing before the next block")
        words = arg.split()
        if len(words) < 3:
            self.fail("msr needs INDEX NAME VENDOR")
        options = {"count": 1, "stride": 1, "from": 0}
        rest = words[3:]
        if len(rest) % 2:
            self.fail(f"'{rest[-1]}' has no value")
        for key, value in zip(rest[::2], rest[1::2]):
            if key not in options:
                self.fail(f"unknown word '{key}'")
            options[key] = self.number(value, key)
        index = self.number(words[0], "index")
        count, stride, start = options["count"], options["stride"], options["from"]
        if not NAME.match(words[1]):
            self.fail(f"'{words[1]}' is not a name")
        if words[2] not in VENDORS:
            self.fail(f"unknown vendor '{words[2]}'")
        if count < 1 or stride < 1 or start < 0 or index < 0:
            self.fail("count, stride, from or index out of range")
        if index + (count - 1) * stride > 0xFFFFFFFF:
            self.fail("index does not fit 32 bits")
        if (count > 1) != ("{n}" in words[1]):
            self.fail("an array, and only an array, has {n} in its name")
        self.cur = Msr(self.place, index, words[1], words[2], count, stride, start)

    def do_linux(self, arg):
        """Names in Linux."""
        self.cur.linux += arg.split()

    def do_also(self, arg):
        """Other names."""
        self.cur.also += arg.split()

    def do_cite(self, arg):
        """A source."""
        self.cur.cite.append(arg)

    def once(self, key, arg):
        """A clause that appears once in a block."""
        if getattr(self.cur, key):
            self.fail(f"second '{key}'")
        setattr(self.cur, key, arg)

    def do_about(self, arg):
        """What the MSR is."""
        self.once("about", arg)

    def do_when(self, arg):
        """Where the MSR exists."""
        self.once("when", arg)

    def do_access(self, arg):
        """ro, wo, rw."""
        if arg not in ACCESS[1:]:
            self.fail(f"unknown access '{arg}'")
        self.once("access", arg)

    def do_field(self, arg):
        """A named run of bits."""
        words = arg.split(None, 2)
        if len(words) < 3:
            self.fail("field needs HI[:LO] NAME text")
        hi, lo = self.bits(words[0])
        if not FIELD_NAME.match(words[1]):
            self.fail(f"'{words[1]}' is not a field name")
        if any(f.name == words[1] for f in self.cur.fields):
            self.fail(f"second field '{words[1]}'")
        self.cur.fields.append(Field(hi, lo, words[1], words[2]))

    def do_res(self, arg):
        """A reserved run of bits."""
        hi, lo = self.bits(arg)
        self.cur.fields.append(Field(hi, lo, None, ""))

    def do_value(self, arg):
        """Meaning of one value of the last field."""
        words = arg.split(None, 1)
        if len(words) < 2:
            self.fail("value needs N text")
        if not self.cur.fields or self.cur.fields[-1].name is None:
            self.fail("value without a field before it")
        field = self.cur.fields[-1]
        value = self.number(words[0], "value")
        if not 0 <= value < 1 << min(field.hi - field.lo + 1, 32):
            self.fail(f"value {value} does not fit field '{field.name}'")
        if any(v == value for v, _ in field.values):
            self.fail(f"second value {value} of field '{field.name}'")
        field.values.append((value, words[1]))

    def do_end(self, arg):
        """The block is complete."""
        if arg:
            self.fail(f"'{arg}' after end")
        for key in ("cite", "about"):
            if not getattr(self.cur, key):
                self.fail(f"'{key}' is missing")
        if self.cur.fields and self.cur.next_bit >= 0:
            self.fail(f"bits {self.cur.next_bit}:0 are not described")
        for name in self.cur.linux + self.cur.also:
            if not NAME.match(name):
                self.fail(f"'{name}' is not a name")
        self.msrs.append(self.cur)
        self.cur = None

    def read(self, path):
        """One table."""
        previous = (-1, -1)
        for self.place, text in lines(path):
            word, _, arg = text.strip().partition(" ")
            handler = getattr(self, "do_" + word, None)
            if not handler:
                self.fail(f"unknown keyword '{word}'")
            if not self.cur and word != "msr":
                self.fail(f"'{word}' outside a block")
            handler(arg.strip())
            if word != "msr":
                continue
            order = (self.cur.index, VENDORS.index(self.cur.vendor))
            if order == previous:
                self.fail(f"second block for index 0x{order[0]:x}, {self.cur.vendor}")
            if order < previous:
                self.fail(f"index 0x{order[0]:x} is out of order")
            previous = order
        if self.cur:
            self.fail("'end' is missing at the end of the file")


def check_unique(msrs):
    """No index twice for one vendor; no name for two indices."""
    seen, named = {}, {}
    for msr in msrs:
        for index, _ in msr.indices():
            other = seen.setdefault((index, msr.vendor), msr)
            if other is not msr:
                refuse(msr.place, f"{msr.name}: index 0x{index:x} for {msr.vendor} "
                                  f"is taken by {other.name} ({other.place})")
            if len(msr.names(index)[0]) >= NAME_SIZE:
                refuse(msr.place, f"{msr.name}: longer than {NAME_SIZE - 1} characters")
            for name in msr.names(index) + msr.names(index, "linux"):
                first, place = named.setdefault(name.upper(), (index, msr.place))
                if first != index:
                    refuse(msr.place, f"{name}: also the name of 0x{first:x} ({place})")


def load(paths):
    """All blocks of all tables, by index and vendor, checked."""
    parser = Parser()
    for path in paths:
        parser.read(path)
    if not parser.msrs:
        refuse(paths[0], "no blocks")
    check_unique(parser.msrs)
    return sorted(parser.msrs, key=lambda m: (m.index, VENDORS.index(m.vendor)))


def emit_numbers(out, ctype, name, numbers):
    """A plain array."""
    out.write(f"const {ctype} {name}[] = {{\n")
    for i in range(0, len(numbers), 8):
        out.write("\t" + " ".join(f"{n}," for n in numbers[i:i + 8]) + "\n")
    out.write("};\n\n")


def emit(msrs, out):
    """The C file."""
    pool = Pool()
    rows, fields, values = [], [], []
    for msr in msrs:
        first = len(fields)
        for field in msr.fields:
            start = len(values)
            values += [(v, pool.add(t)) for v, t in field.values]
            fields.append((field.hi, field.lo, pool.add(field.name or ""), pool.add(field.text),
                           start, len(field.values)))
        strings = [pool.add(s) for s in (msr.name, " ".join(msr.linux), " ".join(msr.also),
                                         msr.about, "; ".join(msr.cite), msr.when)]
        rows.append((msr, strings, first, len(fields) - first))
    where = sorted((index, VENDORS.index(msr.vendor), row)
                   for row, (msr, *_) in enumerate(rows) for index, _ in msr.indices())

    out.write("// SPDX-License-Identifier: MIT\n"
              "// Made by scripts/gen-msr.py from data/msr.tbl; do not edit.\n\n"
              '#include "decode/x86/msr.h"\n\n')
    out.write(f"const char kw_msr_pool[] =\n{pool.literal()}\n;\n\n")
    out.write("const struct kw_msr kw_msr_rows[] = {\n")
    for msr, s, first, count in rows:
        out.write(f"\t{{ 0x{msr.index:08x}, {s[0]}, {s[1]}, {s[2]}, {s[3]}, {s[4]}, {s[5]}, "
                  f"{msr.count}, {msr.stride}, {msr.start}, {first}, {count}, "
                  f"{OWNER_C[msr.vendor]}, {ACCESS_C[msr.access]} }},\n")
    out.write("};\n\nconst struct kw_msr_bits kw_msr_bits[] = {\n")
    for hi, lo, name, text, start, count in fields or [(0, 0, 0, 0, 0, 0)]:
        out.write(f"\t{{ {name}, {text}, {start}, {count}, {hi}, {lo} }},\n")
    out.write("};\n\nconst struct kw_msr_value kw_msr_values[] = {\n")
    for value, text in values or [(0, 0)]:
        out.write(f"\t{{ {value}, {text} }},\n")
    out.write("};\n\n")
    emit_numbers(out, "uint32_t", "kw_msr_index", [f"0x{w[0]:08x}" for w in where])
    emit_numbers(out, "uint16_t", "kw_msr_row", [w[2] for w in where])
    out.write(f"const size_t kw_msr_count = {len(where)};\n"
              f"const size_t kw_msr_row_count = {len(rows)};\n")


def statistics(msrs):
    """Sizes for human readers."""
    named = {i for m in msrs for i, _ in m.indices()}
    decoded = {i for m in msrs if m.fields for i, _ in m.indices()}
    return (f"{len(msrs)} blocks ({sum(bool(m.fields) for m in msrs)} with bit fields), "
            f"{len(named)} indices named, {len(decoded)} with bit fields, "
            f"{sum(len(m.fields) for m in msrs)} fields")


def main(argv):
    """Command line."""
    args, out, flags = [], None, set()
    words = iter(argv)
    for word in words:
        if word == "-o":
            out = next(words, None)
        elif word in ("--check", "--stat"):
            flags.add(word)
        else:
            args.append(word)
    if not args or (not out and not flags):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        msrs = load(args)
    except (Refused, OSError, UnicodeError) as err:
        print(err, file=sys.stderr)
        return 1
    if out:
        with open(out, "w", encoding="ascii") as stream:
            emit(msrs, stream)
    if "--stat" in flags:
        print(statistics(msrs))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
