#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/kvm-run-data.md and docs/watch.md: their tables are those of the header; the C code of the
first compiles and reads a page."""

import re

from cli import SOURCE, equal, kvmwhy, main, test
from program import CC, STRICT, run

DOCUMENT = (SOURCE / "docs/kvm-run-data.md").read_text()
WATCH = (SOURCE / "docs/watch.md").read_text()
HEADER = (SOURCE / "include/uapi/kvmwhy.h").read_text()
EVENT = (SOURCE / "include/uapi/kvmwhy-event.h").read_text()

FILLED = """
int main(void)
{
	static struct kvm_run page;
	struct kvmwhy_data data = {
		.version = 2, .kind = KVMWHY_KIND_WRMSR, .result = -1, .msr = 0x838, .value = 1,
		.flags = KVMWHY_HAS_MSR | KVMWHY_HAS_VALUE | KVMWHY_INJECTED,
	};

	if (kvm_run_reason(&page, &data))
		return 1;
	page.exit_reason = KVM_EXIT_INTERNAL_ERROR;
	page.internal.suberror = KVMWHY_SUBERROR;
	page.internal.ndata = KVMWHY_NDATA + 1;
	memcpy(page.internal.data, &data, sizeof(data));
	memset(&data, 0, sizeof(data));
	if (!kvm_run_reason(&page, &data))
		return 1;
	print_reason(stdout, &data);
	page.internal.ndata = KVMWHY_NDATA - 1;
	return kvm_run_reason(&page, &data);
}
"""


def compiled(directory, text, standard="c99"):
    """What the program with this text prints."""
    source, program = directory / "program.c", directory / "program"
    source.write_text(text)
    run([*CC, *STRICT, f"-std={standard}", "-I", SOURCE / "include/uapi", "-o", program, source])
    return run([program])


@test("the C code of the document reads a page, whose version may be a newer one")
def _(directory):
    code, = re.findall(r"^```c\n(.*?)^```$", DOCUMENT, re.M | re.S)
    equal(compiled(directory, code + FILLED),
          "KVM_RUN failed: Operation not permitted, write of MSR 0x838, value 0x1, injected\n")


@test("the table of the layout is that of struct kvmwhy_data")
def _(directory):
    rows = re.findall(r"^\| (\d) \| (\d+):(\d+) \| `(\w+)` \|", DOCUMENT, re.M)
    equal([row[3] for row in rows],
          re.findall(r"^\tu?int\d+_t (\w+)(?:\[\d+\])?;", HEADER.partition("struct kvmwhy_data {")[2].partition("\n};")[0], re.M))
    checks = "".join(
        f"_Static_assert(offsetof(struct kvmwhy_data, {name}) == {word} * 8 + {low} / 8, \"{name}\");\n"
        for word, _, low, name in rows)
    checks += "".join(
        f"_Static_assert(sizeof(((struct kvmwhy_data *)0)->{name}) == ({high} - {low} + 1) / 8, "
        f"\"{name}\");\n" for _, high, low, name in rows if name != "insn")
    compiled(directory, '#include "kvmwhy.h"\n#include <stddef.h>\n' + checks +
             "int main(void) { return 0; }\n", "c11")


@test("kinds, flags, functions, sources, sections and bits of known are those of the headers, with their numbers")
def _(_):
    declared = {name: int(bit if bit else number) for name, number, bit in
                re.findall(r"^\t(KVMWHY_\w+)\t*\s*= (?:(\d+),|1u << (\d+),)", HEADER + EVENT, re.M)}
    listed = {name: int(number) for name, number in
              re.findall(r"^\| (KVMWHY_\w+) \| (\d+) \|", DOCUMENT + WATCH, re.M)}
    equal(listed, declared)
    assert len(listed) > 15, listed


@test("kvmwhy reads the log and the row that the document shows")
def _(_):
    block = "\n".join(re.findall(r"^    (KVM internal error.*|extra data.*)$", DOCUMENT, re.M)) + "\n"
    kvmwhy("--format", "ndjson", stdin=block.encode()).expect(0, '"function":"kvm_set_msr_common()"')
    page = "\n".join(re.findall(r"^    (vmm: kvm_run .*)$", DOCUMENT, re.M)) + "\n"
    kvmwhy("--format", "ndjson", stdin=page.encode()).expect(0, '"id":"module-words-missing"')


main()
