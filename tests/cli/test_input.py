#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What can be read: files, pipes, archives, and what is wrong with them."""

import fcntl
import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import time

from cli import (CASE, FOUND, NOTHING, SANITIZERS, TOOL, TROUBLE, Skip, environment, equal, kvmwhy,
                 main, test)

PACKERS = ["gzip", "xz", "zstd"]
LOG = CASE.read_bytes()


def pack(program, data):
    if not shutil.which(program):
        raise Skip(f"{program} is not installed")
    return subprocess.run([program, "-c"], input=data, capture_output=True, check=True).stdout


def classes(result):
    return [json.loads(line)["class"] for line in result.out.splitlines()]


@test("the standard input is read, with and without a dash")
def _(_):
    for args in [], ["-"], ["explain"], ["explain", "-"]:
        kvmwhy(*args, stdin=LOG).expect(FOUND, "0x838")


@test("several files are several streams")
def _(directory):
    half = LOG[:len(LOG) // 2]
    (directory / "first").write_bytes(half)
    (directory / "second").write_bytes(LOG)
    result = kvmwhy("--format", "ndjson", directory / "first", "-", directory / "second", stdin=LOG)
    reports = [json.loads(line) for line in result.expect(FOUND).out.splitlines()]
    equal([r["input"].get("file") for r in reports],
          [str(directory / "first"), None, str(directory / "second")])
    equal([r["input"]["first_line"] for r in reports], [1, 1, 1])


def folder_of_logs(directory):
    """Two logs, one of them packed, and what is none: a picture, a link to a log, a link to here."""
    below = directory / "logs" / "b"
    below.mkdir(parents=True)
    (directory / "logs" / "a.log").write_bytes(LOG)
    (below / "z.log.gz").write_bytes(pack("gzip", LOG))
    (below / "picture").write_bytes(b"\x89PNG\0\0" + LOG)
    (below / "link").symlink_to(directory / "logs" / "a.log")
    (below / "loop").symlink_to(directory / "logs")
    return directory / "logs"


@test("-r reads the logs below a folder in order, and nothing else")
def _(directory):
    logs = folder_of_logs(directory)
    result = kvmwhy("-r", "--format", "ndjson", logs).expect(FOUND)
    equal([json.loads(line)["input"]["file"] for line in result.out.splitlines()],
          [f"{logs}/a.log", f"{logs}/b/z.log.gz"])
    kvmwhy("-r", logs / "b" / "picture", logs / "b").expect(FOUND)      # a file is read as it is
    (directory / "empty").mkdir()
    assert "no log to read" in kvmwhy("-r", directory / "empty").expect(NOTHING).complaint()
    kvmwhy("-r", directory / "gone", logs).expect(TROUBLE, "0x838", "No such file")


@test("--summary counts by fingerprint, over files and within them")
def _(directory):
    (directory / "one").write_bytes(LOG + LOG)
    (directory / "two").write_bytes(LOG)
    other = b"error: kvm run failed Bad address\n"
    (directory / "three").write_bytes(other)
    files = [directory / name for name in ("one", "three", "two")]
    rows = json.loads(kvmwhy("--summary", "--format", "json", *files).expect(FOUND).out)
    equal([(row["count"], row["files"]) for row in rows], [(3, 2), (1, 1)])
    equal([row["first"] for row in rows],
          [{"file": str(files[0]), "line": 1}, {"file": str(files[1]), "line": 1}])
    equal(rows[0]["last"]["file"], str(files[2]))
    assert rows[0]["rule"] and rows[0]["certainty"] == "likely", rows
    text = kvmwhy("--summary", *files).expect(FOUND).text()
    assert text.startswith("     3  WRMSR to IA32_X2APIC_INIT_COUNT"), text
    assert f"{files[0]}:1 to {files[2]}:1, in 2 files\n" in text, text
    stamps = b"Dec  1 06:15:44 h kvm[7]: ", b"2026-12-01T06:15:44.5+00:00 ", b"[  12.345678] "
    for stamp in stamps:
        (directory / "one").write_bytes(b"".join(stamp + line for line in LOG.splitlines(True)))
        done = kvmwhy("--summary", "--format", "json", directory / "one").expect(FOUND)
        moment = json.loads(done.out)[0]["first"]["time"]
        assert stamp.startswith(moment.encode()) and re.search(r"\d\]?$|00:00$", moment), (stamp, moment)
        text = kvmwhy("--summary", directory / "one").expect(FOUND).text()
        assert f"        {moment} ({directory}/one:1)\n" in text, text
    assert "--summary has no format html" in \
        kvmwhy("--summary", "--format", "html", CASE).expect(TROUBLE).complaint()


@test("--this-host is this machine's kernel, unless another is given")
def _(_):
    log = b"vcpu 0: error: kvm run failed Operation not permitted\n" + LOG
    here = kvmwhy("--this-host", "--format", "json", stdin=log).expect(FOUND).out
    equal(here, kvmwhy("--this-host", "--host-kernel", os.uname().release, "--format", "json",
                       stdin=log).out)
    files = list(pathlib.Path("/sys/module").glob("kvm*/parameters/ignore_msrs"))
    text = re.sub(r"\n +", " ", kvmwhy("--this-host", stdin=log).text())
    assert all(f" kvm.ignore_msrs={file.read_text().strip()}" in text for file in files), text
    assert "ignore_msrs" not in kvmwhy(stdin=log).text()
    old = ["--host-kernel", "5.10.100", "--vendor", "intel", "--format", "json"]
    equal(kvmwhy("--this-host", *old, stdin=log).out, kvmwhy(*old, stdin=log).out)


@test("a missing file is named, the others are explained, and the status is 2")
def _(directory):
    result = kvmwhy(directory / "gone.log", CASE).expect(TROUBLE, "0x838")
    assert f"cannot open '{directory}/gone.log': No such file" in result.complaint(), result
    kvmwhy(CASE, directory / "gone.log").expect(TROUBLE, "0x838")


@test("a file that fails to be read is named")
def _(_):
    message = "cannot read '/proc/self/mem': Input/output error"
    kvmwhy("/proc/self/mem", CASE).expect(TROUBLE, "0x838", message)


@test("a directory in place of a file is named")
def _(directory):
    kvmwhy(directory).expect(TROUBLE, err=f"'{directory}' is a directory: name the log files in it")
    kvmwhy("explain", directory, CASE).expect(TROUBLE, "0x838")


@test("empty inputs give 1")
def _(directory):
    (directory / "log").touch()
    kvmwhy(directory / "log").expect(NOTHING, err="is empty")
    kvmwhy("/dev/null").expect(NOTHING, err="is empty")
    kvmwhy().expect(NOTHING, err="'standard input' is empty")


@test("a closed standard input is a trouble, not an empty log")
def _(_):
    done = subprocess.run(["sh", "-c", '"$0" <&-', TOOL], capture_output=True, check=False)
    equal(done.returncode, TROUBLE)
    assert b"cannot read 'standard input'" in done.stderr, done.stderr


@test("a missing last newline and carriage returns do no harm")
def _(_):
    kvmwhy(stdin=LOG.rstrip(b"\n")).expect(FOUND, "0x838")
    kvmwhy(stdin=LOG.replace(b"\n", b"\r\n")).expect(FOUND, "0x838")


for packer in PACKERS:
    @test(f"what {packer} packed is read as a file, as the standard input and through a pipe")
    def _(directory, packer=packer):
        archive = directory / "log.1"
        archive.write_bytes(pack(packer, LOG))
        plain = kvmwhy(stdin=LOG).expect(FOUND).out
        equal(kvmwhy("-", stdin=archive.read_bytes()).expect(FOUND).out, plain)
        with open(archive, "rb") as file:
            equal(subprocess.run([TOOL], stdin=file, capture_output=True, check=True).stdout, plain)
        result = kvmwhy("--format", "ndjson", archive, CASE, archive).expect(FOUND)
        equal(classes(result), ["kvm-run-failed"] * 3)
        equal(result.err, b"")

    @test(f"what {packer} packed may be damaged: a note, and the best answer that is left")
    def _(directory, packer=packer):
        noise = bytes(33 + b % 90 for b in os.urandom(1 << 18))
        archive = directory / "log"
        archive.write_bytes(pack(packer, LOG + b"\n\n" + noise)[:-20])
        result = kvmwhy(archive)
        assert f"'{archive}' is damaged: {packer} ended with status" in result.complaint(), result
        if packer == "xz":
            # xz may output nothing of a truncated block
            assert result.status in (FOUND, NOTHING), result
        else:
            result.expect(FOUND, "0x838")

    @test(f"without the program {packer} the package is named")
    def _(directory, packer=packer):
        archive = directory / "log"
        archive.write_bytes(pack(packer, LOG))
        env = environment(PATH=str(directory))
        result = kvmwhy(archive, CASE, env=env).expect(TROUBLE, "0x838", f"'{packer}' is missing")
        assert "install the package" in result.complaint(), result
        kvmwhy(env=env, stdin=archive.read_bytes()).expect(TROUBLE, err=f"'{packer}' is missing")


@test("an archive that drips through a pipe byte by byte is recognised")
def _(_):
    data = pack("gzip", LOG)
    with subprocess.Popen([TOOL], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for byte in data[:12]:
            process.stdin.write(bytes([byte]))
            process.stdin.flush()
            time.sleep(0.005)
        out, _ = process.communicate(data[12:])
    equal(process.returncode, FOUND)
    assert b"0x838" in out, out


@test("an archive larger than all pipes comes through the standard input whole")
def _(_):
    filler = b"nothing of interest in this line\n" * 100000
    kvmwhy(stdin=pack("gzip", filler + os.urandom(1 << 20).hex().encode() + b"\n" + LOG)).expect(
        FOUND, "0x838")


@test("a journal in binary form is named")
def _(_):
    kvmwhy(stdin=b"LPKSHHRH" + bytes(100)).expect(NOTHING, err="kvmwhy journal --file")


def peak_kib(pid):
    """The peak memory of the process since its exec."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(next(line for line in status if line.startswith("VmHWM:")).split()[1])


def feed_long_line(limit_bytes, line_bytes):
    """Feeds a line of @line_bytes, then a dump; returns status, text and peak in KiB."""
    def limit():
        if limit_bytes:
            resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))

    piece = b"x" * (1 << 20)
    with subprocess.Popen([TOOL], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          preexec_fn=limit) as process:
        fcntl.fcntl(process.stdin, fcntl.F_SETPIPE_SZ, len(piece))
        for _ in range(line_bytes // len(piece)):
            process.stdin.write(piece)
        peak = peak_kib(process.pid)
        out, _ = process.communicate(b"\n" + LOG)
    return process.returncode, out, peak


@test("a line of 4 GiB is read in 64 MiB of address space, and what follows it is explained")
def _(_):
    if SANITIZERS:
        raise Skip("the sanitizers need more address space; the next test looks at memory in use")
    status, out, peak = feed_long_line(64 << 20, 4 << 30)
    equal(status, FOUND)
    assert b"0x838" in out, out
    assert peak < 8 << 10, f"{peak} KiB in use"


@test("four times the line is not more memory in use")
def _(_):
    _, _, short = feed_long_line(0, 32 << 20)
    status, _, long = feed_long_line(0, 128 << 20)
    equal(status, FOUND)
    assert long < short + 1024, f"{short} KiB, then {long} KiB"


@test("noise, zeros and broken UTF-8 are no failure and no crash")
def _(_):
    for data in os.urandom(1 << 20), bytes(1 << 20), b"\xff\xfe\xc0\x80\xed\xa0\x80" * 1000:
        kvmwhy(stdin=b"x" + data).expect(NOTHING)


main()
