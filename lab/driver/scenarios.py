# SPDX-License-Identifier: MIT
"""scenarios.cfg in, Scenario out. The head of that file says what the keys mean."""

import configparser
import dataclasses
import pathlib
import re
import shlex

LAB = pathlib.Path(__file__).resolve().parents[1]
KEYS = {"what", "guest", "vmm", "qemu", "linux", "cpu", "kernels", "kvm", "kvm_amd", "kvm_intel",
        "setup", "module", "seconds", "host", "see", "never", "oracle", "explain"}
# These may be said for one kernel or one processor only: `see.old`, `explain.intel`.
VARIED = {"see", "never", "explain", "oracle"}


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    keys: dict

    def words(self, key):
        return self.keys.get(key, "").split()

    def lines(self, key, *variants):
        """The lines of a key, and of what is said for these kernels or processors only."""
        texts = [self.keys.get(key, ""), *(self.keys.get(f"{key}.{variant}", "") for variant in variants)]
        return [line.strip() for text in texts for line in text.splitlines() if line.strip()]

    @property
    def what(self):
        return " ".join(self.keys["what"].split())

    @property
    def kernels(self):
        return self.words("kernels")

    @property
    def cpus(self):
        return self.words("cpu")

    @property
    def stock_qemu(self):
        return "qemu" in self.keys

    @property
    def module(self):
        """The module of the lab that L1 loads for it, with its options; [] for none."""
        return self.words("module")

    def options(self, key):
        return shlex.split(self.keys.get(key, ""))


def check(section):
    for key in section:
        name, _, variant = key.partition(".")
        if name not in KEYS or (variant and name not in VARIED):
            raise ValueError(f"scenarios.cfg: [{section.name}] has an unknown key: {key}")
        if name in ("see", "never", "oracle"):
            for line in section[key].splitlines():
                re.compile(line)
    for key in ("what", "cpu", "kernels"):
        if not section.get(key):
            raise ValueError(f"scenarios.cfg: [{section.name}] does not say: {key}")


def read(path=LAB / "scenarios.cfg"):
    """All scenarios in the order of the file: name -> Scenario."""
    config = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    config.optionxform = str
    config.read_string(path.read_text(encoding="utf-8"), source=str(path))
    found = {}
    for name in config.sections():
        check(config[name])
        found[name] = Scenario(name, dict(config[name]))
    return found
