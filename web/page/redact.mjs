// SPDX-License-Identifier: MIT
/*
 * What a shared text leaves out, by the rule of `kvmwhy record --redact`: all that the diagnosis
 * does not need. In: a log, its answer as NDJSON. Out: the lines that the engine understood as
 * parts of the failures, and what was taken out of them.
 */

const UNKNOWN_BYTE = '??';
const GENERAL = /\b([ER](?:AX|BX|CX|DX|SI|DI|BP|SP)|R(?:[89]|[12]\d|3[01])|CR[23]|DR[0-3])\s?=\s?[0-9a-f]{8,16}\b ?/g;
const VECTOR = /^.*\b(?:XMM|FPR|FCW)\d*=.*$/;
const CODE = /^(.*?\bCode=)(.*)$/;
/* Of these an MSR or port access is made. */
const ACCESS = ['RAX', 'RCX', 'RDX', 'EAX', 'ECX', 'EDX'];

const TEXTS = [
	['mail', /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, 'user@example'],
	['uuid', /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi,
		'00000000-0000-0000-0000-000000000000'],
	['address', /\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/gi, '00:00:00:00:00:00'],
	['address', /(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])/g, '0.0.0.0'],
	['address', /(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}(?::?[0-9a-f]{1,4})+(?![\w:])/gi, '::'],
	['home', /(?<=\/(?:home|Users)\/)[^\s/'",:]+/g, 'user'],
	['host', /(?<=\bguest=)[^\s,]+/g, 'guest'],
	['host', /(?<=\s-name\s)[^\s,]+/g, 'guest'],
	['host', /(?<=\/var\/log\/libvirt\/qemu\/)[^\s/]+(?=\.log)/g, 'guest'],
	['host', /(?<=^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)?) )[\w.-]+(?= [\w./-]+(?:\[\d+\])?: )/g,
		'host'],
];

class Taken {
	constructor() {
		this.rows = new Map();
	}

	note(what, example) {
		const row = this.rows.get(what) ?? { what, count: 0, example };

		row.count++;
		this.rows.set(what, row);
	}
}

/* The lines of a text that the engine understood as parts of the failures. */
export function linesOfFailures(text, failures) {
	const lines = text.split('\n');
	const kept = new Array(lines.length).fill(false);

	for (const { input } of failures) {
		for (const [first, last] of input.read)
			kept.fill(true, first - 1, last);
	}
	return { lines, kept };
}

/* Bytes of the instruction that failed stay, the others become ??, which QEMU prints too. */
function redactCode(line, taken) {
	const match = CODE.exec(line);

	if (!match || !match[2].includes('<'))
		return line;
	const bytes = match[2].trim().split(/\s+/);
	const at = bytes.findIndex((byte) => byte.startsWith('<'));
	const INSN_MAX = 15;
	const hidden = bytes.map((byte, i) => {
		if (i >= at && i < at + INSN_MAX || byte === UNKNOWN_BYTE)
			return byte;
		taken.note('code', byte);
		return UNKNOWN_BYTE;
	});

	return match[1] + hidden.join(' ');
}

/* What is left out is gone from its line: a zero in its place would be a value. */
function redactRegisters(line, taken) {
	if (VECTOR.test(line)) {
		taken.note('register', line.trim().split(/\s+/)[0]);
		return null;
	}
	const rest = line.replace(GENERAL, (all, name) => {
		if (ACCESS.includes(name))
			return all;
		taken.note('register', all.trim());
		return '';
	});

	return rest.trim() || !line.trim() ? rest : null;
}

function redactTexts(line, taken) {
	return TEXTS.reduce((now, [what, pattern, instead]) => now.replace(pattern, (found) => {
		if (found === instead)
			return found;
		taken.note(what, found);
		return instead;
	}), line);
}

/*
 * @registers: take out the registers and the code bytes too; @whole: leave the lines between and
 * around the failures. The caller asks the engine whether the answer stays the same. Without
 * @redact only foreign lines are left out.
 */
export function redact(text, failures, { redact: wanted = true, registers = true, whole = false } = {}) {
	const { lines, kept } = linesOfFailures(text, failures);
	const taken = new Taken();
	const out = [];

	for (const [i, raw] of lines.entries()) {
		let line = raw.replace(/\r$/, '');

		if (!whole && !kept[i]) {
			if (line.trim())
				taken.note('otherLines', line.trim().slice(0, 60));
			continue;
		}
		if (wanted && registers)
			line = redactRegisters(redactCode(line, taken), taken);
		if (line !== null)
			out.push(wanted ? redactTexts(line, taken) : line);
	}
	return { text: `${out.join('\n')}\n`, taken: [...taken.rows.values()] };
}
