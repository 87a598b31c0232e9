// SPDX-License-Identifier: MIT
/* The npm package's module: reads kvmwhy.wasm, nothing else, and sends nothing. */
import { Kvmwhy } from './engine.mjs';

/* The bytes of kvmwhy.wasm beside this file. */
async function readBeside() {
	const url = new URL('kvmwhy.wasm', import.meta.url);

	if (url.protocol !== 'file:')
		return (await fetch(url)).arrayBuffer();
	const { readFile } = await import('node:fs/promises');
	return readFile(url);
}

export async function load(source) {
	const wasm = source ?? await readBeside();

	return new Kvmwhy(wasm instanceof WebAssembly.Module ? wasm : await WebAssembly.compile(wasm));
}
