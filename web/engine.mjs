// SPDX-License-Identifier: MIT
/*
 * libkvmwhy in JavaScript, around a compiled kvmwhy.wasm: what kvmwhy.mjs and the page's worker
 * share. kvmwhy.d.ts has the types and says what the methods do.
 */

const FORMATS = ['text', 'json', 'ndjson', 'html'];
const PIECE = 1 << 20;          // bytes handed to the module at a time
const FLAG_ALL = 1, FLAG_CHECKS = 2;
const ERRORS = { 28: 'invalid argument', 48: 'out of memory' };     // the errno numbers of wasi-libc

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/* The C library would print through these only after a failed assertion. */
const ENOSYS = 52;
const wasi = { fd_write: () => ENOSYS, fd_close: () => ENOSYS, fd_seek: () => ENOSYS };

function fail(rc, what) {
	throw new RangeError(`kvmwhy: ${what}: ${ERRORS[-rc] ?? `error ${-rc}`}`);
}

function formatNumber(format) {
	const number = FORMATS.indexOf(format);

	if (number < 0)
		throw new RangeError(`kvmwhy: unknown format '${format}': ${FORMATS.join(', ')}`);
	return number;
}

function bytesOf(data) {
	if (typeof data === 'string')
		return encoder.encode(data);
	if (ArrayBuffer.isView(data))
		return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
	return new Uint8Array(data);
}

/* One instance of the module. After a trap its memory means nothing any more: it is dropped. */
class Engine {
	constructor(module) {
		this.writers = new Map();
		this.lookUp = null;     // pieces of the answer to a look-up
		this.session = 0;
		this.instance = new WebAssembly.Instance(module, {
			kvmwhy: { write: (stream, at, len) => this.write(stream, at, len) },
			wasi_snapshot_preview1: wasi,
		});
		this.call = this.instance.exports;
		this.call._initialize();
	}

	bytes(at, len) {
		return new Uint8Array(this.call.memory.buffer, at, len);
	}

	write(stream, at, len) {
		const piece = this.bytes(at, len).slice();

		if (this.lookUp)
			this.lookUp.push(piece);
		else
			this.writers.get(this.session)[stream](piece);
	}

	alloc(size) {
		const at = this.call.kvmwhy_alloc(size);

		if (!at)
			fail(-48, 'allocation');
		return at;
	}

	/* Calls fn with the addresses of @texts as C strings; null and undefined are NULL. */
	withStrings(texts, fn) {
		const at = [];

		try {
			for (const text of texts)
				at.push(text === null || text === undefined ? 0 : this.string(String(text)));
			return fn(...at);
		} finally {
			at.forEach((p) => p && this.call.kvmwhy_free(p));
		}
	}

	string(text) {
		const bytes = encoder.encode(text.replaceAll('\0', '\ufffd'));
		const at = this.alloc(bytes.length + 1);

		this.bytes(at, bytes.length).set(bytes);
		this.bytes(at + bytes.length, 1)[0] = 0;
		return at;
	}

	cString(at) {
		const memory = new Uint8Array(this.call.memory.buffer);

		return decoder.decode(memory.subarray(at, memory.indexOf(0, at)));
	}

	look(what, texts, fn) {
		this.lookUp = [];
		try {
			const rc = this.withStrings(texts, fn);

			if (rc < 0)
				fail(rc, what);
			return { found: rc, output: join(this.lookUp) };
		} finally {
			this.lookUp = null;
		}
	}
}

function join(pieces) {
	const stream = new TextDecoder();

	return pieces.map((piece) => stream.decode(piece, { stream: true })).join('') + stream.decode();
}

/* A log in pieces; see kvmwhy.d.ts. */
class Reader {
	#engine;
	#session;
	#buffer;
	#finished = false;
	#pieces = {};

	constructor(engine, options) {
		const formats = options.formats ?? [options.format ?? 'text'];
		const wanted = formats.reduce((mask, name) => mask | 1 << formatNumber(name), 0);
		const flags = (options.all ? FLAG_ALL : 0) | (options.checks ? FLAG_CHECKS : 0);
		const { call } = engine;
		const room = engine.alloc(4);

		this.#engine = engine;
		try {
			const rc = engine.withStrings([options.hostKernel, options.vendor, options.file],
				(kernel, vendor, file) => call.kvmwhy_open(wanted, flags,
					options.limit ?? 0, kernel, vendor, file, room));

			if (rc)
				fail(rc, 'options');
			this.#session = new DataView(call.memory.buffer).getUint32(room, true);
		} finally {
			call.kvmwhy_free(room);
		}
		this.#buffer = engine.alloc(PIECE);
		for (const name of formats)
			this.#pieces[name] = [];
		engine.writers.set(this.#session, FORMATS.map((name) => (piece) => this.#pieces[name].push(piece)));
	}

	#check(rc) {
		if (rc)
			fail(rc, 'reading');
	}

	#with(fn) {
		if (!this.#session)
			throw new Error('kvmwhy: the reader is closed');
		this.#engine.session = this.#session;
		return fn(this.#engine.call);
	}

	feed(data) {
		const bytes = bytesOf(data);

		for (let at = 0; at < bytes.length; at += PIECE) {
			const piece = bytes.subarray(at, at + PIECE);

			this.#engine.bytes(this.#buffer, piece.length).set(piece);
			this.#check(this.#with((call) => call.kvmwhy_feed(this.#session, this.#buffer, piece.length)));
		}
		return this;
	}

	finish() {
		if (!this.#finished)
			this.#check(this.#with((call) => call.kvmwhy_finish(this.#session)));
		this.#finished = true;
		return this;
	}

	get count() {
		return this.#with((call) => call.kvmwhy_count(this.#session));
	}

	get suppressed() {
		return this.#with((call) => call.kvmwhy_suppressed(this.#session));
	}

	output(format = Object.keys(this.#pieces)[0]) {
		if (!this.#pieces[format])
			throw new RangeError(`kvmwhy: format '${format}' was not asked for`);
		return join(this.#pieces[format]);
	}

	close() {
		if (!this.#session)
			return;
		this.#engine.writers.delete(this.#session);
		this.#engine.call.kvmwhy_close(this.#session);
		this.#engine.call.kvmwhy_free(this.#buffer);
		this.#session = 0;
	}
}

export class Kvmwhy {
	#module;
	#engine = null;

	constructor(module) {
		this.#module = module;
	}

	/* A trap leaves the instance's memory as it was at that moment: the next call has a new one. */
	#try(fn) {
		this.#engine ??= new Engine(this.#module);
		try {
			return fn(this.#engine);
		} catch (error) {
			if (error instanceof WebAssembly.RuntimeError)
				this.#engine = null;
			throw error;
		}
	}

	get version() {
		return this.#try((engine) => engine.cString(engine.call.kvmwhy_version()));
	}

	get memory() {
		return this.#try((engine) => engine.call.memory.buffer.byteLength);
	}

	reader(options = {}) {
		return this.#try((engine) => new Reader(engine, options));
	}

	explain(log, options = {}) {
		return this.#try((engine) => {
			const reader = new Reader(engine, options);

			try {
				reader.feed(log).finish();
				return { count: reader.count, suppressed: reader.suppressed, output: reader.output() };
			} finally {
				reader.close();
			}
		});
	}

	msr(name, { value, hostKernel, vendor, format = 'text' } = {}) {
		const known = value !== undefined && value !== null;

		return this.#try((engine) => engine.look(`MSR '${name}'`, [name, hostKernel, vendor, format],
			(at, kernel, cpu, how) => engine.call.kvmwhy_msr(at, known, BigInt(value ?? 0), kernel, cpu, how)));
	}

	insn(hex, { bits = 64, format = 'text' } = {}) {
		return this.#try((engine) => engine.look('bytes', [hex, format],
			(at, how) => engine.call.kvmwhy_insn(at, bits, how)));
	}

	rule(query, { format = 'text' } = {}) {
		return this.#try((engine) => engine.look('rule', [query, format],
			(at, how) => engine.call.kvmwhy_rule(at, how)));
	}

	check(query, { format = 'text' } = {}) {
		return this.#try((engine) => engine.look('check', [query, format],
			(at, how) => engine.call.kvmwhy_check(at, how)));
	}

	rulePage(id) {
		return this.#try((engine) => engine.withStrings([id], (at) => {
			const page = engine.call.kvmwhy_rule_page(at);

			return page ? engine.cString(page) : null;
		}));
	}
}
