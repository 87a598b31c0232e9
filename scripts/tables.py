# SPDX-License-Identifier: MIT
"""data/*.tbl in: what the generators share to read them and to write C.

The format of all tables but msr.tbl and kvm_msr_seen.tbl, of which lines() reads the lines:

    # comment                   whole lines only
    table  NAME                 the rows that follow belong to this table
    source TEXT                 source of the rows that follow, until the next such line
    KEY    NAME                 a row: a number (decimal, 0x, or negative) or an id, then its name
    <tab>ATTRIBUTE text         what is said of the row
    <tab><tab>text              continues the attribute above, joined by one blank

Faults are Refused, as "file:line: what".
"""


class Refused(Exception):
    """A fault in a table; the text says where and what."""


class Row:  # attrs: [name, text], in the file's order, the source first
    def __init__(self, place, key, name, source):
        self.place, self.key, self.name = place, key, name
        self.attrs = [["source", source]] if source else []

    def values(self, attr):
        return [text for name, text in self.attrs if name == attr]


def refuse(place, what):
    raise Refused(f"{place}: {what}")


def lines(path):
    """(place, line) of each line that is neither empty nor a comment."""
    with open(path, encoding="utf-8") as stream:
        for count, line in enumerate(stream, 1):
            place, line = f"{path}:{count}", line.rstrip("\n")
            if line != line.rstrip():
                refuse(place, "blanks at the end of the line")
            if line and not line.startswith("#"):
                yield place, line


def number(place, text, what=""):
    try:
        value = int(text, 0)
    except ValueError:
        refuse(place, f"{what}{text}: not a number")
    if not -(1 << 63) <= value < 1 << 64:
        refuse(place, f"{what}{text}: does not fit 64 bits")
    return value


def read(path, keys, tables):
    """The rows of a file into @tables, by table; @keys: the kind of each table's keys, "id" or
    numbers."""
    table, source, row = None, None, None
    for place, line in lines(path):
        word, _, rest = line.strip().partition(" ")
        rest = rest.strip()
        if line.startswith("\t\t"):
            if not row or not row.attrs or row.attrs[-1][0] == "source":
                refuse(place, "continues nothing")
            row.attrs[-1][1] += " " + line.strip()
        elif line.startswith("\t"):
            if not row:
                refuse(place, "an attribute before the first row")
            row.attrs.append([word, rest])
        elif word == "table":
            if rest not in keys or rest in tables:
                refuse(place, f"table {rest}: unknown, or appears twice")
            table, source, row = rest, None, None
            tables[table] = []
        elif word == "source":
            source = rest
        else:
            if table is None:
                refuse(place, "a row before the first table line")
            if not rest:
                refuse(place, f"{word}: a row needs a name after its key")
            row = Row(place, word if keys[table] == "id" else number(place, word) % (1 << 64), rest, source)
            tables[table].append(row)


def quoted(text):
    """A C string literal."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Pool:
    """Each text once, one after another, as a C string; offset 0 is the empty text."""

    def __init__(self):
        self.offset, self.size = {}, 0
        self.add("")

    def add(self, text):
        if text not in self.offset:
            self.offset[text] = self.size
            self.size += len(text.encode()) + 1
        return self.offset[text]

    def literal(self):
        return "\n".join("\t" + quoted(text)[:-1] + '\\0"' for text in self.offset)
