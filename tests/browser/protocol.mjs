// What the page makes of a server that does what ours does seldom or never: a
// server of a few lines, written here, answers its connections.
//
//   node protocol.mjs resume
import assert from 'node:assert/strict';
import { hasState, line, messages, openPage, pending, run, say, shows,
	until } from './browser.mjs';

const EPOCH = '0'.repeat(32);
const TOKEN = 'AAAAAAAAAAAAAAAAAAAAAA';

// Keeps the page's connections, newest last, each with its requests, and
// answers what every server answers.  `welcome` is changed by the parts.
class FakeServer {
	constructor() {
		this.connections = [];
		this.welcome = { type: 'welcome', name: 'anna', room: '', users: 1,
			epoch: EPOCH, seq: 0, resume: TOKEN, resumed: false };
		this.people = [{ name: 'anna' }];
	}

	async open(prepare) {
		this.page = await openPage('/', { prepare: async (page) => {
			await prepare?.(page);
			await page.routeWebSocket(/\/chat/, (socket) => this.serve(socket));
		} });
		return this.page;
	}

	serve(socket) {
		const requests = [];
		const connection = { socket, requests };
		this.connections.push(connection);
		socket.onClose((code) => { connection.code = code; });
		socket.onMessage((message) => {
			const request = JSON.parse(message);
			if (request.type === 'who') this.tell({ type: 'who', users: this.people });
			else if (request.type === 'rooms') this.tell({ type: 'rooms', rooms: [{ name: '<b>r</b>', users: 1 }] });
			else if (request.type === 'history') this.tell({ type: 'history', messages: [], more: false });
			else requests.push(request);
		});
		this.tell(this.welcome);
	}

	get last() { return this.connections.at(-1); }

	tell(...events) {
		for (const event of events) this.last.socket.send(JSON.stringify(event));
	}

	// Waits for the n-th request of the newest connection, counted from 0.
	async request(n) {
		await until(`request ${n}`, () => this.last.requests.length > n);
		return this.last.requests[n];
	}

	// Ends the connection, and has the page come back at once.
	async comeBack(welcome) {
		const count = this.connections.length;
		Object.assign(this.welcome, welcome);
		await this.last.socket.close({ code: 1012, reason: 'the server restarts' });
		await until('a new connection', async () => {
			await this.page.getByRole('button', { name: 'Now' })
				.click({ timeout: 100 }).catch(() => {});
			return this.connections.length > count;
		});
		await hasState(this.page, 'connected');
	}
}

const message = (seq, text, more = {}) =>
	({ type: 'message', seq, from: 'berta', text, time: Date.now(), ...more });

await run({
	// Names that ours would never give.
	async markup() {
		const server = new FakeServer();
		const name = '<img src=x onerror=alert(1)>';
		server.people.push({ name, away: true });
		Object.assign(server.welcome, { users: 2 });
		const page = await server.open();
		server.tell(message(1, '<script>alert(1)</script>', { from: name }),
			{ type: 'whisper', from: name, text: '<b>w</b>' },
			{ type: 'join', name: `${name}2`, users: 3, seq: 1 },
			{ type: 'rename', from: name, to: '<i>', seq: 1 },
			{ type: 'notice', text: '<u>notice</u>' },
			{ type: 'error', code: 'bad-member', text: '<s>error</s>' },
			{ type: 'nonsense', text: '<s>never shown</s>' });
		await shows(page, `${name}: <script>alert(1)</script>`);
		await shows(page, `whisper from ${name}: <b>w</b>`);
		await shows(page, `${name}2 joined`);
		await shows(page, `${name} is now <i>.`);
		await shows(page, '<u>notice</u>');
		await shows(page, '<s>error</s>');
		await page.getByRole('listitem').filter({ hasText: '<i>' }).waitFor();
		await page.getByRole('link', { name: '<b>r</b>' }).waitFor();
		assert.equal(await page.locator('main :is(img, script, b, i, u, s)').count(), 0);
		assert.equal(await page.getByText('never shown').count(), 0);
	},

	// By token and number; what is missing is said, what is repeated is not
	// shown, and what was found to be said is not said again.
	async resume() {
		const server = new FakeServer();
		const page = await server.open();
		assert.deepEqual(server.last.socket.protocols(), ['wschat.v1']);
		server.tell(message(1, 'one'), message(2, 'two'));
		await shows(page, 'berta: two');
		await say(page, 'heard');
		await say(page, 'unheard');
		const [heard, unheard] = [await server.request(0), await server.request(1)];
		assert.ok(heard.id && unheard.id && heard.id !== unheard.id);
		await pending(page).getByText('sending').first().waitFor();

		await server.comeBack({ resumed: true, seq: 7 });
		assert.equal(new URL(server.last.socket.url()).search, '?after=2');
		assert.deepEqual(server.last.socket.protocols(), ['wschat.v1', `wschat.resume.${TOKEN}`]);
		server.tell({ type: 'lost', from: 3, to: 4 }, message(5, 'five'),
			message(6, 'heard', { from: 'anna', id: heard.id }));
		await shows(page, 'Messages 3–4 are lost.');
		await shows(page, 'anna: heard');
		assert.deepEqual(server.last.requests, []);
		server.tell(message(7, 'seven'), message(7, 'seven'), message(2, 'two'));
		assert.deepEqual(await server.request(0), unheard);
		server.tell(message(8, 'unheard', { from: 'anna', id: unheard.id }),
			{ type: 'ack', id: unheard.id, seq: 8 });
		await shows(page, 'anna: unheard');
		assert.deepEqual(await messages(page), ['berta: one', 'berta: two',
			'berta: five', 'anna: heard', 'berta: seven', 'anna: unheard']);
		assert.equal(await pending(page).innerText(), '');
	},

	// What may or may not have been said is left to the person.
	async unsure() {
		const server = new FakeServer();
		const page = await server.open();
		await say(page, '/w berta psst');
		const { to, text } = await server.request(0);
		assert.deepEqual([to, text], [['berta'], 'psst']);
		await server.comeBack({ resumed: true });
		await pending(page).getByText('perhaps not said').waitFor();
		assert.deepEqual(server.last.requests, []);
		await page.getByRole('button', { name: 'Say again' }).click();
		assert.equal((await server.request(0)).text, 'psst');
		server.tell({ type: 'whispered', to: ['berta'], lost: [], text: 'psst' });
		await shows(page, 'whisper to berta: psst');
		await say(page, 'to a server that forgets us');
		await server.request(1);
		await server.comeBack({ resumed: false, name: 'user9' });
		await shows(page, 'You are a new user: user9.');
		await page.getByRole('button', { name: 'Drop' }).click();
		await until('nothing is left', async () => await pending(page).innerText() === '');
		assert.deepEqual(server.last.requests, []);
	},

	// A new member in the same room: the lines between are fetched.
	async gap() {
		const server = new FakeServer();
		const page = await server.open();
		server.tell(message(1, 'one'));
		await shows(page, 'berta: one');
		server.serve = ((serve) => function (socket) {
			serve.call(this, socket);
			socket.onMessage((data) => {
				const request = JSON.parse(data);
				if (request.type !== 'history') return;
				assert.deepEqual([request.before, request.count], [5, 3]);
				this.tell({ type: 'history', more: false, messages: [3, 4].map((seq) => message(seq, `no ${seq}`)) });
			});
		})(server.serve);
		await server.comeBack({ resumed: false, name: 'user9', seq: 4 });
		await shows(page, 'berta: no 4');
		await shows(page, 'Message 2 is lost.');
		assert.deepEqual(await page.getByRole('log').locator('.body').allInnerTexts(), ['berta: one',
			'Message 2 is lost.', 'berta: no 3', 'berta: no 4', 'You are a new user: user9.']);
	},

	// Who clicks twice comes back once.  The second click finds a button that
	// is to go, but is drawn still.
	async twice() {
		const server = new FakeServer();
		const page = await server.open();
		await hasState(page, 'connected');
		await server.last.socket.close({ code: 1012, reason: 'the server restarts; come back in 60 s' });
		await hasState(page, 'offline');
		await page.getByRole('button', { name: 'Now' })
			.evaluate((button) => { button.click(); button.click(); });
		await hasState(page, 'connected');
		await say(page, 'here');
		await server.request(0);
		assert.equal(server.connections.length, 2);
	},

	// The delay a server asks for, and when it wants no return.
	async delays() {
		const server = new FakeServer();
		const page = await server.open();
		await server.last.socket.close({ code: 1013, reason: 'try again in 55 s' });
		await page.getByText(/again in 5[2-5] s/).last().waitFor();
		await page.getByRole('button', { name: 'Now' }).click();
		await hasState(page, 'connected');
		await server.last.socket.close({ code: 4509, reason: 'your session goes on in another place' });
		await page.getByText('closed: your session goes on in another place').waitFor();
		assert.equal(server.connections.length, 2);
		await page.getByRole('button', { name: 'Connect' }).click();
		await hasState(page, 'connected');
		await say(page, '/quit');
		await page.getByText('closed: you left').waitFor();
		assert.equal(server.last.code, 1000);
		await page.getByRole('button', { name: 'Connect' }).click();
		await hasState(page, 'connected');
		assert.deepEqual(server.last.socket.protocols(), ['wschat.v1']);
	},

	// Without an order of the server's: a random part of 1, 2, 4 … 60 s, here
	// nearly all of it.
	async jitter() {
		const server = new FakeServer();
		const page = await server.open(async (it) => {
			await it.clock.install();
			await it.addInitScript(() => { Math.random = () => 0.9999; });
		});
		server.serve = (socket) => server.connections.push({ socket });
		for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60]) {
			const count = server.connections.length;
			await server.last.socket.close({ code: 1012, reason: 'the server restarts' });
			await page.getByText(new RegExp(`again in (${seconds}|${seconds - 1}) s`)).waitFor();
			assert.equal(server.connections.length, count);
			await page.clock.fastForward(seconds * 1000);
			await until('the next attempt', () => server.connections.length > count);
		}
	},

	// A network that vanished is noticed by its silence.
	async silence() {
		const server = new FakeServer();
		const page = await server.open((it) => it.clock.install());
		await page.clock.fastForward(32000);
		assert.deepEqual(await server.request(0), { type: 'ping' });
		server.tell({ type: 'pong' });
		await page.clock.fastForward(12000);
		await hasState(page, 'connected');
		server.tell = () => {};
		await page.clock.fastForward(25000);
		assert.deepEqual(await server.request(1), { type: 'ping' });
		await page.clock.fastForward(12000);
		await until('a new connection', () => server.connections.length === 2);
		// With 1000 the server would forget the session.
		await until('the old one is closed', () => server.connections[0].code === 4000);
	},

	// Only who names us or whispers, and only while nobody looks.
	async notify() {
		const server = new FakeServer();
		const page = await server.open((it) => it.addInitScript(() => {
			window.told = [];
			window.Notification = class {
				static permission = 'default';
				static async requestPermission() { return 'granted'; }
				constructor(title, { body }) { window.told.push([title, body]); }
			};
		}));
		await page.getByRole('checkbox').check();
		server.tell(message(1, 'anna, who looks?'));
		await shows(page, 'berta: anna, who looks?');
		await page.evaluate(() =>
			Object.defineProperty(document, 'hidden', { get: () => true }));
		server.tell(message(2, 'nobody in particular'), message(3, 'Anna!'),
			{ type: 'whisper', from: 'berta', text: 'psst' });
		await shows(page, 'whisper from berta: psst');
		assert.deepEqual(await page.evaluate(() => window.told),
			[['berta – default room', 'Anna!'], ['berta – default room', 'psst']]);
		assert.equal(await page.title(), '(3) default room – wschat');
	},

	// A room that is not to be had leaves one where one is.
	async refused() {
		const server = new FakeServer();
		const page = await server.open();
		await say(page, '/join full');
		assert.deepEqual(await server.request(0), { type: 'join', room: 'full' });
		await say(page, 'for the full room');
		server.tell({ type: 'error', code: 'too-many-rooms', text: 'there are too many rooms' });
		await shows(page, 'there are too many rooms');
		await pending(page).getByText('perhaps not said').waitFor();
		assert.equal(new URL(page.url()).hash, '');
		assert.equal(await line(page, 'for the full room').count(), 0);
		assert.equal(server.last.requests.length, 1);
	},
});
