# SPDX-License-Identifier: MIT
"""Scenarios and kernels in, verdicts out: what can share a boot of L1 does."""

import collections
import pathlib
import tempfile
import time

from . import emulators, guests, judge, kernels, l1, machine, modules, stock
from .cache import Broken, Skip, say
from .judge import Verdict
from .scenarios import LAB

# Time for the emulator itself, beside the jobs: a boot, and slow machines.
BOOT_SECONDS = {"amd": 90, "intel": 180}
# A second of L1 may take this long here.
SLOWNESS = {"amd": 1, "intel": 6}


def wanted(scenarios, only_kernels, only_cpus):
    """Yields (scenario, kernel, cpu) for all that is asked for, `host` among the kernels."""
    for scenario in scenarios:
        names = scenario.kernels + (["host"] if scenario.keys.get("host") == "yes" else [])
        for kernel in names:
            for cpu in scenario.cpus if kernel != "host" else ["this machine"]:
                if (not only_kernels or kernel in only_kernels) and (not only_cpus or cpu in only_cpus):
                    yield scenario, kernel, cpu


def grouped(items):
    """(kernel, cpu, whether L1 needs QEMU) -> scenarios, one boot each."""
    groups = collections.OrderedDict()
    for scenario, kernel, cpu in items:
        groups.setdefault((kernel, cpu, scenario.stock_qemu), []).append(scenario)
    return groups


def command(scenario):
    if not scenario.stock_qemu:
        return ["vmm", *scenario.options("vmm"), f"/bin/{scenario.keys['guest']}.bin"]
    words = scenario.options("qemu")
    if "linux" in scenario.keys:
        words += ["-kernel", stock.LINUX]
    if "guest" in scenario.keys:
        words += ["-bios", f"/bin/{scenario.keys['guest']}.rom"]
    return ["stock-qemu", str(stock.qemu()), *words]


def setup(scenario):
    lines = scenario.lines("setup")
    if scenario.module:
        lines.append(f"own_module {' '.join(scenario.module)}")
    return "; ".join(lines)


def job(scenario, cpu):
    return l1.Job(name=scenario.name, command=command(scenario), seconds=int(scenario.keys.get("seconds", 20)),
                  kvm=scenario.keys.get("kvm", ""), vendor=scenario.keys.get(f"kvm_{cpu}", ""), setup=setup(scenario))


def own_modules(scenarios, kernel):
    """File name in L1 -> path of the modules of the lab that these scenarios load."""
    names = {scenario.module[0] for scenario in scenarios if scenario.module}
    return {f"{name}.ko": modules.build(LAB / name, kernel) / f"{name}.ko" for name in sorted(names)}


def files_for(scenarios, kernel, programs):
    """Path in L1 -> path here of all that these scenarios use."""
    files = {path.name: path for path in programs.iterdir()}
    files.update(own_modules(scenarios, kernel))
    if any(scenario.stock_qemu for scenario in scenarios):
        files.update(stock.files())
    for linux in {scenario.keys["linux"] for scenario in scenarios if "linux" in scenario.keys}:
        files[stock.LINUX] = kernels.get(linux).image
    return files


def boot(folder, kernel, cpu, scenarios, programs):
    """One boot of L1 for these scenarios; yields a verdict for each."""
    files = files_for(scenarios, kernel, programs)
    jobs = [job(scenario, cpu) for scenario in scenarios]
    jobs.sort(key=lambda one: (one.kvm, one.vendor))    # modules are reloaded for other options only
    initrd = l1.make(folder, kernel, cpu, jobs, files)
    seconds = BOOT_SECONDS[cpu] + SLOWNESS[cpu] * sum(one.seconds for one in jobs)

    def progress(line):
        if line.startswith("@begin "):
            say(f"{kernel.name} {cpu}: {line[7:]}")

    say(f"{kernel.name} {cpu}: booting {kernel.release}")
    result = emulators.boot(cpu, kernel, initrd, folder, seconds, progress)
    found = l1.outcomes(result.stream)
    result.how += f", Linux {kernel.version}"
    for scenario in scenarios:
        yield judge.judge(scenario, kernel.name, cpu, found.get(scenario.name), result)


def run_group(key, scenarios, programs):
    name, cpu, _stock_qemu = key
    with tempfile.TemporaryDirectory(prefix="kvmwhy-lab-") as folder:
        if name == "host":
            yield from machine.run(scenarios, programs)
        else:
            yield from boot(pathlib.Path(folder), kernels.get(name), cpu, scenarios, programs)


def run(scenarios, only_kernels=(), only_cpus=()):
    """Yields (Verdict, seconds): seconds are those of the boot that it shared, of its first verdict only."""
    groups = grouped(wanted(scenarios, only_kernels, only_cpus))
    with tempfile.TemporaryDirectory(prefix="kvmwhy-guests-") as folder:
        programs = guests.build(pathlib.Path(folder)) or pathlib.Path(folder)
        for key, members in groups.items():
            since = time.monotonic()
            try:
                verdicts = list(run_group(key, members, programs))
            except Skip as reason:
                verdicts = [Verdict(one.name, key[0], key[1], "skipped", [str(reason)]) for one in members]
            except Broken as reason:
                verdicts = [Verdict(one.name, key[0], key[1], "missed", [str(reason)]) for one in members]
            say("")
            for verdict in verdicts:
                yield verdict, time.monotonic() - since
                since = time.monotonic()
