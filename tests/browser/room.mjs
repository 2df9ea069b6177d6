// The page as a person uses it.  A part is run by its name:
//
//   node room.mjs talk
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { ORIGIN, PythonClient, SCREENSHOTS, ask, field, hasState, isAccessible,
	line, messages, openPage, pending, run, say, shows, until } from './browser.mjs';

const parts = {
	async talk() {
		const first = await openPage();
		const second = await openPage();
		const python = new PythonClient();
		assert.equal(await python.hear(),
			'You are connected! There are 3 users here.');

		await say(first, 'hello from the first page');
		await shows(second, 'user0: hello from the first page');
		await say(second, 'hällo from the second ☃');
		assert.equal(await python.hear(), '[user0]: hello from the first page');
		assert.equal(await python.hear(), '[user1]: hällo from the second ☃');
		python.say('hello from Python');
		assert.equal(await python.hear(), '[user2]: hello from Python');
		for (const page of [first, second]) {
			await shows(page, 'user2: hello from Python');
			assert.deepEqual(await messages(page), [
				'user0: hello from the first page',
				'user1: hällo from the second ☃', 'user2: hello from Python']);
			await page.getByRole('heading', { name: '3 people' }).waitFor();
			await page.getByRole('listitem').filter({ hasText: 'user2' }).waitFor();
		}
		await say(first, '/me waves');
		await shows(second, '* user0 waves');
		assert.equal(await python.hear(), '* user0 waves');
		python.leave();
		await shows(first, 'user2 left');
	},

	// What was said before one came is there, and who came is one line.
	async history() {
		const first = await openPage();
		await say(first, 'said before');
		await shows(first, 'user0: said before');
		const others = [];
		for (let i = 0; i < 4; i++) others.push(await openPage());
		await shows(others[3], 'user0: said before');
		await shows(first, '4 joined');
		await first.getByText('4 joined', { exact: true }).click();
		await shows(first, 'user1, user2, user3 and user4 joined');
	},

	async markup() {
		const page = await openPage('/#room=lab');
		const text = '<img src=x onerror="document.title=\'owned\'"><b>bold</b> &amp;';
		await say(page, text);
		await shows(page, `user0: ${text}`);
		await say(page, '/nick <i>x</i>');
		await page.getByText('A name consists of').waitFor();
		await say(page, '/whisper <b>nobody</b> hello');
		await shows(page, 'Not found: <b>nobody</b>.');
		await say(page, 'javascript:alert(1) https://test.example/a"b<i>?x=(1).');
		const link = page.getByRole('link', { name: 'https://test.example/a' });
		assert.equal(await link.getAttribute('href'), 'https://test.example/a');
		assert.equal(await link.getAttribute('rel'), 'noopener noreferrer');
		assert.equal(await page.locator('[role=log] :is(b, img, i)').count(), 0);
		assert.equal(await page.locator('[role=log] a').count(), 1);
		assert.equal(await page.title(), 'lab – wschat');
	},

	async rename() {
		const first = await openPage();
		const second = await openPage();
		await shows(first, 'user1 joined');
		await say(first, '/nick anna');
		await shows(first, 'You are now anna.');
		await shows(second, 'user0 is now anna.');
		await second.getByPlaceholder('Another name').fill('Anna');
		await second.getByRole('button', { name: 'Change' }).click();
		await second.getByText('Anna: Somebody has that name.').waitFor();
		await second.getByPlaceholder('Another name').fill('berta');
		await second.getByRole('button', { name: 'Change' }).click();
		await second.getByRole('heading', { name: 'You are berta' }).waitFor();
		await first.getByRole('listitem').filter({ hasText: 'berta' }).waitFor();
		await say(second, 'it is me');
		await shows(first, 'berta: it is me');
		// A name is kept for the next visit.
		await first.reload();
		await first.getByRole('heading', { name: 'You are anna' }).waitFor();
		await shows(first, 'berta: it is me');
	},

	async whisper() {
		const [first, second, third] = [await openPage(), await openPage(), await openPage()];
		await say(first, '/w user1,nobody psst\nand more');
		await shows(first, 'whisper to user1: psst and more');
		await shows(first, 'Not found: nobody.');
		await shows(second, 'whisper from user0: psst and more');
		await say(first, 'aloud');
		await shows(third, 'user0: aloud');
		assert.equal(await third.getByText('psst').count(), 0);
		assert.equal(await pending(first).innerText(), '');
	},

	// The room is in the address, and going elsewhere loads nothing again.
	async rooms() {
		const first = await openPage();
		const second = await openPage('/#room=lab');
		await first.evaluate(() => { window.isSamePage = true; });
		await say(first, 'in the default room');
		await shows(first, 'user0: in the default room');
		await say(first, '/join lab');
		await shows(second, 'user0 joined');
		assert.equal(new URL(first.url()).hash, '#room=lab');
		await first.getByRole('heading', { name: 'lab', exact: true }).waitFor();
		await say(second, 'in the lab');
		await shows(first, 'user1: in the lab');
		assert.equal(await line(first, 'user0: in the default room').count(), 0);
		await first.goBack();
		await shows(second, 'user0 left');
		await shows(first, 'user0: in the default room');
		await first.getByPlaceholder('A room').fill('den');
		await first.getByRole('button', { name: 'Go' }).click();
		await first.getByRole('heading', { name: 'den', exact: true }).waitFor();
		await say(first, '/rooms');
		await first.getByText('Rooms: ').waitFor();
		await first.getByRole('link', { name: 'lab' }).click();
		await shows(first, 'user1: in the lab');
		await say(first, '/join a/b');
		await first.getByText('letters, digits').waitFor();
		assert.ok(await first.evaluate(() => window.isSamePage));
		assert.equal(first.sockets, 1);
	},

	// The server is killed and started between two messages; one of them is
	// typed while there is none.
	async restart() {
		const first = await openPage();
		const second = await openPage();
		await say(first, 'before');
		await shows(second, 'user0: before');
		await ask('kill-server');
		await hasState(first, 'offline');
		await hasState(second, 'offline');
		await say(first, 'typed meanwhile');
		await pending(first).getByText('typed meanwhile').waitFor();
		await pending(first).getByText('waiting').waitFor();
		await isAccessible(first, 'offline');
		await first.screenshot({ path: `${SCREENSHOTS}/room-offline.png` });
		await ask('start-server');
		for (const page of [first, second]) {
			await page.getByRole('button', { name: 'Now' }).click({ timeout: 1000 }).catch(() => {});
			await hasState(page, 'connected');
			await page.getByText('The server has started anew').waitFor();
		}
		await until('the message is said', async () => await pending(first).innerText() === '');
		await say(second, 'after');
		for (const page of [first, second])
			await page.getByRole('log').getByText(/^user\d: after$/).waitFor();
		const texts = async (page) => (await messages(page)).map((text) => text.replace(/^\w+: /, ''));
		assert.deepEqual(await texts(first), ['before', 'typed meanwhile', 'after']);
		assert.deepEqual(await texts(second), ['before', 'typed meanwhile', 'after']);
	},

	// Of two pages one has the worker that dies.  It is the same user after
	// that, has missed nothing, and the other page notices nothing.
	async worker() {
		const pages = [await openPage(), await openPage()];
		await shows(pages[0], 'user1 joined');
		await say(pages[0], 'one');
		await shows(pages[1], 'user0: one');
		await ask('kill-worker');
		for (const [i, page] of pages.entries()) await say(page, `two from ${i}`);
		for (const page of pages) await hasState(page, 'connected');
		await until('one page has connected twice', () =>
			pages[0].sockets + pages[1].sockets >= 3);
		for (const page of pages) {
			await shows(page, 'user0: two from 0');
			await shows(page, 'user1: two from 1');
		}
		await say(pages[1], 'three');
		for (const page of pages) {
			await shows(page, 'user1: three');
			const shown = await messages(page);
			assert.equal(new Set(shown).size, shown.length, `${shown}`);
			assert.equal(shown.length, 4);
			assert.equal(await page.getByText(/left|rejoined|new user|lost/).count(), 0);
		}
		assert.equal(pages[0].sockets + pages[1].sockets, 3);
	},

	// A reload is the same user with the same lines.
	async reload() {
		const page = await openPage();
		await say(page, 'before the reload');
		await shows(page, 'user0: before the reload');
		await page.reload();
		await shows(page, 'user0: before the reload');
		await say(page, 'after it');
		await shows(page, 'user0: after it');
		assert.equal((await messages(page)).length, 2);
		await page.getByRole('heading', { name: '1 person' }).waitFor();
	},

	async keyboard() {
		const page = await openPage();
		const other = await openPage();
		await say(other, '/nick berta');
		await shows(page, 'user1 is now berta.');
		const { keyboard } = page;
		const value = () => field(page).inputValue();
		await keyboard.type('/wh');
		await page.getByRole('option', { name: '/who' }).waitFor();
		await isAccessible(page, 'completion');
		await keyboard.press('ArrowUp');
		await keyboard.press('Enter');
		assert.equal(await value(), '/whisper ');
		await keyboard.type('b');
		await keyboard.press('Tab');
		assert.equal(await value(), '/whisper berta ');
		await keyboard.type('first');
		await keyboard.press('Shift+Enter');
		await keyboard.type('second');
		await keyboard.press('Enter');
		await shows(other, 'whisper from user0: first second');
		await keyboard.type('dear be');
		await keyboard.press('Tab');
		assert.equal(await value(), 'dear berta ');
		await keyboard.press('Enter');
		await shows(other, 'user0: dear berta');
		// With nothing to complete, Tab goes on, and the log can be reached.
		await keyboard.press('Tab');
		assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Send');
		const reached = new Set();
		for (let i = 0; i < 12; i++) {
			await keyboard.press('Tab');
			reached.add(await page.evaluate(() => document.activeElement.ariaLabel));
		}
		assert.ok(reached.has('Conversation') && reached.has('Message'));
		// On a phone the people are behind a button.
		await page.setViewportSize({ width: 390, height: 844 });
		await page.getByRole('button', { name: '2 people' }).focus();
		await keyboard.press('Enter');
		await page.getByRole('listitem').filter({ hasText: 'berta' }).waitFor();
		await keyboard.press('Escape');
		await page.getByRole('listitem').filter({ hasText: 'berta' }).waitFor({ state: 'hidden' });
		await until('the focus is back', async () =>
			await page.evaluate(() => document.activeElement.textContent) === '2 people');
	},

	// What comes while one reads further up stays below, and is counted.
	async unread() {
		const page = await openPage();
		const other = await openPage();
		for (let i = 0; i < 40; i++) await say(other, `line ${i}`);
		await shows(page, 'user1: line 39');
		const log = page.getByRole('region', { name: 'Conversation' });
		await log.evaluate((element) => { element.scrollTop = 0; });
		await page.getByRole('button', { name: 'To the newest' }).waitFor();
		await say(other, 'news');
		await page.getByRole('button', { name: '1 new message' }).waitFor();
		assert.equal(await page.title(), '(1) default room – wschat');
		assert.equal(await log.evaluate((element) => element.scrollTop), 0);
		await page.screenshot({ path: `${SCREENSHOTS}/room-unread.png` });
		await page.getByRole('button', { name: '1 new message' }).click();
		await until('the title is quiet', async () => await page.title() === 'default room – wschat');
		await page.getByText('New messages', { exact: true }).waitFor();
	},

	// 10,000 lines pass through the page; few of them are in it, and those
	// that were kept can be scrolled back to.
	async many() {
		const page = await openPage('/', { width: 1280, height: 800 });
		await ask('say 10000');
		await shows(page, 'user1: number 10000');
		const rows = await page.getByRole('log').locator('.row').count();
		assert.ok(rows <= 300, `${rows} rows`);
		const log = page.getByRole('region', { name: 'Conversation' });
		const slow = await log.evaluate(async (element) => {
			const frame = () => new Promise(requestAnimationFrame);
			let slowest = 0;
			for (let i = 0; i < 400; i++) {
				element.scrollTop -= 700;
				const began = performance.now();
				await frame();
				await frame();
				slowest = Math.max(slowest, performance.now() - began);
			}
			return slowest;
		});
		console.error(`# slowest frame: ${Math.round(slow)} ms`);
		await until('the first line', async () => {
			await log.evaluate((element) => { element.scrollTop = 0; });
			return await line(page, 'user1: number 1').count() === 1;
		});
		const numbers = (await messages(page)).map((text) => Number(/\d+$/.exec(text)[0]));
		numbers.forEach((number, i) => assert.equal(number, numbers[0] + i));
		assert.ok(await page.getByRole('log').locator('.row').count() <= 300);
		await page.getByRole('button', { name: 'newest' }).click();
		await shows(page, 'user1: number 10000');
	},

	// What was said long before one came is asked for, page by page.
	async scrollback() {
		await ask('say 350');
		const page = await openPage();
		const log = page.getByRole('region', { name: 'Conversation' });
		await shows(page, 'user0: number 350');
		assert.equal((await messages(page)).length, 100);
		await until('the first line', async () => {
			await log.evaluate((element) => { element.scrollTop = 0; });
			return await line(page, 'user0: number 1').count() === 1;
		});
		await page.getByText('No older messages are kept.').waitFor();
		const numbers = (await messages(page)).map((text) => Number(/\d+$/.exec(text)[0]));
		numbers.forEach((number, i) => assert.equal(number, i + 1));
	},

	// Both sizes, both colour schemes, with something of everything.
	async looks() {
		const page = await openPage('/#room=lab', { width: 1280, height: 800 });
		const other = await openPage('/#room=lab');
		await say(page, '/nick anna');
		await say(other, '/nick Bärbel');
		await shows(page, 'user1 is now Bärbel.');
		await say(other, 'The backup of node 7 is through: https://status.example.org/backup/7');
		await say(page, 'Good! Then these are left:\n  node 8\n  node 9, which has no disk');
		await say(other, '/me brings a disk ☕');
		await say(other, '/w anna The key is under the mat.');
		await say(page, '/nosuchcommand');
		await field(page).fill('');
		await say(other, `A line that is long and goes on ${'and on '.repeat(30)}to its end.`);
		await page.getByText('to its end.').waitFor();
		for (const width of [390, 1280, 320]) {
			for (const colorScheme of ['light', 'dark']) {
				const name = `${width}-${colorScheme}`;
				await page.setViewportSize({ width, height: width === 320 ? 568 : 844 });
				await page.emulateMedia({ colorScheme });
				await isAccessible(page, name);
				assert.ok(await page.evaluate(() =>
					document.documentElement.scrollWidth <= innerWidth), `${name}: too wide`);
				await page.screenshot({ path: `${SCREENSHOTS}/room-${name}.png` });
				if (width === 1280) continue;
				await page.getByRole('button', { name: '2 people' }).click();
				await isAccessible(page, `${name} people`);
				await page.screenshot({ path: `${SCREENSHOTS}/room-${name}-people.png` });
				await page.keyboard.press('Escape');
			}
		}
	},

	// The example page on another origin, which the route lists.
	async embed() {
		const example = readFileSync(process.env.EXAMPLE, 'utf8')
			.replaceAll('https://chat.example.org', ORIGIN);
		const host = createServer((request, response) => {
			response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
			response.end(example);
		});
		await new Promise((resolve) => host.listen(Number(process.env.HOST_PORT), '127.0.0.1', resolve));
		const page = await openPage(`http://127.0.0.1:${process.env.HOST_PORT}/`);
		const other = await openPage('/#room=example');
		await say(page, 'from the host page');
		await shows(other, 'user0: from the host page');
		await say(other, 'from the room');
		await shows(page, 'user1: from the room');
		assert.equal(await page.title(), 'A page with a room');
		assert.equal(new URL(page.url()).hash, '');
		await isAccessible(page, 'embedded');
		await page.screenshot({ path: `${SCREENSHOTS}/room-embedded.png` });
		host.close();
		host.closeAllConnections();
	},
};

await run(parts);
