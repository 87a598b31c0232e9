# SPDX-License-Identifier: MIT
"""scenarios.cfg in, Scenario out. The head of that file says what the keys mean."""

import configparser
import dataclasses
import pathlib
import re
import shlex

from . import kernels

LAB = pathlib.Path(__file__).resolve().parents[1]
FILE = LAB / "scenarios.cfg"
CPUS = ("amd", "intel")
WATCH = ("best", "bpf", "bpf-kprobe", "bpf-tracepoint", "tracefs")      # the ways of `kvmwhy watch`; best is its own choice
KEYS = {"what", "kind", "guest", "vmm", "qemu", "linux", "cpu", "kernels", "kvm", "kvm_amd", "kvm_intel",
        "setup", "module", "tool", "watcher", "example", "preload", "watch", "certain", "program", "smp", "seconds", "long", "host",
        "see", "never", "oracle", "explain"}
# These may be restricted to one kernel or processor: `see.old`, `explain.intel`.
VARIED = {"see", "never", "explain", "oracle"}


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    keys: dict

    def words(self, key):
        return self.keys.get(key, "").split()

    def lines(self, key, *variants):
        """The lines of a key, and of its variants for these kernels or processors."""
        texts = [self.keys.get(key, ""), *(self.keys.get(f"{key}.{variant}", "") for variant in variants)]
        return [line.strip() for text in texts for line in text.splitlines() if line.strip()]

    @property
    def what(self):
        return " ".join(self.keys["what"].split())

    @property
    def kind(self):
        return self.keys.get("kind", self.name)

    @property
    def kernels(self):
        return self.words("kernels")

    @property
    def cpus(self):
        return self.words("cpu")

    @property
    def seconds(self):
        return int(self.keys.get("seconds", 20))

    @property
    def stock_qemu(self):
        return "qemu" in self.keys

    @property
    def module(self):
        """The module that L1 loads for it, with its options; [] for none."""
        return self.words("module")

    @property
    def smp(self):
        """How many processors L1 has."""
        return int(self.keys.get("smp", 1))

    def options(self, key):
        return shlex.split(self.keys.get(key, ""))


def module_folder(name):
    """The source of a module: the project's own, or one of the lab's."""
    return LAB.parent / "kmod" if name == "kvmwhy" else LAB / name


def short(found):
    """Those that are quick on every processor."""
    return [one for one in found.values() if one.keys.get("long") != "yes"]


def usual(found):
    """The default scenarios: the short ones, if any."""
    kept = [(one, [cpu for cpu in one.cpus if one.keys.get(f"long.{cpu}") != "yes"]) for one in short(found)]
    return [dataclasses.replace(one, keys={**one.keys, "cpu": " ".join(cpus)}) for one, cpus in kept]


def expressions(section):
    """Every regular expression of a section."""
    return [line for key in section if key.partition(".")[0] in ("see", "never", "oracle")
            for line in section[key].splitlines()]


def wrong_key(key):
    name, _, variant = key.partition(".")
    if name == "long" and variant:
        return variant not in CPUS
    return name not in KEYS or (variant and name not in VARIED)


def faults(section):
    """What is wrong with a section of the file: a text for each."""
    yield from (f"unknown key: {key}" for key in section if wrong_key(key))
    yield from (f"does not say: {key}" for key in ("what", "cpu", "kernels") if not section.get(key))
    yield from (f"unknown processor: {cpu}" for cpu in section.get("cpu", "").split() if cpu not in CPUS)
    yield from (f"not in kernels.txt: {name}"
                for name in [*section.get("kernels", "").split(), *section.get("linux", "").split()]
                if name not in kernels.names())
    yield from (f"unknown way to watch: {way}" for way in section.get("watch", "").split() if way not in WATCH)
    if "watch" in section and not section["watch"].split():
        yield "does not say how: watch"
    if not re.fullmatch(r"[A-Za-z0-9._-]+", section.name):
        yield "a name has only letters, digits and -"
    if not {"guest", "qemu", "program"} & set(section):
        yield "does not say: guest (or qemu, or program)"
    yield from (f"{key} is not a number" for key in ("seconds", "smp")
                if not re.fullmatch(r"[1-9][0-9]*", section.get(key, "1")))
    guest, module = section.get("guest"), section.get("module", "").split()
    if guest and not (LAB / "guests" / f"{guest}.S").is_file():
        yield f"no such guest: guests/{guest}.S"
    if module and not (module_folder(module[0]) / "Kbuild").is_file():
        yield f"no such module: {module[0]}/Kbuild"
    for line in expressions(section):
        try:
            re.compile(line)
        except re.error as reason:
            yield f"{line}: {reason}"


def parsed(path):
    config = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    config.optionxform = str
    try:
        config.read_string(path.read_text(encoding="utf-8"), source=str(path))
    except configparser.Error as reason:
        raise ValueError(" ".join(str(reason).split())) from None
    return config


def read(path=FILE):
    """All scenarios in the order of the file: name -> Scenario.

    ValueError says what is wrong with it.
    """
    found = {}
    config = parsed(path)
    for name in config.sections():
        for fault in faults(config[name]):
            raise ValueError(f"{path}: [{name}] {fault}")
        found[name] = Scenario(name, dict(config[name]))
    return found
