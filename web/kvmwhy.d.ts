// SPDX-License-Identifier: MIT

export type Format = 'text' | 'json' | 'ndjson' | 'html';

/** What you know beside the log. */
export interface Options {
	/** `uname -r` of the host */
	hostKernel?: string;
	vendor?: 'intel' | 'amd';
	/** name of the input, for reports */
	file?: string;
	/** also report harmless messages */
	all?: boolean;
	/** list every VM-entry check that was evaluated (format "text") */
	checks?: boolean;
	/** print only the first so many failures; the others are counted. 0, the default: all */
	limit?: number;
}

export interface Explanation {
	/** failures found; 0 if nothing was recognised */
	count: number;
	/** harmless messages seen but not reported */
	suppressed: number;
	/** in the format asked for, byte for byte what `kvmwhy explain` prints */
	output: string;
}

/** The answer to a look-up. */
export interface Found {
	/** how many were found */
	found: number;
	output: string;
}

/** A log in pieces of any size. Its memory does not grow with the log, only with the output. */
export interface Reader {
	feed(data: string | ArrayBuffer | ArrayBufferView): this;
	/** ends the log; the output is complete after it */
	finish(): this;
	readonly count: number;
	readonly suppressed: number;
	/** what has been printed until now, in one of the formats asked for */
	output(format?: Format): string;
	/** frees the reader's memory */
	close(): void;
}

/**
 * Methods throw RangeError for unknown formats, vendors and names. The format of a look-up is
 * "text", the default, or "json".
 */
export interface Kvmwhy {
	/** of libkvmwhy */
	readonly version: string;
	/** bytes of memory that the module has; they never become fewer */
	readonly memory: number;
	explain(log: string | ArrayBuffer | ArrayBufferView, options?: Options & { format?: Format }): Explanation;
	reader(options?: Options & { format?: Format; formats?: Format[] }): Reader;
	/** "0x404", "1028" or a name; value: to be decoded and judged */
	msr(name: string, options?: Pick<Options, 'hostKernel' | 'vendor'> &
		{ value?: bigint | number | string; format?: 'text' | 'json' }): Found;
	/** hexadecimal bytes as in a Code= line */
	insn(hex: string, options?: { bits?: 16 | 32 | 64; format?: 'text' | 'json' }): Found;
	/** a rule by its id, or those with these words */
	rule(query: string, options?: { format?: 'text' | 'json' }): Found;
	/** a check of VM entry by its id, or those with these words */
	check(query: string, options?: { format?: 'text' | 'json' }): Found;
	/** the page of a rule as Markdown; null if there is no such rule */
	rulePage(id: string): string | null;
}

/** @param source kvmwhy.wasm, if it is not beside the module: its bytes, or a compiled module */
export function load(source?: BufferSource | WebAssembly.Module): Promise<Kvmwhy>;
