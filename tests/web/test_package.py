#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The npm package: what `npm pack` puts into it, and the script of docs/web.md with it installed.

usage: test_package.py KVMWHY
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

import web

FILES = {"LICENSE", "README.md", "engine.mjs", "kvmwhy.d.ts", "kvmwhy.mjs", "kvmwhy.wasm",
         "package.json"}
LOG = web.SOURCE / "examples/starting-case.log"
# What may run is what the module imports: one function of ours, three of a C library's stdio.
IMPORTS = {"kvmwhy.write", "wasi_snapshot_preview1.fd_close", "wasi_snapshot_preview1.fd_seek",
           "wasi_snapshot_preview1.fd_write"}


def pack(folder):
    """Runs npm pack without a network and without the user's settings."""
    environment = dict(os.environ, HOME=folder, npm_config_cache=f"{folder}/cache",
                       npm_config_offline="true", npm_config_update_notifier="false")
    made = subprocess.run(["npm", "pack", "--json", "--pack-destination", folder, web.PACKAGE],
                          check=True, capture_output=True, encoding="utf-8", env=environment)
    return pathlib.Path(folder, json.loads(made.stdout)[0]["filename"])


def install(archive, folder):
    where = pathlib.Path(folder, "node_modules/kvmwhy")
    where.mkdir(parents=True)
    with tarfile.open(archive) as tar:
        names = {name.removeprefix("package/") for name in tar.getnames()}
        assert names == FILES, names
        for member in tar.getmembers():
            path = where / member.name.removeprefix("package/")
            path.write_bytes(tar.extractfile(member).read())


def node(folder, script, name="script.mjs"):
    path = pathlib.Path(folder, name)
    path.write_text(script, encoding="utf-8")
    with LOG.open("rb") as log:
        run = subprocess.run(["node", path], stdin=log, check=False, capture_output=True,
                             encoding="utf-8")
    assert run.returncode == 0, run.stderr
    return run.stdout


def script_of_the_document():
    text = (web.SOURCE / "docs/web.md").read_text(encoding="utf-8")
    found = re.search(r"^```js\n(.*?)^```$", text, re.S | re.M)
    assert found, "docs/web.md has no script"
    assert len(found[1].strip().splitlines()) == 5, found[1]
    return found[1]


LOOK_UPS = """
import { load } from 'kvmwhy';
const kvmwhy = await load();
const fails = (fn) => {
	try { fn(); } catch (error) { return error instanceof RangeError; }
};
const reader = kvmwhy.reader({ formats: ['text', 'ndjson'], limit: 1 });
const other = kvmwhy.reader({ format: 'ndjson' });
const log = (await import('node:fs')).readFileSync(0);
for (let i = 0; i < log.length; i += 7)
	reader.feed(log.subarray(i, i + 7)), other.feed(log.subarray(i, i + 7));
reader.feed('\\n').feed(log).finish();
other.finish();
console.log(JSON.stringify({
	msr: kvmwhy.msr('0x404', { value: '0xfffffffffffffffe', hostKernel: '5.10.100' }).output,
	insn: kvmwhy.insn('0f 30', { bits: 32 }).output,
	rule: kvmwhy.rule('wrmsr-eperm-x2apic', { format: 'json' }).output,
	page: kvmwhy.rulePage('wrmsr-eperm-x2apic').length > 100 && !kvmwhy.rulePage('none'),
	wrong: [() => kvmwhy.msr('NO_SUCH_MSR'), () => kvmwhy.explain('', { format: 'pdf' }),
		() => kvmwhy.explain('', { vendor: 'via' }), () => kvmwhy.insn('zz')].every(fails),
	empty: kvmwhy.explain('').count,
	counted: reader.count,
	printed: reader.output('ndjson').trim().split('\\n').length,
	alone: other.output() === kvmwhy.explain(log, { format: 'ndjson' }).output,
}));
"""

MODULE = """
import { readFileSync } from 'node:fs';
const module = await WebAssembly.compile(readFileSync('%s'));
console.log(JSON.stringify(WebAssembly.Module.imports(module).map((i) => i.module + '.' + i.name)));
"""


def said(kvmwhy, *words):
    return subprocess.run([kvmwhy, *words], check=False, capture_output=True,
                          encoding="utf-8").stdout


def main(kvmwhy):
    web.need("npm")
    web.build()
    with tempfile.TemporaryDirectory() as folder:
        install(pack(folder), folder)
        assert node(folder, script_of_the_document()) == said(kvmwhy, "explain", LOG)
        told = json.loads(node(folder, LOOK_UPS))
        imports = json.loads(node(folder, MODULE % (web.PACKAGE / "kvmwhy.wasm")))
    expected = said(kvmwhy, "msr", "0x404", "0xfffffffffffffffe", "--host-kernel", "5.10.100")
    assert told["msr"] == expected, told["msr"]
    assert told["insn"] == said(kvmwhy, "insn", "--mode", "32", "0f 30"), told["insn"]
    assert json.loads(told["rule"])["id"] == "wrmsr-eperm-x2apic", told["rule"]
    assert told["page"] and told["wrong"] and told["empty"] == 0 and told["alone"], told
    assert (told["counted"], told["printed"]) == (2, 1), told
    assert set(imports) <= IMPORTS, imports
    print("the package's files, its script, the look-ups, the imports: as expected")


if __name__ == "__main__":
    main(sys.argv[1])
