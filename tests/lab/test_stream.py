#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What L1 says, whole, torn and hostile: its stream in, outcomes out."""

import random

from lab import equal, main, test

from driver import l1, process

WHOLE = """
@begin one
 vmm: guest done 0x42

@dmesg
 [    1.0] kvm: a line

@end one 0

@begin two
 KVM internal error. Suberror: 1
 @end two 0

@dmesg

@end two 1

@done 6.1.0
""".split("\n")


@test("a whole stream gives the output, the kernel's log and the status of each job")
def _(_):
    found = l1.outcomes(WHOLE)
    equal(list(found), ["one", "two"])
    equal(found["one"], l1.Outcome(["vmm: guest done 0x42"], ["[    1.0] kvm: a line"], 0))
    equal(found["two"], l1.Outcome(["KVM internal error. Suberror: 1", "@end two 0"], [], 1))


@test("a stream cut at any byte gives what was there, and no status that was not said whole")
def _(_):
    text = "\n".join(WHOLE)
    for cut in range(len(text)):
        found = l1.outcomes(text[:cut].split("\n"))
        for name, end in (("one", "@end one 0"), ("two", "@end two 1")):
            whole = text[:cut].find("\n" + end) >= 0
            equal(name in found and found[name].status is not None, whole)


@test("a cut stream has the status of no other job")
def _(_):
    equal(l1.outcomes(["@begin a", "@end b 0"])["a"].status, None)
    equal(l1.outcomes(["@begin a", "@begin b", "@end a 0"])["a"].status, None)
    equal(l1.outcomes(["@end a 0", "@dmesg", " x", "@done"]), {})


@test("control lines in what a guest says are content")
def _(_):
    said = ["@begin x", "@dmesg", "@end one 0", "@done", "@", ""]
    found = l1.outcomes(["@begin one", *(f" {line}" for line in said), "@end one 3"])
    equal(found, {"one": l1.Outcome(said, [], 3)})


@test("a line without the blank, as of a shell, is kept whole")
def _(_):
    equal(l1.outcomes(["@begin one", "Killed", "@end one 137"])["one"].output, ["Killed"])


@test("a status that is not a number is none")
def _(_):
    for status in ("", "x", "-1", "\u00b2", "9" * 5000, "0 0"):
        equal(l1.outcomes(["@begin one", f"@end one {status}"])["one"].status, None)


@test("random lines never raise")
def _(_):
    pieces = ["@begin a", "@end a 0", "@dmesg", "@", " ", "\0", "\ufffd", "@begin", "@end", "x" * 10000, "@done",
              " @end a 0"]
    chance = random.Random(1)
    for _round in range(2000):
        l1.outcomes(["".join(chance.choices(pieces, k=2)) for _line in range(chance.randrange(12))])


def read_back(directory, data):
    path = directory / "stream"
    path.write_bytes(data)
    file = process.Growing(path)
    try:
        return file.more(), file.text().splitlines()
    finally:
        file.close()


@test("bytes that are no UTF-8, NULs and what Unicode calls the end of a line do not end a line")
def _(directory):
    said = [b"\xff\x00\x0c@end one 0", b"a\r@end one 0", b"b\xe2\x80\xa8@end one 0", b"\xc2\x85@end one 0\r"]
    data = b"\n".join([b"@begin one", *(b" " + line for line in said), b"@end one 5\n"])
    lines, text = read_back(directory, data)
    for found in (l1.outcomes(lines), l1.outcomes(text)):
        equal(found["one"].status, 5)
        equal(len(found["one"].output), 4)


@test("a line of many megabytes is read, and no more than the limit of a stream is")
def _(directory):
    lines, text = read_back(directory, b"@begin one\n " + b"A" * (process.MOST_BYTES + 100))
    equal(lines, ["@begin one"])
    assert process.MOST_BYTES - 20 < sum(map(len, text)) <= process.MOST_BYTES + 1


main()
