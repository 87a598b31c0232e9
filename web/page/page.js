// SPDX-License-Identifier: MIT
/*
 * The page: a log in, the renderer's answer out. Only the HTML renderer's output, which escapes
 * everything a log contains, becomes markup; every other text is set as text. The engine runs in a
 * worker, which is ended if it takes too long. Nothing is stored and nothing is sent.
 */
'use strict';

(() => {
	const TEXTS = @TEXTS@;
	const STALL_MS = 30000;         // without a sign of life
	const TEXT_MS = 60000;          // for a text that was pasted or came in a link
	const AREA_MAX = 2 ** 20;       // longer texts are kept as files, since text areas are slow
	const LINK_MAX = 2 ** 20;       // of a fragment
	const LINK_TEXT_MAX = 8 * 2 ** 20;
	const FORMATS = ['html', 'text', 'ndjson'];
	const $ = (id) => document.getElementById(id);

	const state = {
		language: navigator.language.startsWith('zh') ? 'zh' : 'en',
		file: null,     // the file being explained, or null: the text area
		answer: null,   // the last one, with its options
		wasm: null,
		worker: null,
		orders: new Map(),
		next: 1,
		run: 0,
		status: null,
	};

	/* Markup comes from the engine's renderer only, and the worker's address from the page. */
	const policy = self.trustedTypes ? trustedTypes.createPolicy('kvmwhy', {
		createHTML: (html) => html,
		createScriptURL: (url) => url,
	}) : { createHTML: (html) => html, createScriptURL: (url) => url };

	function t(key, values = {}) {
		return TEXTS[state.language][key].replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
	}

	function size(bytes) {
		const units = ['B', 'KiB', 'MiB', 'GiB'];
		const i = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));

		return `${(bytes / 1024 ** i).toFixed(i ? 1 : 0)} ${units[i]}`;
	}

	function say(key, values = {}, bad = false) {
		state.status = { key, values, bad };
		$('status').textContent = key ? t(key, values) : '';
		$('status').classList.toggle('kw-bad', bad);
	}

	function speak(language) {
		state.language = language;
		document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
		$('answer').lang = 'en';
		$('found').lang = 'en';
		$('language').value = language;
		for (const element of document.querySelectorAll('[data-t]'))
			element.textContent = t(element.dataset.t);
		if (state.status)
			say(state.status.key, state.status.values, state.status.bad);
	}

	/* The engine */

	async function through(bytes, transform) {
		const stream = new Blob([bytes]).stream().pipeThrough(transform);

		return new Uint8Array(await new Response(stream).arrayBuffer());
	}

	function fromBase64(text) {
		return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
	}

	function lacking() {
		const needed = { WebAssembly: self.WebAssembly, DecompressionStream: self.DecompressionStream,
			Worker: self.Worker };

		return Object.keys(needed).find((name) => !needed[name]);
	}

	function endWorker() {
		state.worker?.terminate();
		state.worker = null;
		for (const { fail } of state.orders.values())
			fail({ told: { key: 'cancelled' } });
		state.orders.clear();
	}

	function receive({ data }) {
		const order = state.orders.get(data.id);

		if (!order)
			return;
		order.alive();
		if (data.progress) {
			order.progress?.(data.progress);
			return;
		}
		state.orders.delete(data.id);
		clearTimeout(order.timer);
		if (data.error)
			order.fail({ told: data.error });
		else
			order.done(data.result);
	}

	async function startWorker() {
		const url = URL.createObjectURL(new Blob([$('worker').textContent], { type: 'text/javascript' }));

		state.wasm ??= await through(fromBase64($('engine').textContent), new DecompressionStream('gzip'));
		state.worker = new Worker(policy.createScriptURL(url));
		state.worker.onmessage = receive;
		state.worker.onerror = (event) => {
			event.preventDefault();
			const fails = [...state.orders.values()].map(({ fail }) => fail);

			state.orders.clear();
			endWorker();
			fails.forEach((fail) => fail({ told: { key: 'broken', values: { error: event.message ?? 'worker' } } }));
		};
		const { version } = await send({ do: 'load', wasm: state.wasm });

		URL.revokeObjectURL(url);
		$('version').textContent = `kvmwhy ${version}`;
	}

	function send(message, progress, limit = STALL_MS) {
		return new Promise((done, fail) => {
			const id = state.next++;
			const order = { done, fail, progress, timer: 0 };
			const stop = () => {
				state.orders.delete(id);
				endWorker();
				fail({ told: { key: 'slow' } });
			};

			order.alive = () => {
				clearTimeout(order.timer);
				order.timer = setTimeout(stop, limit);
			};
			state.orders.set(id, order);
			order.alive();
			state.worker.postMessage({ ...message, id });
		});
	}

	let starting = null;

	async function ask(message, progress, limit) {
		if (!state.worker)
			starting = startWorker();
		await starting;
		if (!state.worker) /* Cancel came before the order went out */
			throw { told: { key: 'cancelled' } };
		return send(message, progress, limit);
	}

	/* Explaining */

	function known() {
		return { kernel: $('kernel').value.trim(), vendor: $('vendor').value, all: $('all').checked };
	}

	function busy(is) {
		$('cancel').hidden = $('progress').hidden = !is;
		$('explain').disabled = is;
		$('form').setAttribute('aria-busy', is);
	}

	function showProgress({ done, total, count }) {
		if (total)
			$('progress').value = done / total;
		else
			$('progress').removeAttribute('value');
		say(total ? 'reading' : 'readingPacked', { done: size(done), total: size(total), count });
	}

	function tell(error) {
		const told = error.told ?? { key: 'broken', values: { error: String(error.message ?? error) } };

		say(told.key, told.values, told.key !== 'cancelled');
	}

	/*
	 * The renderer's body, without what it says of itself. Its stylesheet is here already. A log
	 * cannot hold the first <body>: the renderer escapes it.
	 */
	function showAnswer(html) {
		const body = html.slice(html.indexOf('<body>'));
		const page = new DOMParser().parseFromString(policy.createHTML(body), 'text/html');

		page.querySelectorAll('body > footer').forEach((footer) => footer.remove());
		$('answer').replaceChildren(...document.adoptNode(page.body).children);
	}

	function summarize({ count, suppressed, bytes, limit }) {
		if (count > limit)
			say('foundMore', { count, limit });
		else if (count)
			say('found', { count });
		else
			say(suppressed ? 'harmless' : 'nothing', { count: suppressed, bytes });
	}

	async function explain() {
		const run = ++state.run;
		const text = $('log').value;
		const source = state.file ? { blob: state.file, file: state.file.name } : { text };

		$('result').hidden = $('share-box').hidden = true;
		$('answer').replaceChildren();
		state.answer = null;
		if (!state.file && !text.trim()) {
			say('empty', {}, true);
			return;
		}
		busy(true);
		try {
			const order = { do: 'explain', ...source, ...known(), formats: FORMATS };
			const result = await ask(order, showProgress, state.file ? STALL_MS : TEXT_MS);

			if (run !== state.run)
				return;
			state.answer = { ...result, order };
			summarize(result);
			if (result.count) {
				showAnswer(result.outputs.html);
				$('result').hidden = false;
				$('answer').focus({ preventScroll: true });
				$('status').scrollIntoView({ block: 'start' });
			}
		} catch (error) {
			if (run === state.run)
				tell(error);
		} finally {
			if (run === state.run)
				busy(false);
		}
	}

	function takeFile(file) {
		endWorkerIfBusy();
		state.file = file;
		$('log').value = '';
		explain();
	}

	function endWorkerIfBusy() {
		if (state.orders.size)
			endWorker();
	}

	/* Copying and sharing */

	async function copy(text) {
		try {
			await navigator.clipboard.writeText(text);
			say('copied');
		} catch {
			say(copyByHand(text) ? 'copied' : 'notCopied');
		}
	}

	/* Where a page from a file has no clipboard. */
	function copyByHand(text) {
		const area = document.createElement('textarea');
		const before = document.activeElement;

		area.value = text;
		document.body.append(area);
		area.select();
		const done = document.execCommand('copy');

		area.remove();
		before?.focus();
		return done;
	}

	/* A fence is longer than any in the text; what is quoted can end neither it nor the block. */
	function fenced(text) {
		const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
		const fence = '`'.repeat(longest + 1);

		return `${fence}text\n${text.trimEnd()}\n${fence}\n`;
	}

	function markdown({ outputs }) {
		const version = $('version').textContent;

		return `${fenced(outputs.text)}\nExplained by ${version}.\n`;
	}

	function jsonOf({ outputs }) {
		const failures = outputs.ndjson.split('\n').filter(Boolean).map((line) => JSON.parse(line));

		return `${JSON.stringify(failures, null, 2)}\n`;
	}

	function download() {
		const link = document.createElement('a');

		link.href = URL.createObjectURL(new Blob([state.answer.outputs.html], { type: 'text/html' }));
		link.download = 'report.html';
		link.click();
		setTimeout(() => URL.revokeObjectURL(link.href), 10000);
	}

	function toBase64(bytes) {
		let text = '';

		for (let i = 0; i < bytes.length; i += 0x8000)
			text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
		return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
	}

	function showTaken({ taken, says }) {
		const box = $('taken');
		const line = (name, text) => Object.assign(document.createElement(name), { textContent: text });
		const list = document.createElement('ul');

		box.replaceChildren();
		for (const { what, count, example } of taken)
			list.append(line('li', t('times', { what: t(what), count, example })));
		if (!$('redact').checked)
			box.append(line('p', t('tookAll')));
		else if (!taken.length)
			box.append(line('p', t('tookNothing')));
		if (taken.length)
			box.append(line('p', t('tookOut')), list);
		if ($('redact').checked || says === 'changedAnswer')
			box.append(line('p', t(says)));
	}

	/* What was explained, as text; of a file no more than a link can hold. */
	async function sourceText() {
		const { order } = state.answer;

		if (order.text !== undefined)
			return order.text;
		const head = new Uint8Array(await order.blob.slice(0, 2).arrayBuffer());
		const gzip = head[0] === 0x1f && head[1] === 0x8b;
		const stream = gzip ? order.blob.stream().pipeThrough(new DecompressionStream('gzip')) : order.blob.stream();

		return new TextDecoder().decode(await limited(stream, 8 * LINK_TEXT_MAX, 'bigLink'));
	}

	async function limited(stream, limit, key) {
		const pieces = [];
		let total = 0;

		for (const reader = stream.getReader(); ;) {
			const { done, value } = await reader.read();

			if (done)
				break;
			total += value.byteLength;
			if (total > limit) {
				reader.cancel().catch(() => {});
				throw { told: { key, values: { size: size(total) } } };
			}
			pieces.push(value);
		}
		return new Uint8Array(await new Blob(pieces).arrayBuffer());
	}

	async function share() {
		try {
			const order = { do: 'share', ...known(), text: await sourceText(), redact: $('redact').checked };
			const found = await ask(order, null, TEXT_MS);
			const packed = await through(new TextEncoder().encode(found.text), new CompressionStream('deflate-raw'));
			const fields = new URLSearchParams();

			for (const [name, value] of [['kernel', order.kernel], ['vendor', order.vendor], ['all', order.all ? '1' : '']])
				if (value)
					fields.set(name, value);
			fields.set('log', toBase64(packed));
			const link = `${location.href.split('#')[0]}#${fields}`;

			if (link.length > LINK_MAX)
				throw { told: { key: 'bigLink', values: { size: size(link.length) } } };
			showTaken(found);
			$('link').value = link;
			$('share-box').hidden = false;
			$('link').select();
		} catch (error) {
			$('share-box').hidden = true;
			tell(error);
		}
	}

	async function openLink() {
		const fields = new URLSearchParams(location.hash.slice(1));
		const log = fields.get('log');

		if (!log)
			return;
		try {
			const bytes = fromBase64(log.replaceAll('-', '+').replaceAll('_', '/'));
			const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));

			$('log').value = new TextDecoder().decode(await limited(stream, LINK_TEXT_MAX, 'badLink'));
		} catch {
			say('badLink', {}, true);
			return;
		}
		endWorkerIfBusy();
		state.file = null;
		$('kernel').value = fields.get('kernel') ?? '';
		$('vendor').value = ['intel', 'amd'].includes(fields.get('vendor')) ? fields.get('vendor') : '';
		$('all').checked = fields.get('all') === '1';
		await explain();
	}

	/* Looking up */

	async function look(event, order) {
		event.preventDefault();
		const found = $('found');

		found.hidden = false;
		try {
			found.textContent = (await ask({ do: 'lookUp', ...known(), ...order })).output;
		} catch (error) {
			const { key, values } = error.told ?? { key: 'broken', values: { error: String(error) } };

			found.textContent = t(key, values);
		}
	}

	/* What the user does */

	function listen(id, event, fn) {
		$(id).addEventListener(event, fn);
	}

	/* Links inside the answer: the address keeps the shared text. */
	function follow(event) {
		const link = event.target.closest('a');
		const href = link?.getAttribute('href') ?? '';

		if (!href.startsWith('#'))
			return;
		event.preventDefault();
		const target = document.getElementById(decodeURIComponent(href.slice(1)));

		if (!target || !$('answer').contains(target))
			return;
		target.tabIndex = -1;
		target.classList.add('mark');
		target.scrollIntoView({ block: 'center' });
		target.focus({ preventScroll: true });
	}

	function paste(event) {
		const text = event.clipboardData?.getData('text/plain') ?? '';
		const [file] = event.clipboardData?.files ?? [];

		if (!file && text.length <= AREA_MAX) {
			state.file = null;
			setTimeout(explain);
			return;
		}
		event.preventDefault();
		takeFile(file ?? new File([text], 'pasted text'));
	}

	function drag(event) {
		event.preventDefault();
		document.body.classList.toggle('kw-over', event.type === 'dragover');
	}

	function drop(event) {
		const [file] = event.dataTransfer.files;
		const text = event.dataTransfer.getData('text/plain');

		drag(event);
		if (file || text)
			takeFile(file ?? new File([text], 'dropped text'));
	}

	function listenToAll() {
		listen('form', 'submit', (event) => {
			event.preventDefault();
			explain();
		});
		listen('log', 'input', () => { state.file = null; });
		listen('log', 'paste', paste);
		listen('log', 'keydown', (event) => {
			if (event.key === 'Enter' && (event.ctrlKey || event.metaKey))
				explain();
		});
		listen('cancel', 'click', () => endWorker());
		listen('file', 'change', (event) => event.target.files[0] && takeFile(event.target.files[0]));
		listen('language', 'change', (event) => speak(event.target.value));
		listen('copy-text', 'click', () => copy(state.answer.outputs.text));
		listen('copy-json', 'click', () => copy(jsonOf(state.answer)));
		listen('copy-markdown', 'click', () => copy(markdown(state.answer)));
		listen('download', 'click', download);
		listen('share', 'click', share);
		listen('redact', 'change', share);
		listen('copy-link', 'click', () => copy($('link').value));
		listen('answer', 'click', follow);
		listen('msr-form', 'submit', (event) =>
			look(event, { what: 'msr', name: $('msr').value.trim(), value: $('msr-value').value.trim() }));
		listen('insn-form', 'submit', (event) =>
			look(event, { what: 'insn', name: $('insn').value, bits: Number($('bits').value) }));
		listen('rule-form', 'submit', (event) => look(event, { what: 'rule', name: $('rule').value.trim() }));
		for (const name of ['dragover', 'dragleave'])
			document.addEventListener(name, drag);
		document.addEventListener('drop', drop);
		self.addEventListener('hashchange', openLink);
	}

	speak(state.language);
	const missing = lacking();

	if (missing) {
		say('unsupported', { what: missing }, true);
		return;
	}
	listenToAll();
	openLink().then(() => state.worker ?? ask({ do: 'lookUp', what: 'rule', name: 'EPERM' })).catch(tell);
})();
