# SPDX-License-Identifier: MIT
"""Scenarios and kernels in, verdicts out: what can share a boot of L1 shares it."""

import collections
import pathlib
import tempfile
import time

from . import emulators, guests, judge, kernels, l1, machine, modules, own_kernel, stock, tools
from .cache import Broken, Skip, say
from .judge import Verdict
from .scenarios import module_folder

# Time for a boot, and for a job on top of its own seconds: an L1 that is silent for longer hangs.
BOOT_SECONDS = {"amd": 90, "intel": 240}
# The programs without which nothing runs.
COMMON = ("cc", "setpriv")
L1 = (*COMMON, "busybox", "cpio", "depmod", "dpkg-deb", "modprobe", "strip", "tar", "zstd")
NEEDED = {"host": COMMON, "amd": L1, "intel": (*L1, "bochs-bin", "xorriso")}
# How long a second of L1 may take here.
SLOWNESS = {"amd": 1, "intel": 6}


def wanted(scenarios, only_kernels, only_cpus):
    """Yields the requested (scenario, kernel, cpu), including `host` among the kernels. If no
    kernel is requested, those that must be built are left out."""
    taken = only_kernels or [*kernels.usual(), "host"]
    for scenario in scenarios:
        names = scenario.kernels + (["host"] if scenario.keys.get("host") == "yes" else [])
        # What older kernels alone show was fixed since.
        names += [own_kernel.NAME] if kernels.newest() in names else []
        for kernel in names:
            for cpu in scenario.cpus if kernel != "host" else ["this machine"]:
                if kernel in taken and (not only_cpus or cpu in only_cpus) and kernels.has(kernel, cpu):
                    yield scenario, kernel, cpu


def one_of_each_kind(items):
    """Of (scenario, kernel, cpu) the quickest of each kind for each kernel and processor."""
    kept = {}
    for item in items:
        scenario, kernel, cpu = item
        before = kept.setdefault((scenario.kind, kernel, cpu), item)
        if scenario.seconds < before[0].seconds:
            kept[scenario.kind, kernel, cpu] = item
    return list(kept.values())


def grouped(items):
    """(kernel, cpu, whether L1 needs QEMU, its processors) -> scenarios, one boot each."""
    groups = collections.OrderedDict()
    for scenario, kernel, cpu in items:
        groups.setdefault((kernel, cpu, scenario.stock_qemu, scenario.smp), []).append(scenario)
    return groups


def command(scenario):
    injector = ["preload", scenario.keys["preload"]] if "preload" in scenario.keys else []
    watcher = ["watched", ",".join(scenario.words("watch"))] if "watch" in scenario.keys else []
    return watcher + injector + plain_command(scenario)


def plain_command(scenario):
    if "program" in scenario.keys:
        return scenario.options("program")
    if not scenario.stock_qemu:
        return ["vmm", *scenario.options("vmm"), f"/bin/{scenario.keys['guest']}.bin"]
    words = scenario.options("qemu")
    if "linux" in scenario.keys:
        words += ["-kernel", stock.LINUX]
    if "guest" in scenario.keys:
        words += ["-bios", f"/bin/{scenario.keys['guest']}.rom"]
    return ["stock-qemu", str(stock.qemu()), *words]


def setup(scenario):
    """A program gets the module as a file."""
    loads = [f"own_module {' '.join(scenario.module)}"] if scenario.module and "program" not in scenario.keys else []
    return "; ".join(loads + scenario.lines("setup"))


def job(scenario, cpu):
    return l1.Job(name=scenario.name, command=command(scenario), seconds=scenario.seconds,
                  kvm=scenario.keys.get("kvm", ""), vendor=scenario.keys.get(f"kvm_{cpu}", ""), setup=setup(scenario))


def files_for(scenario, kernel):
    """Path in L1 -> path here of what a scenario uses besides the lab's programs."""
    files = stock.files() if scenario.stock_qemu else {}
    if scenario.keys.get("tool") == "yes" or "watch" in scenario.keys:
        files.update(stock.command(judge.need_tool()))
    if "preload" in scenario.keys:
        files.update(stock.injector(judge.need_tool()))
    if "example" in scenario.keys:
        files.update(stock.example(judge.need_tool(), scenario.keys["example"]))
    if scenario.keys.get("watcher") == "yes":
        files.update(stock.watcher(judge.need_tool()))
    if scenario.module and kernel.name == own_kernel.NAME:
        raise Skip(f"it needs {scenario.module[0]}.ko, which is built for the lab's own kernels only")
    if scenario.module:
        name = f"{scenario.module[0]}.ko"
        files[name] = modules.build(module_folder(scenario.module[0]), kernel) / name
    if "linux" in scenario.keys:
        files[stock.LINUX] = kernels.get(scenario.keys["linux"]).image
    return files


def boot(kernel, cpu, scenarios, files, estimate):
    """One boot of L1 for these scenarios: what it left, and job name -> Outcome."""
    jobs = [job(scenario, cpu) for scenario in scenarios]
    jobs.sort(key=lambda one: (one.kvm, one.vendor))    # modules are reloaded only for different options
    allowed = {f"@begin {one.name}": BOOT_SECONDS[cpu] + SLOWNESS[cpu] * one.seconds for one in jobs}

    def progress(line):
        if line in allowed:
            estimate.step()
            say(f"{kernel.name} {cpu}: {line.removeprefix('@begin ')}; {estimate.text()}")
        return allowed.get(line)

    say(f"{kernel.name} {cpu}: booting {kernel.release}; {estimate.text()}")
    with tempfile.TemporaryDirectory(prefix="kvmwhy-lab-") as folder:
        initrd = l1.make(pathlib.Path(folder), kernel, cpu, jobs, files)
        result = emulators.boot(cpu, kernel, initrd, folder, BOOT_SECONDS[cpu], progress, scenarios[0].smp)
    result.how += f", Linux {kernel.version}"
    return result, l1.outcomes(result.stream)


def boots(kernel, cpu, scenarios, files, estimate):
    """Yields a verdict for each scenario. What L1 did not reach before it died gets one more boot.
    """
    result, found = boot(kernel, cpu, scenarios, files, estimate)
    left = [one for one in scenarios if one.name not in found]
    for one in scenarios:
        if one not in left:
            yield judge.judge(one, kernel.name, cpu, found[one.name], result)
    if left:
        result, found = boot(kernel, cpu, left, files, estimate)
        result.how += ", in a second boot: the first one ended before it"
    for one in left:
        yield judge.judge(one, kernel.name, cpu, found.get(one.name), result)


class Estimate:
    """How long the rest takes: what boots and scenarios took so far, scaled to those that are left.
    """
    # Seconds for a boot and for a scenario, before anything is known.
    GUESS = {"amd": (6, 3), "intel": (30, 15), "this machine": (0, 1)}

    def __init__(self, groups):
        self.later = [self.guess(key[1], len(members)) for key, members in groups.items()]
        self.steps, self.done, self.since = [], 0, time.monotonic()

    def guess(self, cpu, count):
        boot, one = self.GUESS[cpu]
        return [boot] + [one] * count

    def enter(self):
        """The next group begins; what was left of the one before is over."""
        self.done += sum(self.steps)
        self.steps = self.later.pop(0)

    def step(self):
        """L1 has booted, or the next scenario begins."""
        if self.steps:
            self.done += self.steps.pop(0)

    def text(self):
        pace = (time.monotonic() - self.since) / self.done if self.done else 1
        seconds = pace * (sum(self.steps) + sum(map(sum, self.later)))
        return f"about {seconds / 60:.0f} min left" if seconds > 90 else f"about {seconds:.0f} s left"


def run_l1(name, cpu, scenarios, programs, estimate):
    """The scenarios of one kernel and processor, except those for which something is missing."""
    kernel, ready = kernels.get(name), []
    files = {path.name: path for path in programs.iterdir()}
    for scenario in scenarios:
        try:
            files.update(files_for(scenario, kernel))
            ready.append(scenario)
        except Skip as reason:
            yield Verdict(scenario.name, name, cpu, "skipped", [str(reason)])
    if ready:
        yield from boots(kernel, cpu, ready, files, estimate)


def run_group(key, scenarios, programs, estimate):
    """Verdicts of scenarios that share a boot, exactly one for each, whatever happens."""
    name, cpu, _stock_qemu, _smp = key
    left = {one.name for one in scenarios}
    try:
        on_host = name == "host"
        for verdict in (machine.run(scenarios, programs) if on_host else
                        run_l1(name, cpu, scenarios, programs, estimate)):
            left.remove(verdict.scenario)
            yield verdict
    except (Skip, Broken) as reason:
        state = "skipped" if isinstance(reason, Skip) else "missed"
        for one in scenarios:
            if one.name in left:
                yield Verdict(one.name, name, cpu, state, [str(reason)])


def need_kvmwhy(groups):
    """Reported before anything is booted for it."""
    asked = (one.lines("explain", *judge.variants(kernel, cpu))
             for (kernel, cpu, _stock_qemu, _smp), members in groups.items() for one in members)
    if any(asked) and not judge.tool():
        raise Broken(judge.NOT_BUILT)


def need_programs(groups):
    """All that is missing is told in one line, before anything is made."""
    names = {name for (kernel, cpu, _stock_qemu, _smp) in groups for name in NEEDED["host" if kernel == "host" else cpu]}
    tools.need(sorted(names))


def run(scenarios, only_kernels=(), only_cpus=(), each_kind=False):
    """Yields (Verdict, seconds): seconds are those of the shared boot, only with its first
    verdict."""
    items = wanted(scenarios, only_kernels, only_cpus)
    groups = grouped(one_of_each_kind(items) if each_kind else items)
    need_kvmwhy(groups)
    need_programs(groups)
    with tempfile.TemporaryDirectory(prefix="kvmwhy-guests-") as folder:
        programs = guests.build(pathlib.Path(folder)) or pathlib.Path(folder)
        estimate = Estimate(groups)
        for key, members in groups.items():
            since = time.monotonic()
            estimate.enter()
            for verdict in run_group(key, members, programs, estimate):
                say("")
                yield verdict, time.monotonic() - since
                since = time.monotonic()
