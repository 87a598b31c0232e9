// SPDX-License-Identifier: MIT
/*
 * The engine's side of the page, behind engine.mjs and redact.mjs in one script. Messages in:
 * { id, do, ... }; out: { id, progress } while it reads, then { id, result } or { id, error }.
 */
const LIMIT = 100;                      // failures printed; the others are counted
const UNPACKED_MAX = 16 * 2 ** 30;      // a bomb ends here
const PROGRESS_MS = 100;

const PACKED = [
	{ kind: 'gzip', magic: [0x1f, 0x8b], command: 'gunzip FILE.gz' },
	{ kind: 'zstd', magic: [0x28, 0xb5, 0x2f, 0xfd], command: 'unzstd FILE.zst' },
	{ kind: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a], command: 'unxz FILE.xz' },
];

let kvmwhy;

/* Known to the page by its key in the table of texts. */
class Told extends Error {
	constructor(key, values = {}) {
		super(key);
		this.told = { key, values };
	}
}

function options(asked) {
	return { hostKernel: asked.kernel || null, vendor: asked.vendor || null, all: asked.all, file: asked.file };
}

async function packing(blob) {
	const head = new Uint8Array(await blob.slice(0, 6).arrayBuffer());

	return PACKED.find(({ magic }) => magic.every((byte, i) => head[i] === byte));
}

/* A stream that unpacks, by what the browser has. */
function unpacker({ kind, command }) {
	try {
		return new DecompressionStream(kind);
	} catch {
		throw new Told('xz', { kind, command });
	}
}

function readAll(text, asked) {
	const reader = kvmwhy.reader({ ...options(asked), formats: asked.formats, limit: LIMIT });

	try {
		reader.feed(text).finish();
		return answer(reader, asked, new Blob([text]).size);
	} finally {
		reader.close();
	}
}

function answer(reader, asked, bytes) {
	const { count, suppressed } = reader;
	const outputs = Object.fromEntries(asked.formats.map((format) => [format, reader.output(format)]));

	return { count, suppressed, bytes, limit: LIMIT, outputs };
}

async function readBlob(blob, asked, progress) {
	const packed = await packing(blob);
	const state = { done: 0, total: packed ? 0 : blob.size, count: 0 };
	let stream = blob.stream(), last = 0;

	if (packed)
		stream = stream.pipeThrough(unpacker(packed));
	const reader = kvmwhy.reader({ ...options(asked), formats: asked.formats, limit: LIMIT });

	try {
		for (const pieces = stream.getReader(); ;) {
			const { done, value } = await pieces.read().catch((error) => {
				throw packed ? new Told('damaged', { error: error.message }) : error;
			});

			if (done)
				break;
			reader.feed(value);
			state.done += value.byteLength;
			if (packed && state.done > UNPACKED_MAX)
				throw new Told('bigUnpacked', { limit: `${UNPACKED_MAX / 2 ** 30} GiB` });
			if (performance.now() - last > PROGRESS_MS) {
				last = performance.now();
				progress({ ...state, count: reader.count });
			}
		}
		reader.finish();
		return { ...answer(reader, asked, state.done), memory: kvmwhy.memory };
	} finally {
		reader.close();
	}
}

function failuresIn(ndjson) {
	return ndjson.split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

/* Equal for two texts if their failures have the same answers. */
function gist(ndjson) {
	return JSON.stringify(failuresIn(ndjson).map((failure) =>
		[failure.headline, failure.findings.map(({ id, certainty }) => [id, certainty])]));
}

/* From the one that leaves out most. What is taken as the last is taken whatever the answer is. */
const STEPS = [
	{ says: 'sameAnswer', registers: true },
	{ says: 'otherAnswer', registers: false },
	{ says: 'otherContext', registers: false, whole: true },
];

/* The text of a link: redacted as far as the answer stays the same. */
function share(asked) {
	const answerOf = (text) => readAll(text, { ...asked, formats: ['ndjson'] }).outputs.ndjson;
	const whole = answerOf(asked.text);
	const failures = failuresIn(whole);
	let found;

	for (const step of STEPS) {
		found = { ...redact(asked.text, failures, { redact: asked.redact, ...step }), says: step.says };
		if (gist(answerOf(found.text)) === gist(whole))
			return found;
	}
	return { ...found, says: 'changedAnswer' };
}

function lookUp({ what, name, value, bits, kernel, vendor }) {
	const known = { hostKernel: kernel || null, vendor: vendor || null };

	if (what === 'msr')
		return kvmwhy.msr(name, { ...known, value: value || undefined });
	if (what === 'insn')
		return kvmwhy.insn(name, { bits });
	const page = kvmwhy.rulePage(name);

	return page ? { found: 1, output: page } : kvmwhy.rule(name);
}

const ORDERS = {
	load: async ({ wasm }) => {
		kvmwhy = new Kvmwhy(await WebAssembly.compile(wasm));
		return { version: kvmwhy.version };
	},
	explain: (asked, progress) => asked.blob ? readBlob(asked.blob, asked, progress) : readAll(asked.text, asked),
	share,
	lookUp,
};

self.onmessage = async ({ data }) => {
	const { id } = data;

	try {
		self.postMessage({ id, result: await ORDERS[data.do](data, (progress) => self.postMessage({ id, progress })) });
	} catch (error) {
		self.postMessage({ id, error: error.told ?? { key: 'broken', values: { error: error.message } } });
	}
};
