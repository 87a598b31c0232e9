#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each file that the build installs is in one package of packaging/debian and in one of
packaging/rpm, and each of their patterns finds a file. What man pages refer to is installed. If rpm
is there, it can read the spec.
"""

import fnmatch
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess

from cli import SOURCE, Skip, equal, main, test

BUILD = pathlib.Path(os.environ["KVMWHY_BUILD"])
DEBIAN, SPEC = SOURCE / "packaging/debian", SOURCE / "packaging/rpm/kvmwhy.spec"
MACROS = {"_bindir": "bin", "_libdir": "LIBDIR", "_libexecdir": "libexec", "_includedir": "include", "_datadir": "share",
          "_mandir": "share/man", "_docdir": "share/doc", "_unitdir": "lib/systemd/system"}


def options():
    found = json.loads((BUILD / "meson-info/intro-buildoptions.json").read_text())
    return {option["name"]: option["value"] for option in found}


def installed():
    """What is installed, below the prefix; the library folder is LIBDIR."""
    values = options()
    plan = json.loads((BUILD / "meson-info/intro-installed.json").read_text())
    names = sorted(os.path.relpath(path, values["prefix"]) for path in plan.values())
    libdir = os.path.relpath(os.path.join(values["prefix"], values["libdir"]), values["prefix"]) + "/"
    units = "lib/systemd/"
    return ["LIBDIR/" + name.removeprefix(libdir) if name.startswith(libdir) and not name.startswith(units) else name
            for name in names]


def fits(name, pattern):
    return fnmatch.fnmatch(name, pattern) or name.startswith(pattern.rstrip("/") + "/")


def check(packages):
    """packages: name of a package -> its patterns."""
    names = installed()
    assert len(names) > 40, names
    for name in names:
        owners = [package for package, patterns in packages.items() if any(fits(name, p) for p in patterns)]
        equal((name, len(owners)), (name, 1))
    for package, patterns in packages.items():
        for pattern in patterns:
            if not any(fits(name, pattern) for name in names):
                raise Skip(f"this build lacks {pattern} of {package}") if optional(pattern) else AssertionError(pattern)


def optional(pattern):
    """What x86-64 alone has, and what comes with watch."""
    if "libkvmwhy-inject" in pattern:
        return platform.machine() != "x86_64"
    return options()["watch"] != "enabled" and re.search("kvmwhy-live|systemd", pattern)


@test("Debian's packages share all that is installed")
def _(_):
    packages = {}
    for path in *DEBIAN.glob("*.install"), DEBIAN / "not-installed":
        lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
        packages[path.stem] = [line.removeprefix("usr/").replace("lib/*/", "LIBDIR/") for line in lines]
    for package, pattern in re.findall(r"dh_install -p (\S+) usr/(\S+)$", (DEBIAN / "rules").read_text(), re.M):
        packages[package].append(pattern.replace("lib/*/", "LIBDIR/"))
    check(packages)


@test("the packages of RPM systems share all that is installed")
def _(_):
    packages = {}
    for name, lines in re.findall(r"^%files ?(.*)\n((?:.+\n)+)", SPEC.read_text(), re.M):
        patterns = [line for line in lines.splitlines() if line.startswith("%{_")]
        packages[name] = [re.sub(r"%\{(\w+)\}", lambda m: MACROS[m[1]], pattern) for pattern in patterns]
    check(packages)


@test("every binary package of Debian's control file has files")
def _(_):
    names = re.findall(r"^Package: (\S+)$", (DEBIAN / "control").read_text(), re.M)
    equal(set(names), {path.stem for path in DEBIAN.glob("*.install")} | {"kvmwhy-dkms"})


@test("the documents and examples that man pages name are installed")
def _(_):
    text = "".join(path.read_text(encoding="utf-8") for path in (SOURCE / "man").glob("*.scd"))
    named = set(re.findall(r"\b(?:docs|examples)/[\w./-]+\.(?:md|json|c|cpp|rs|log)\b", text.replace("\\", "")))
    names = installed()
    for name in named:
        assert (SOURCE / name).is_file(), name
        assert any(fits(f"share/doc/kvmwhy/{name}", found) for found in names), name
    assert named


@test("rpm reads the spec")
def _(_):
    if not shutil.which("rpmspec"):
        raise Skip("there is no rpmspec")
    run = subprocess.run(["rpmspec", "-P", SPEC], capture_output=True, text=True, check=False)
    equal((run.returncode, run.stderr), (0, ""))


main()
