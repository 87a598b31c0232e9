# SPDX-License-Identifier: MIT
"""An ELF file of this machine's byte order in, what the loader does with it out.

Layouts: System V ABI, "Object Files".
"""

import struct

PT_DYNAMIC, PT_GNU_STACK, PT_GNU_RELRO = 2, 0x6474E551, 0x6474E552
DT_NULL, DT_NEEDED, DT_STRTAB, DT_RPATH, DT_RUNPATH = 0, 1, 5, 15, 29
DT_FLAGS, DT_FLAGS_1 = 30, 0x6FFFFFFB
DF_BIND_NOW, DF_1_NOW, DF_1_PIE = 8, 1, 0x08000000
PF_X, PT_LOAD, ET_DYN = 1, 1, 3


class Elf:
    """The program headers and the dynamic section of a file."""

    def __init__(self, path):
        self.data = path.read_bytes()
        assert self.data[:4] == b"\x7fELF", path
        self.wide = self.data[4] == 2
        self.type = struct.unpack_from("=H", self.data, 16)[0]
        offset = struct.unpack_from("=Q" if self.wide else "=I", self.data, 32 if self.wide else 28)[0]
        size, count = struct.unpack_from("=HH", self.data, 54 if self.wide else 42)
        self.segments = [self._segment(offset + size * i) for i in range(count)]
        self.dynamic = list(self._dynamic())

    def _segment(self, at):
        """(type, flags, offset, address, size in the file)"""
        if self.wide:
            kind, flags, offset, address, _, size = struct.unpack_from("=IIQQQQ", self.data, at)
        else:
            kind, offset, address, _, size, _, flags = struct.unpack_from("=7I", self.data, at)
        return kind, flags, offset, address, size

    def _dynamic(self):
        form = "=QQ" if self.wide else "=II"
        for kind, _, offset, _, size in self.segments:
            if kind == PT_DYNAMIC:
                for tag, value in struct.iter_unpack(form, self.data[offset:offset + size]):
                    if tag == DT_NULL:
                        return
                    yield tag, value

    def value(self, tag):
        return next((value for found, value in self.dynamic if found == tag), 0)

    def has(self, kind):
        return any(segment[0] == kind for segment in self.segments)

    def executable_stack(self):
        return not any(kind == PT_GNU_STACK and not flags & PF_X for kind, flags, *_ in self.segments)

    def binds_now(self):
        return bool(self.value(DT_FLAGS) & DF_BIND_NOW or self.value(DT_FLAGS_1) & DF_1_NOW)

    def position_independent(self):
        return self.type == ET_DYN and bool(self.value(DT_FLAGS_1) & DF_1_PIE)

    def strings(self, tag):
        """The texts of such entries: of DT_NEEDED, DT_RUNPATH."""
        table = self.value(DT_STRTAB)
        start = next(offset + table - address for kind, _, offset, address, size in self.segments
                     if kind == PT_LOAD and address <= table < address + size)
        return [self.data[start + value:self.data.index(b"\0", start + value)].decode()
                for found, value in self.dynamic if found == tag]
