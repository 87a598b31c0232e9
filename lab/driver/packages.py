# SPDX-License-Identifier: MIT
"""Packages of a Debian suite, unpacked into the cache without installing anything.

In: a suite, names of packages ("name" or "name=version pattern") and which dependencies to keep.
Out: a folder with their files. apt runs with a configuration, state and cache of the lab's own;
the mirror and how to reach it come from the machine's apt configuration.
"""

import functools
import hashlib
import json
import os
import pathlib
import re
import shutil

from . import cache, tools

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
TARGET = "$(ORIGIN)|$(LABEL)|$(REPO_URI)"
INSTALL = re.compile(r"^Inst (\S+) (?:\[\S+\] )?\((\S+) ", re.MULTILINE)
CARRIED = re.compile(r"^Acquire::(?:https?|Retries|ForceIPv[46]|Check-(?:Valid-Until|Date))\b.*;$",
                     re.MULTILINE)

CONFIGURATION = """\
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "{folder}/state";
Dir::State::status "/dev/null";
Dir::Cache "{folder}/cache";
Dir::Cache::srcpkgcache "";
Dir::Log "{folder}";
APT::Architecture "amd64";
APT::Architectures "amd64";
APT::Default-Release "{suite}";
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "2";
Debug::NoLocking "true";
"""


def fetch(suite, names, keep=None):
    """A cache entry with the packages, and those dependencies whose name matches the pattern keep.

    Without keep, everything that an empty system would need. packages.json in the entry
    says what was unpacked, as {name: version}.
    """
    key = repr((suite, sorted(names), keep)).encode()
    name = f"packages/{suite}-{hashlib.sha256(key).hexdigest()[:12]}"
    return cache.entry(name, lambda folder: unpack(folder, suite, names, keep))


def unpack(folder, suite, names, keep=None):
    """What fetch does, into an existing folder; returns {name: version}."""
    environment = apt(suite)
    found = resolve(environment, names, keep)
    debs = folder / "debs"
    debs.mkdir()
    cache.say(f"downloading {len(found)} packages of {suite}")
    exact = [f"{name}={version}" for name, version in found.items()]
    tools.output("apt-get", "-q", "download", *exact, error=cache.Skip, cwd=debs, env=environment)
    for number, deb in enumerate(ordered(debs), 1):
        cache.say(f"unpacking {number} of {len(found)}: {deb.name}")
        tools.output("dpkg-deb", "-x", deb, folder)
    shutil.rmtree(debs)
    (folder / "packages.json").write_text(json.dumps(found, indent=1) + "\n", encoding="ascii")
    cache.say("")
    return found


def ordered(debs):
    """The archives, base-files first: it has links such as /lib to /usr/lib."""
    return sorted(debs.glob("*.deb"), key=lambda deb: (not deb.match("base-files_*"), deb.name))


def resolve(environment, names, keep):
    """{name: version} of the packages and of the dependencies to keep."""
    plan = tools.output("apt-get", "-q", "-s", "install", *names, error=cache.Skip, env=environment)
    asked = {name.partition("=")[0] for name in names}
    return {name: version for name, version in INSTALL.findall(plan.decode())
            if keep is None or name in asked or re.fullmatch(keep, name)}


@functools.cache
def apt(suite):
    """The environment in which apt knows this suite, its index up to date."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise cache.Skip("apt-get and dpkg-deb are needed: the lab's kernels are Debian packages")
    if not pathlib.Path(KEYRING).exists():
        raise cache.Skip(f"{KEYRING} is missing: install debian-archive-keyring")
    folder = cache.directory().resolve() / "apt" / suite
    environment = dict(os.environ, PATH=tools.PATH, APT_CONFIG=str(folder / "apt.conf"), LC_ALL="C")
    with cache.locked(f"apt-{suite}"):
        configure(folder, suite)
        cache.say(f"reading the index of {suite}")
        try:
            tools.output("apt-get", "-q", "-o", "APT::Update::Error-Mode=any", "update", error=cache.Skip,
                         env=environment)
        except cache.Skip as reason:
            raise cache.Skip(f"{reason}; what is not in {cache.directory()} yet is downloaded, from "
                             "KVMWHY_LAB_MIRROR or the Debian archive that apt uses here") from None
    return environment


def configure(folder, suite):
    for part in ("state/lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    suites = dict.fromkeys((suite.removesuffix("-backports"), suite))
    sources = "".join(f"deb [signed-by={KEYRING}] {mirror()} {s} main\n" for s in suites)
    (folder / "sources.list").write_text(sources, encoding="utf-8")
    carried = "\n".join(CARRIED.findall(tools.output("apt-config", "dump", error=cache.Skip).decode()))
    text = CONFIGURATION.format(folder=folder, suite=suite) + carried + "\n"
    (folder / "apt.conf").write_text(text, encoding="utf-8")


@functools.cache
def mirror():
    """The address of a Debian archive: KVMWHY_LAB_MIRROR, or the one this machine uses itself."""
    if os.environ.get("KVMWHY_LAB_MIRROR"):
        return os.environ["KVMWHY_LAB_MIRROR"]
    targets = tools.output("apt-get", "indextargets", "--format", TARGET, error=cache.Skip)
    for line in targets.decode().splitlines():
        origin, label, address = line.split("|", 2)
        if (origin, label) == ("Debian", "Debian"):
            return address
    raise cache.Skip("apt knows no Debian archive here: run apt-get update, or set "
                     "KVMWHY_LAB_MIRROR to the address of one")
