// What the parts of room.mjs have in common: Debian's Chromium, pages found
// by what they say and by roles, a foreign client, and requests to the test
// that started us.
//
// Variables: PORT, SCREENSHOTS (a folder), PYTHON and PYTHONPATH for the
// foreign client, WSCHATD_NODE_MODULES.  What is awaited has half a minute.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import readline from 'node:readline';

export const { PORT, SCREENSHOTS } = process.env;
const { PYTHON } = process.env;
const modules = process.env.WSCHATD_NODE_MODULES;
const require = createRequire(`${modules}/none.js`);
const { chromium } = require(`${modules}/playwright-core`);

export const PATIENCE = 30000;
export const ORIGIN = `http://127.0.0.1:${PORT}`;

const browser = await chromium.launch({
	executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
	args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});

// What pages told their consoles.  That a connection failed, the browser says
// itself, and no page can keep it from that.
const complaints = [];

function noteComplaints(page) {
	page.on('console', (message) => {
		if (!/^(error|warning)$/.test(message.type())) return;
		if (/^WebSocket connection to .* failed/.test(message.text())) return;
		complaints.push(message.text());
	});
	page.on('pageerror', (error) => complaints.push(String(error)));
}

// A page with a storage of its own, connected.  `sockets` counts its
// connections; `prepare` is called with it before it loads anything.
export async function openPage(where = '/', { width = 800, height = 600, prepare } = {}) {
	const context = await browser.newContext({ viewport: { width, height } });
	const page = await context.newPage();

	page.setDefaultTimeout(PATIENCE);
	page.sockets = 0;
	page.on('websocket', () => { page.sockets += 1; });
	noteComplaints(page);
	await prepare?.(page);
	await page.goto(new URL(where, ORIGIN).href);
	await hasState(page, 'connected');
	return page;
}

export const hasState = (page, state) =>
	page.getByRole('status').filter({ hasText: state }).waitFor();
export const line = (page, text) =>
	page.getByRole('log').getByText(text, { exact: true });
export const shows = (page, text) => line(page, text).waitFor();
export const field = (page) =>
	page.getByRole('textbox', { name: 'Message' });
// Said, but without the server's word for it.
export const pending = (page) =>
	page.getByRole('group', { name: 'Not yet said' });

export async function say(page, text) {
	await field(page).fill(text);
	await field(page).press('Enter');
}

export async function until(what, condition) {
	const end = Date.now() + PATIENCE;

	while (!await condition()) {
		assert.ok(Date.now() < end, `not in time: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}

// The texts of the messages a page shows, in order.
export const messages = (page) =>
	page.getByRole('log').locator('.message .body').allInnerTexts();

// Fails on what axe-core finds, in whatever state the page is.
const axe = readFileSync(`${modules}/axe-core/axe.min.js`, 'utf8');

export async function isAccessible(page, state) {
	await page.evaluate(axe);
	const { violations } = await page.evaluate('axe.run({ preload: false })');
	const told = violations.map(({ id, nodes }) =>
		`${state}: ${id}: ${nodes.map(({ html }) => html).join(' ')}`);
	assert.deepEqual(told, []);
}

// Runs the part that the command line names.  A complaint in a page's console
// fails it.
export async function run(parts) {
	try {
		await parts[process.argv[2]]();
		assert.deepEqual(complaints, []);
	} finally {
		await browser.close();
	}
	process.exit(0);
}

// Has the test do something, such as killing the server.
const answers = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();

export async function ask(request) {
	process.stdout.write(`${request}\n`);
	assert.equal((await answers.next()).value, 'done', request);
}

// Python's websockets on /chat: says every line it is given, tells every line
// it hears.
export class PythonClient {
	static program = `
import asyncio, os, sys, websockets
async def main():
    uri = f"ws://127.0.0.1:{os.environ['PORT']}/chat"
    async with websockets.connect(uri) as ws:
        async def hear():
            async for line in ws:
                print(line, flush=True)
        hearing = asyncio.create_task(hear())
        while True:
            line = await asyncio.to_thread(sys.stdin.readline)
            if not line:
                return
            await ws.send(line.rstrip("\\n"))
asyncio.run(main())
`;

	constructor() {
		this.process = spawn(PYTHON, ['-c', PythonClient.program], {
			stdio: ['pipe', 'pipe', 'inherit'] });
		this.lines = readline.createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
	}

	async hear() {
		const timer = setTimeout(() => this.process.kill(), PATIENCE);
		const { value } = await this.lines.next();

		clearTimeout(timer);
		return value;
	}

	say(text) {
		this.process.stdin.write(`${text}\n`);
	}

	leave() {
		this.process.stdin.end();
	}
}
