#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The sources keep to the layers, and scripts/check-layers.py finds violations."""

import subprocess
import sys

from cli import SOURCE, equal, main, test

CHECK = SOURCE / "scripts/check-layers.py"


def check(root, **files):
    """Writes @files, "folder__name" = text, below @root; returns status and lines of the check."""
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_c", ".c").replace("_h", ".h")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    done = subprocess.run([sys.executable, CHECK, root], capture_output=True, text=True,
                          check=False)
    return done.returncode, done.stdout.splitlines()


@test("the sources keep to the layers")
def _(_):
    done = subprocess.run([sys.executable, CHECK, SOURCE], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@test("a stage may use those in front of it")
def _(directory):
    equal(check(directory, lib__base__str_h="", lib__failure_h='#include "base/str.h"\n',
                lib__parse__qemu_c='#include "failure.h"\n#include <errno.h>\n')[0], 0)


@test("a stage must not use one behind it, and parse and decode not each other")
def _(directory):
    equal(check(directory, lib__explain__x_h="", lib__parse__x_h="", lib__decode__x_h="",
                lib__decode__x86__msr_c='#include "explain/x.h"\n',
                lib__parse__qemu_c='\n#include "decode/x.h"\n'),
          (1, ["lib/decode/x86/msr.c:1: lib/decode/ must not use lib/explain/x.h",
               "lib/parse/qemu.c:2: lib/parse/ must not use lib/decode/x.h"]))


@test("the library does no I/O, and decode does not allocate")
def _(directory):
    equal(check(directory, lib__render__x_c="#include <unistd.h>\n",
                lib__decode__x_c="#include <stdlib.h>\n"),
          (1, ["lib/decode/x.c:1: lib/decode/ must not use <stdlib.h>",
               "lib/render/x.c:1: lib/render/ must not use <unistd.h>"]))


@test("command and examples see the public header only")
def _(directory):
    status, lines = check(directory, lib__base__str_h="", include__kvmwhy__x_h="", include__kvmwhy__kvmwhy_h="",
                          cli__main_c='#include "base/str.h"\n#include <kvmwhy/x.h>\n',
                          examples__x_c="#include <kvmwhy/kvmwhy.h>\n")
    equal((status, len(lines)), (1, 2))


@test("of the injector the command sees the parser of specifications only")
def _(directory):
    status, lines = check(directory, preload__spec_h="", preload__vcpu_h="",
                          cli__main_c='#include "../preload/spec.h"\n#include "../preload/vcpu.h"\n')
    equal((status, [line.split(":")[1] for line in lines]), (1, ["2"]))


@test("vmm/ and the examples see the headers of libkvmwhy-vmm too; vmm/ alone the machine-check rule")
def _(directory):
    rule, header = '#include "decode/x86/mce_rule.h"\n', "#include <kvmwhy/mca.h>\n"
    status, lines = check(directory, lib__decode__x86__mce_rule_h="", lib__decode__x86__msr_h="", include__kvmwhy__mca_h="",
                          vmm__mca_c=rule + header, examples__x_c=header, cli__main_c=rule + header)
    equal((status, [line.partition(" ")[0] for line in lines]), (1, ["cli/main.c:1:", "cli/main.c:2:"]))
    equal(len(check(directory, vmm__mca_c='#include "decode/x86/msr.h"\n')[1]), 3)


@test("host/watch/ may use host/facts/, never the other way; kmod/ nothing of the library but the machine-check rule")
def _(directory):
    status, lines = check(directory, host__facts__host_h="", host__watch__watch_h="", lib__decode__x86__mce_rule_h="",
                          lib__base__str_h="", host__watch__x_c='#include "../facts/host.h"\n',
                          host__facts__x_c='#include "../watch/watch.h"\n',
                          kmod__x_c='#include "../lib/decode/x86/mce_rule.h"\n#include "../lib/base/str.h"\n')
    equal((status, lines), (1, ["host/facts/x.c:1: host/facts/ must not use host/watch/watch.h",
                                "kmod/x.c:2: kmod/ must not use lib/base/str.h"]))


@test("a folder without a row in the table is told")
def _(directory):
    equal(check(directory, lib__new__x_c=""), (1, ["lib/new/x.c:1: lib/new/x.c is in no room: name its folder in MAY_USE"]))


main()
