// The page as a person uses it, in Debian's Chromium: found by what it says
// and by roles, not by its markup.
//
//   node room.mjs talk | markup | comeback
//
// Variables: PORT, SERVER_PID, SCREENSHOTS (a folder), PYTHON and PYTHONPATH
// for the foreign client, WSCHATD_NODE_MODULES.  Any error in a page's console
// fails the part; so does anything that is not there within ten seconds.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import readline from 'node:readline';

const { PORT, SCREENSHOTS, PYTHON, SERVER_PID } = process.env;
const modules = process.env.WSCHATD_NODE_MODULES;
const require = createRequire(`${modules}/none.js`);
const { chromium } = require(`${modules}/playwright-core`);

const PATIENCE = 10000;
const errors = [];

const browser = await chromium.launch({
	executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
	args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});

async function openPage(hash = '') {
	const context = await browser.newContext({
		viewport: { width: 800, height: 600 } });
	const page = await context.newPage();

	page.setDefaultTimeout(PATIENCE);
	page.on('console', (message) => {
		if (message.type() === 'error') errors.push(message.text());
	});
	page.on('pageerror', (error) => errors.push(String(error)));
	await page.goto(`http://127.0.0.1:${PORT}/${hash}`);
	await hasState(page, 'connected');
	return page;
}

const hasState = (page, state) =>
	page.getByRole('status').filter({ hasText: state }).waitFor();
const shows = (page, line) =>
	page.getByRole('log').getByText(line, { exact: true }).waitFor();

async function say(page, text) {
	await page.getByRole('textbox').fill(text);
	await page.getByRole('textbox').press('Enter');
}

// Python's websockets: says every line it is given, tells every line it hears.
class PythonClient {
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
		this.lines = readline.createInterface({ input: this.process.stdout })
			[Symbol.asyncIterator]();
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
}

const parts = {
	async talk() {
		const first = await openPage();
		const second = await openPage();
		await shows(first, 'You are connected! There are 1 users here.');
		await shows(second, 'You are connected! There are 2 users here.');
		const python = new PythonClient();
		assert.equal(await python.hear(),
			'You are connected! There are 3 users here.');

		await say(first, 'hello from the first page');
		await say(second, 'hällo from the second ☃');
		const heard = [await python.hear(), await python.hear()].sort();
		assert.deepEqual(heard, ['[user0]: hello from the first page',
			'[user1]: hällo from the second ☃']);
		python.say('hello from Python');
		assert.equal(await python.hear(), '[user2]: hello from Python');
		for (const page of [first, second]) {
			for (const line of heard) await shows(page, line);
			await shows(page, '[user2]: hello from Python');
		}
		await first.screenshot({ path: `${SCREENSHOTS}/talk.png` });
		await second.setViewportSize({ width: 360, height: 640 });
		await second.screenshot({ path: `${SCREENSHOTS}/talk-small.png` });
		python.process.stdin.end();
	},

	async markup() {
		const page = await openPage('#room=lab');
		const text = '<img src=x onerror="document.title=\'owned\'"><b>bold</b>';
		await say(page, text);
		await shows(page, `[user0]: ${text}`);
		assert.equal(await page.locator('b, img').count(), 0);
		assert.match(await page.title(), /lab/);
	},

	async comeback() {
		const page = await openPage();
		process.kill(Number(await workerPid()), 'SIGKILL');
		await shows(page, 'You are connected! There are 1 users here.');
		await page.getByText('There are 1 users here.').nth(1).waitFor();
		await hasState(page, 'connected');
		await say(page, 'back again');
		await page.getByText('back again').waitFor();
		// A page that loses its connection may say so in the console.
		errors.length = 0;
	},
};

// The worker that has the page: the server was started with one.
async function workerPid() {
	const { readdirSync, readFileSync } = await import('node:fs');
	const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
		.filter((pid) => {
			try {
				const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
				const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
				return parent === SERVER_PID && readFileSync(
					`/proc/${pid}/cmdline`, 'latin1').startsWith('wschatd: worker');
			} catch {
				return false;
			}
		});

	assert.equal(pids.length, 1, 'workers');
	return pids[0];
}

try {
	await parts[process.argv[2]]();
	assert.deepEqual(errors, [], 'the pages\' consoles');
} finally {
	await browser.close();
}
