#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `pkg-config --static` prints is enough to link libkvmwhy and libkvmwhy-vmm into a program:
all of it statically where Zydis has a static library, else with the shared one.
"""

import os
import pathlib
import re
import shlex
import shutil
import subprocess

from cli import CASE, SANITIZERS, SOURCE, Skip, equal, main, test

BUILD = pathlib.Path(os.environ["KVMWHY_BUILD"])
CC = shlex.split(os.environ["KVMWHY_CC"])
VMM = """
#include <kvmwhy/kvmwhy.h>
#include <kvmwhy/mca.h>
int main(void) { return kw_mca_enable(0, -1) == 0 && kw_rule_page("none"); }
"""


def words(module):
    if not shutil.which("pkg-config"):
        raise Skip("there is no pkg-config")
    if SANITIZERS:
        raise Skip("a sanitizer is not linked statically")
    env = dict(os.environ, PKG_CONFIG_PATH=str(BUILD / "meson-uninstalled"))
    run = subprocess.run(["pkg-config", "--static", "--libs", module], capture_output=True, text=True,
                         env=env, check=False)
    equal((run.returncode, run.stderr), (0, ""))
    return run.stdout.split()


def program(directory, text, module):
    """The program with our libraries inside, and whether everything is."""
    source, made = directory / "program.c", directory / "program"
    source.write_text(text)
    ours = [re.sub(r"^-l(kvmwhy.*)$", r"-l:lib\1.a", word) for word in words(module)]
    command = [*CC, "-I", SOURCE / "include", "-o", made, source]
    whole = subprocess.run([*command, "-static", *ours], capture_output=True, text=True,
                           check=False)
    if whole.returncode:
        run = subprocess.run([*command, *ours], capture_output=True, text=True, check=False)
        equal((run.returncode, run.stderr), (0, ""))
        told = subprocess.run(["readelf", "-d", made], capture_output=True, text=True, check=True)
        assert "libkvmwhy" not in told.stdout, told.stdout
        missing = set(re.findall(r"cannot find -l(\S+?):? ", whole.stderr + " "))
        assert missing and "kvmwhy" not in " ".join(missing), whole.stderr
    return made


@test("a program with libkvmwhy inside explains")
def _(directory):
    text = re.search(r"^```c\n(.*?)^```$", (SOURCE / "README.md").read_text(), re.M | re.S)[1]
    with open(CASE, "rb") as log:
        run = subprocess.run([program(directory, text, "libkvmwhy")], stdin=log,
                             capture_output=True, text=True, check=False)
    assert run.returncode == 0 and "IA32_X2APIC_INIT_COUNT" in run.stdout, run


@test("a program with libkvmwhy-vmm inside links")
def _(directory):
    program(directory, VMM, "libkvmwhy-vmm")


main()
