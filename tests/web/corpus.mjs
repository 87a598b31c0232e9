// SPDX-License-Identifier: MIT
/* usage: corpus.mjs KVMWHY.MJS FOLDER LOG...: FOLDER has the command's answers, NUMBER.FORMAT */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [module, folder, ...logs] = process.argv.slice(2);
const { load } = await import(pathToFileURL(module));
const kvmwhy = await load();
let bad = 0;

function formats(number) {
	return ['text', 'ndjson', 'html'].filter((format) => existsSync(join(folder, `${number}.${format}`)));
}

function differs(one, other) {
	const lines = other.split('\n');
	const at = one.split('\n').findIndex((line, i) => line !== lines[i]);

	return `line ${at + 1}:\n  command  ${one.split('\n')[at]}\n  wasm     ${lines[at]}`;
}

for (const [number, log] of logs.entries()) {
	const text = readFileSync(log);

	for (const format of formats(number)) {
		const expected = readFileSync(join(folder, `${number}.${format}`), 'utf8');
		const { output } = kvmwhy.explain(text, { format, all: true, file: log });

		if (output === expected)
			continue;
		bad++;
		console.log(`${log}: ${format} differs at ${differs(expected, output)}`);
	}
}
console.log(`${logs.length} logs, ${bad} answers differ from the command's`);
process.exit(bad || !logs.length ? 1 : 0);
