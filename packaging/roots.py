# SPDX-License-Identifier: MIT
"""Minimal roots of a Debian suite, and commands inside a fresh copy of one.

In: a suite, as bookworm or, for another architecture that this machine runs, bookworm:i386. Out: a
temporary folder. The archive and how to reach it come from this machine's apt configuration, as in
the lab, whose cache keeps the roots. A command runs in mount, pid and user namespaces of its own,
with no terminal and no locale, the root's users as they are. Nothing of this machine but its
network, /sys and a few devices is to be seen there.
"""

import contextlib
import ctypes
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

PROJECT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT / "lab"))

from driver import cache, packages, tools  # noqa: E402
from driver.cache import Broken, Skip  # noqa: E402, F401

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID = 0x20000, 0x10000000, 0x20000000
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
               "DEBIAN_FRONTEND": "noninteractive"}

# sh -c ENTER sh ROOT COMMAND...
ENTER = """
mount --make-rprivate /
mount --rbind "$1" "$1"
cd "$1"
mount -t proc proc proc || mount --rbind /proc proc
mount --rbind /sys sys
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom; do
	: >"dev/$device"
	mount --bind "/dev/$device" "dev/$device"
done
ln -s /proc/self/fd dev/fd
mkdir -m 1777 dev/shm
shift
exec chroot . "$@"
"""


def base(suite, extra=()):
    """The archive of a root with make, git and what every Debian has; additional packages make it a
    different one."""
    name = "-".join(["roots/" + suite.replace(":", "-"), *sorted(extra)])
    return cache.entry(name, lambda folder: make(folder, suite, extra)) / "root.tar"


def personality(suite):
    """The words that, before a command, make uname match the root."""
    return ["setarch", "i686"] if suite.endswith(":i386") else []


def make(folder, suite, extra):
    if not shutil.which("mmdebstrap"):
        raise Skip("mmdebstrap is missing: install it with scripts/install-deps --all")
    address = packages.mirror()
    include = ["make", "git", *(["ca-certificates"] if address.startswith("https:") else []), *extra]
    carried = packages.CARRIED.findall(tools.output("apt-config", "dump", error=Skip).decode())
    options = folder / "apt.conf"
    options.write_text("".join(f"{line}\n" for line in carried), encoding="utf-8")
    cache.say(f"making a root of {suite}")
    suite, _, architecture = suite.partition(":")
    architectures = [f"--architectures={architecture}", "--skip=check/qemu"] if architecture else []
    tools.output("mmdebstrap", "--variant=minbase", "--dpkgopt=force-unsafe-io", *architectures, "--include=" + ",".join(include), f"--aptopt={options}",
                 f"--keyring={packages.KEYRING}", suite, folder / "root.tar", address, error=Skip)
    cache.say("")


class Root:
    """A copy of a root."""

    def __init__(self, folder, before=()):
        self.folder, self.before = folder, before

    def run(self, *command, output=None, timeout=None):
        """The status of a command inside; its output goes to the file output, and is dropped
        without one."""
        argv = [*self.before, "sh", "-ec", ENTER, "sh", str(self.folder), *command]
        with open(output or os.devnull, "ab") as said:
            return _run(argv, said, timeout)

    def path(self, inside):
        return self.folder / inside.lstrip("/")


@contextlib.contextmanager
def root(suite, extra=()):
    """A fresh copy, ready for apt."""
    if os.geteuid():
        raise Skip("the root of another Debian keeps files of many users: run this as root")
    archive = base(suite, extra)
    with tempfile.TemporaryDirectory(prefix="kvmwhy-root-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)
        tools.output("tar", "-xf", archive, "-C", folder, "--numeric-owner", error=Broken)
        copy = Root(pathlib.Path(folder), personality(suite))
        for file in "/etc/resolv.conf", "/etc/hosts":
            if os.path.exists(file):
                shutil.copyfile(file, copy.path(file))
        if copy.run("true"):
            raise Skip("a root needs mount, pid and user namespaces of its own, which are refused here")
        yield copy


def _run(argv, output, timeout):
    """subprocess.call() in new namespaces, where the root's users are this machine's, by number."""
    ready, ready_child = os.pipe()
    mapped_child, mapped = os.pipe()
    child = subprocess.Popen([sys.executable, __file__, str(ready_child), str(mapped_child), *argv],
                             stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=ENVIRONMENT,
                             start_new_session=True, pass_fds=(ready_child, mapped_child))
    os.close(ready_child)
    os.close(mapped_child)
    try:
        if os.read(ready, 1):
            for kind in "uid_map", "gid_map":
                pathlib.Path(f"/proc/{child.pid}/{kind}").write_text("0 0 65536", encoding="ascii")
            os.write(mapped, b"x")
        return child.wait(timeout)
    finally:
        child.kill()
        child.wait()
        os.close(ready)
        os.close(mapped)


def _child(ready, mapped, *argv):
    """Creates the namespaces, waits for the user map, and stays as the parent of the pid
    namespace's first process."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID):
        sys.exit(os.strerror(ctypes.get_errno()))
    os.write(int(ready), b"x")
    if not os.read(int(mapped), 1):
        sys.exit(1)
    first = os.fork()
    if not first:
        libc.prctl(1, 9, 0, 0, 0)  # PR_SET_PDEATHSIG, SIGKILL
        os.execvp(argv[0], argv)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(first, 0)[1]) & 0xFF)


if __name__ == "__main__":
    _child(*sys.argv[1:])
