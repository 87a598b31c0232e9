#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`make install PREFIX=...` of a build made for another prefix: what is installed starts there and
is found, and `make uninstall` removes it. A build of its own, without optimisation.
"""

import os
import pathlib
import shutil
import subprocess

from cli import CASE, FOUND, SOURCE, Skip, equal, main, test

QUICK = ["-Dtests=false", "-Dwatch=disabled", "-Doptimization=0", "-Ddebug=false"]


def run(*command, **changes):
    env = {name: value for name, value in os.environ.items() if name not in ("LD_LIBRARY_PATH", "MAKEFLAGS", "DESTDIR")}
    done = subprocess.run(command, cwd=SOURCE, env=dict(env, **changes), capture_output=True, text=True, check=False)
    assert not done.returncode, f"{command}: status {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


def found(prefix):
    """What a user sees: the command explains, its helper starts, man finds the pages and bash the
    completions."""
    kvmwhy = prefix / "bin/kvmwhy"
    done = subprocess.run([kvmwhy, CASE], capture_output=True, text=True, check=False,
                          env={"PATH": "/usr/bin:/bin"})
    equal((done.returncode, done.stderr), (FOUND, ""))
    assert "IA32_X2APIC_INIT_COUNT" in done.stdout, done.stdout
    assert "usage: kvmwhy host" in run(kvmwhy, "host", "--help").stdout
    if shutil.which("man"):
        page = run("man", "-w", "kvmwhy", PATH=f"{prefix}/bin:{os.environ['PATH']}").stdout.strip()
        equal(page, str(prefix / "share/man/man1/kvmwhy.1"))
    for name in "bash-completion/completions/kvmwhy", "zsh/site-functions/_kvmwhy", "fish/vendor_completions.d/kvmwhy.fish":
        assert (prefix / "share" / name).is_file(), name


@test("any prefix is obeyed after make, what is installed starts there, and make uninstall leaves nothing")
def _(directory):
    if not shutil.which("make") or not shutil.which("meson"):
        raise Skip("needs make and meson")
    build, prefix = directory / "build", directory / "place"
    run("meson", "setup", "--prefix", "/opt/elsewhere", *QUICK, build)
    make = ["make", f"BUILD={build}", f"PREFIX={prefix}", "LDCONFIG=true"]
    run(*make, "all")
    run(*make, "install")
    found(prefix)
    assert len(files(prefix)) > 50
    run(*make, "uninstall")
    equal(files(prefix), [])
    assert not pathlib.Path("/opt/elsewhere").exists()


main()
