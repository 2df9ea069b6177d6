// wschat.js - a wschatd room for people, over the protocol wschat.v1.
//
//   <script src="https://chat.example/wschat.js" defer></script>
//       alone in a page: the page is the client, "#room=NAME" the room.
//   <script src="https://chat.example/wschat.js" data-room="NAME"></script>
//       in any page: the room appears behind this element, in a shadow tree
//       of its own, so that neither's styles reach the other.
//
// data-route ("chat") is the route beside the script's address, data-theme
// ("light", "dark") a theme against the reader's own.  The parts, each knowing
// only those above it:
//
//   Connection   the socket: comes back after a random delay, notices silence
//   Outbox       what was said and is not acknowledged
//   Room         the lines of a room by number, who is in it
//   Chat         the protocol: events into rooms, requests out of the outbox
//   Log          a window of some hundred lines on a room, in the page
//   Completion   the list that completes commands and names
//   View         all the rest that is seen; asks Chat, is told by Chat
//
// What others say or are called enters the page as text nodes only.
(() => {
'use strict';

const LINES_KEPT = 10000;     // of a room, in memory
const ROWS = 300;             // of them in the page
const ROOMS_KEPT = 10;        // rooms whose lines are kept
const PAGE = 100;             // lines of one history request
const WAIT_FIRST_MS = 1000;   // before connecting again: a random part of it,
const WAIT_MAX_MS = 60000;    // doubled each time, up to this
const WELCOME_MS = 20000;     // a connection has to be welcomed within this
const SILENCE_MS = 30000;     // after this a ping …
const ANSWER_MS = 10000;      // … to be answered within this
const REFRESH_MS = 60000;     // people and rooms are asked for again
const PEOPLE_MAX = 500;       // listed by name; the others are counted
const MESSAGE_MAX = 60000;    // bytes of a request; the server takes 64 KiB
const CLIP = 2000;            // characters or …
const CLIP_ROWS = 20;         // … line breaks shown at first of one message
const COLOURS = 8;            // in wschat.css

const script = document.currentScript;
const isPage = script.dataset.room === undefined;

// --- small things

// An element; a value that is a function listens, true and false are an
// attribute that is there or not.
function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value !== false) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children);
  return element;
}

const plainButton = (text, click) => h('button', { type: 'button', class: 'plain', click }, text);

// Not crypto.randomUUID, which plain http pages do not have.
function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}

const isRoomName = (name) =>
  /^[A-Za-z0-9_.-]{1,64}$/.test(name) && /[^.]/.test(name);
const roomTitle = (name) => name || 'default room';
const byName = new Intl.Collator(undefined, { numeric: true }).compare;
const counted = (n, one, many) => `${n} ${n === 1 ? one : many}`;

// "a", "a and b", "a, b and c"
function listed(names) {
  return names.length < 2 ? names.join('')
    : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

// Storage may be forbidden, and then nothing is remembered.
const memory = {
  read(storage, key) {
    try { return JSON.parse(window[storage].getItem(key)); } catch { return null; }
  },
  write(storage, key, value) {
    try {
      if (value === null) window[storage].removeItem(key);
      else window[storage].setItem(key, JSON.stringify(value));
    } catch { /* forbidden, or full */ }
  },
};

// --- the connection

// Keeps one socket to the route.  `owner` answers place() with the room and,
// for who resumes, the last number seen; it is told onState(), onEvent(event)
// for what the server says, and onEnd(code).  The state is "connecting" until
// the server's welcome, then "connected", "offline" until the next attempt at
// retryAt, or "closed" for good, and `reason` says why.
class Connection {
  constructor(route, owner) {
    this.route = route;
    this.owner = owner;
    this.socket = null;
    this.token = '';          // what resumes the session; '' is a new one
    this.state = 'closed';
    this.reason = '';
    this.attempts = 0;
    this.retryAt = 0;
    this.retryTimer = 0;
    this.heardAt = this.pingedAt = 0;
    setInterval(() => this.watch(), 2500);
  }

  setState(state, reason = '') {
    this.state = state;
    this.reason = reason;
    this.owner.onState();
  }

  open() {
    const { room, after } = this.owner.place();
    const url = new URL(room ? `${this.route}/${room}` : this.route);
    const protocols = ['wschat.v1'];

    this.detach(4000);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    if (after !== null) url.searchParams.set('after', after);
    // Not in the address, which proxies log.
    if (this.token) protocols.push(`wschat.resume.${this.token}`);
    const socket = this.socket = new WebSocket(url, protocols);
    this.heardAt = Date.now();
    this.pingedAt = 0;
    socket.onmessage = (event) => this.hear(event.data);
    socket.onclose = (event) => this.end(event.code, event.reason);
    this.setState('connecting');
  }

  // Of a click, which may be one of two.
  retry() {
    if (this.state === 'offline' || this.state === 'closed') this.open();
  }

  hear(data) {
    let event;
    this.heardAt = Date.now();
    this.pingedAt = 0;
    try { event = JSON.parse(data); } catch { return; }
    if (event.type === 'welcome' && this.state === 'connecting') {
      this.attempts = 0;
      if (event.resume) this.token = event.resume;
      this.state = 'connected';
      this.owner.onEvent(event);
      this.owner.onState();
    } else if (this.state === 'connected') {
      this.owner.onEvent(event);
    }
  }

  // False when there is nobody to send to.
  send(request) {
    if (this.state !== 'connected' || this.socket.readyState !== 1) return false;
    this.socket.send(JSON.stringify(request));
    return true;
  }

  // Full jitter: a thousand pages do not come back in the same moment.  A
  // server that names a delay has spread it already.
  end(code, reason) {
    const asked = /\b(\d{1,4}) ?s\b/.exec(reason);
    const most = Math.min(WAIT_MAX_MS, WAIT_FIRST_MS * 2 ** this.attempts);
    const delay = asked ? asked[1] * 1000 : Math.random() * most;

    this.detach(4000);
    this.attempts += 1;
    this.owner.onEnd(code);
    if (code >= 4500 && code < 5000) {
      this.setState('closed', reason);
      return;
    }
    this.retryAt = Date.now() + delay;
    this.retryTimer = setTimeout(() => this.open(), delay);
    this.setState('offline', reason);
  }

  // The code matters: with 1000, or none, the server forgets the session.
  detach(code) {
    clearTimeout(this.retryTimer);
    this.retryTimer = this.retryAt = 0;
    if (!this.socket) return;
    this.socket.onmessage = this.socket.onclose = null;
    this.socket.close(code);
    this.socket = null;
  }

  leave() {
    this.detach(1000);
    this.token = '';
    this.owner.onEnd(1000);
    this.setState('closed', 'you left');
  }

  // Something says that it may work now: the network is back, the page is seen.
  hurry() {
    if (this.state === 'offline') this.open();
    else if (this.state === 'connected' && Date.now() - this.heardAt > ANSWER_MS) this.ping();
  }

  ping() {
    if (!this.pingedAt && this.send({ type: 'ping' })) this.pingedAt = Date.now();
  }

  // A network that vanished says nothing: no close, no error, for minutes.
  watch() {
    const now = Date.now();
    if (this.state === 'connecting' && now - this.heardAt > WELCOME_MS) {
      this.end(0, 'no answer');
    } else if (this.state === 'connected') {
      if (this.pingedAt && now - this.pingedAt > ANSWER_MS) this.end(0, 'no answer');
      else if (now - this.heardAt > SILENCE_MS) this.ping();
    }
  }
}

// --- what is said and not acknowledged

// Entries are requests with a state: "waiting" for the connection or the room,
// "sent", or "unsure" – the connection ended at a moment that leaves open
// whether it was said, and a person decides.
class Outbox {
  constructor() {
    this.entries = [];
  }

  add(room, request) {
    this.entries.push({ room, state: 'waiting',
      request: { ...request, id: randomId() } });
  }

  // The oldest that can be said in `room` now.
  next(room) {
    return this.entries.find((e) => e.state === 'waiting' && e.room === room);
  }

  // True when the entry was ours.
  confirm(id) {
    const at = this.entries.findIndex((e) => e.request.id === id);
    if (at >= 0) this.entries.splice(at, 1);
    return at >= 0;
  }

  // The server's word for a whisper has no id, but comes in order.
  confirmWhisper(text) {
    const entry = this.entries.find((e) => e.state === 'sent' &&
      e.request.type === 'whisper' && e.request.text === text);
    if (entry) this.confirm(entry.request.id);
  }

  // Whoever is the same member may say a message again: the server knows its
  // id, and so do the lines that were missed.  Nobody knows a whisper's.
  settle(isSameMember) {
    for (const entry of this.entries) {
      if (entry.state !== 'sent') continue;
      const isKnown = isSameMember && entry.request.type === 'message';
      entry.state = isKnown ? 'waiting' : 'unsure';
    }
  }

  refuse(room) {
    for (const entry of this.entries) if (entry.room === room) entry.state = 'unsure';
  }
}

// --- a room

// Lines are in the order they are shown in.  A line has a kind – message,
// whisper, notice, moves (who came and went), lost – and a time; messages and
// lost ranges have a seq, the room's number.
class Room {
  constructor(name) {
    this.name = name;
    this.lines = [];
    this.numbers = new Set(); // of the messages among the lines
    this.last = 0;            // highest number heard of
    this.users = 0;
    this.people = new Map();  // name → whether away
    this.others = 0;          // people beyond those
    this.edition = 0;         // of the people
    this.isWhole = false;     // the server has nothing older
    this.mark = null;         // the first line that was not seen
  }

  add(line) {
    if (line.kind === 'message') this.numbers.add(line.seq);
    if (line.seq) this.last = Math.max(this.last, line.seq);
    this.lines.push(line);
    if (this.lines.length > LINES_KEPT + PAGE) this.forget(PAGE);
  }

  // Who comes and goes is one line until something is said.
  addMove(what, name) {
    let line = this.lines.at(-1);
    if (line?.kind !== 'moves') {
      line = { kind: 'moves', time: Date.now(), moves: new Map(), version: 0 };
      this.add(line);
    }
    line.moves.set(name, what);
    line.version += 1;
  }

  forget(count) {
    for (const line of this.lines.splice(0, count)) this.numbers.delete(line.seq);
    this.isWhole = false;
  }

  // Lines with consecutive numbers, from the history, into their place.
  insert(lines) {
    const fresh = lines.filter((line) => !this.numbers.has(line.seq));
    if (!fresh.length) return;
    let at = this.lines.length;
    while (at > 0 && !(this.lines[at - 1].seq < fresh[0].seq)) at -= 1;
    this.lines.splice(at, 0, ...fresh);
    for (const line of fresh) if (line.kind === 'message') this.numbers.add(line.seq);
  }

  oldest() {
    return this.lines.find((line) => line.seq)?.seq ?? this.last + 1;
  }

  // Another server, whose numbers begin anew: the lines stay, before all.
  renumber() {
    for (const line of this.lines) if (line.seq) line.seq = 0;
    this.numbers.clear();
    this.last = 0;
  }
}

function messageLine({ seq, from, text, time, action }) {
  return { kind: 'message', seq, from, text, time, action };
}

function lostLine(from, to) {
  return { kind: 'lost', seq: to, time: Date.now(),
    text: from === to ? `Message ${from} is lost.` : `Messages ${from}–${to} are lost.` };
}

// --- commands

// word: [arguments, what it does, the Chat's method, other words]
const COMMANDS = {
  help: ['', 'lists the commands', 'help'],
  join: ['[ROOM]', 'goes to another room, or the default room', 'join'],
  me: ['text', 'says what you do', 'act'],
  nick: ['NAME', 'changes your name', 'rename', 'user'],
  ping: ['', 'asks the server for an answer', 'ping'],
  quit: ['', 'leaves the chat', 'quit'],
  rooms: ['', 'lists the rooms', 'tellRooms'],
  who: ['', 'lists who is here', 'tellPeople'],
  whisper: ['NAME[,NAME…] text', 'says something to them alone', 'whisper', 'w', 'msg'],
};

// --- the chat

// The server's events, and the methods that take them.
const EVENTS = {
  ack: 'onAck', error: 'onError', history: 'onHistory', join: 'onMove', leave: 'onMove',
  lost: 'onLost', message: 'onMessage', notice: 'onNotice', pong: 'onPong',
  presence: 'onPresence', rename: 'onRename', rooms: 'onRooms', welcome: 'onWelcome',
  whisper: 'onWhisper', whispered: 'onWhispered', who: 'onWho',
};

// What the protocol means.  Tells the view changed() whenever anything may
// look different, and heard(line) for each line that somebody just said.
class Chat {
  constructor(route, room) {
    this.key = `wschat:${route}${isPage ? '' : `#${room}`}`;
    this.view = null;
    this.rooms = new Map();   // kept rooms, the one that was left last at the end
    this.room = null;         // where the server has us
    this.wanted = room;       // where the person wants to be
    this.isMoving = false;    // a join is under way
    this.name = this.nameAsked = '';
    this.epoch = '';
    this.hasCookie = false;   // the route knows us by a cookie
    this.resumedAt = null;    // the number the connection was opened with
    this.catchUp = 0;         // up to here the server sends what was missed
    this.listing = [];        // rooms as the server lists them
    this.outbox = new Outbox();
    this.connection = new Connection(route, this);
    this.reset();
    setInterval(() => { if (!document.hidden) this.refresh(); }, REFRESH_MS);
    addEventListener('online', () => this.connection.hurry());
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.connection.hurry();
    });
    // The token outlives a reload, but is never in two pages at a time.
    addEventListener('pagehide', () => this.store());
    addEventListener('pageshow', (event) => {
      memory.write('sessionStorage', this.key, null);
      if (event.persisted) this.connection.hurry();
    });
  }

  start(view) {
    const stored = memory.read('sessionStorage', this.key);
    this.view = view;
    memory.write('sessionStorage', this.key, null);
    if (stored?.token) {
      this.connection.token = stored.token;
      this.epoch = stored.epoch;
      this.room = this.keptRoom(stored.room);
      this.room.last = stored.last;
      this.outbox.entries = stored.said;
    }
    this.connection.open();
  }

  store() {
    if (this.connection.token && this.room)
      memory.write('sessionStorage', this.key, { token: this.connection.token,
        epoch: this.epoch, room: this.room.name, last: this.room.last,
        said: this.outbox.entries });
  }

  // Forgets what was asked of a connection that is no more.
  reset() {
    this.isMoving = false;
    this.catchUp = 0;
    this.history = null;      // the request for lines under way
    this.people = null;       // the names of a request under way
    this.isPeopleAsked = this.isRoomsAsked = false;
    this.pingAsked = 0;
    clearTimeout(this.recount);
    this.recount = 0;
  }

  // -- for the connection

  place() {
    const isKnown = this.room && (this.connection.token || this.hasCookie);
    this.resumedAt = isKnown ? this.room.last : null;
    return { room: this.room ? this.room.name : this.wanted, after: this.resumedAt };
  }

  onState() {
    this.view.changed();
  }

  onEnd(code) {
    this.reset();
    // Sent again, these would end the next connection in the same way.
    if (code === 1007 || code === 1008 || code === 1009) this.outbox.settle(false);
  }

  onEvent(event) {
    if (!Object.hasOwn(EVENTS, event.type)) return;
    this[EVENTS[event.type]](event);
    this.view.changed();
  }

  // -- what the server says

  onWelcome(event) {
    const from = this.room;
    this.isMoving = false;
    this.history = this.people = null;
    this.name = event.name;
    if (event.moved) this.enter(event, false);
    else this.begin(event);
    this.room.users = event.users;
    if (this.room !== from && this.wanted === from?.name) {
      this.wanted = this.room.name; // another tab of ours went there
      this.view.roomWanted();
    }
    this.refresh();
    this.proceed();
  }

  // A new connection: of the same member, or of a new one.
  begin(event) {
    const isNewServer = this.epoch !== '' && event.epoch !== this.epoch;
    const isBack = this.room !== null;
    const isFilled = event.resumed && this.resumedAt !== null && !isNewServer &&
      this.room.name === event.room;
    const wish = memory.read('localStorage', this.key);

    this.hasCookie = event.resume === undefined;
    this.epoch = event.epoch;
    if (isNewServer) for (const room of this.rooms.values()) room.renumber();
    this.enter(event, isFilled);
    this.outbox.settle(event.resumed === true);
    if (event.resumed) return;
    if (isBack)
      this.note(`${isNewServer ? 'The server has started anew. ' : ''}You are a new user: ${event.name}.`);
    if (wish && wish !== event.name) this.rename(wish);
  }

  // Comes into a room: what was said since we were there last is sent by the
  // server, when it knows from where, and asked for otherwise.
  enter(event, isFilled) {
    const room = this.keptRoom(event.room);
    const last = room.last;
    const isNew = room.lines.length === 0;
    this.room = room;
    this.catchUp = isFilled ? event.seq : 0;
    if (isFilled) {
      if (isNew) this.askHistory(last + 1);
      return;
    }
    room.last = event.seq;
    if (isNew || last === 0) this.askHistory(event.seq + 1);
    else if (last < event.seq) this.askHistory(event.seq + 1, last + 1);
  }

  keptRoom(name) {
    const room = this.rooms.get(name) ?? new Room(name);
    this.rooms.delete(name);
    this.rooms.set(name, room);
    if (this.rooms.size > ROOMS_KEPT) this.rooms.delete(this.rooms.keys().next().value);
    return room;
  }

  onMessage(event) {
    const room = this.room;
    const isOwn = event.id !== undefined && this.outbox.confirm(event.id);
    if (event.seq <= room.last) return;
    if (event.seq > room.last + 1) room.add(lostLine(room.last + 1, event.seq - 1));
    const line = messageLine(event);
    room.add(line);
    if (!isOwn && event.from !== this.name) this.view.heard(line);
    this.proceed();
  }

  onLost(event) {
    if (event.to <= this.room.last) return;
    this.room.add(lostLine(event.from, event.to));
    this.proceed();
  }

  onMove(event) {
    const room = this.room;
    room.users = event.users;
    if (event.type === 'join') room.people.set(event.name, false);
    else room.people.delete(event.name);
    room.edition += 1;
    if (event.name !== this.name) room.addMove(event.type, event.name);
    this.checkPeople();
  }

  onRename(event) {
    const { people } = this.room;
    if (people.delete(event.from)) people.set(event.to, false);
    this.room.edition += 1;
    if (event.from === this.name) {
      this.name = event.to;
      memory.write('localStorage', this.key, event.to);
      this.note(`You are now ${event.to}.`);
    } else {
      this.note(`${event.from} is now ${event.to}.`);
    }
  }

  onNotice(event) {
    this.note(event.text);
  }

  onPresence({ users }) {
    this.room.users = users;
  }

  onWhisper(event) {
    const line = { ...event, kind: 'whisper', time: Date.now() };
    this.room.add(line);
    this.view.heard(line);
  }

  onWhispered(event) {
    this.outbox.confirmWhisper(event.text);
    if (event.to.length)
      this.room.add({ ...event, kind: 'whisper', time: Date.now() });
    if (event.lost?.length) this.note(`Not found: ${listed(event.lost)}.`, 'error');
  }

  onHistory(event) {
    const asked = this.history;
    if (!asked) return;
    this.history = null;
    const { room, gapFrom } = asked;
    const first = event.messages[0]?.seq ?? asked.before;
    const goesOn = event.more && event.messages.length > 0;
    for (const m of event.messages) if (m.id !== undefined) this.outbox.confirm(m.id);
    room.insert(event.messages.filter((m) => m.seq >= (gapFrom ?? 0)).map(messageLine));
    if (gapFrom === undefined) room.isWhole = !goesOn;
    else if (first > gapFrom && goesOn) this.askHistory(first, gapFrom);
    else if (first > gapFrom) room.insert([lostLine(gapFrom, first - 1)]);
  }

  // `gapFrom`: the lines between this number and `before` are missing; without
  // it a page of older ones is wanted.
  askHistory(before, gapFrom) {
    if (this.history || this.isMoving) return;
    if (before <= 1) {
      this.room.isWhole = true;
      return;
    }
    const count = gapFrom === undefined ? PAGE : Math.min(PAGE, before - gapFrom);
    if (this.connection.send({ type: 'history', before, count }))
      this.history = { room: this.room, before, gapFrom };
  }

  onWho(event) {
    if (!this.people) return;
    for (const user of event.users) this.people.set(user.name, user.away === true);
    const last = event.users.at(-1);
    if (event.more > 0 && last && this.people.size < PEOPLE_MAX) {
      this.connection.send({ type: 'who', after: last.name });
      return;
    }
    this.endPeople(event.more ?? 0);
  }

  endPeople(others) {
    const { room } = this;
    room.people = this.people;
    room.others = others;
    room.edition += 1;
    this.people = null;
    if (!this.isPeopleAsked) return;
    this.isPeopleAsked = false;
    const names = [...room.people].map(([name, away]) => away ? `${name} (away)` : name);
    this.note(`Here: ${listed(names.sort(byName))}${others ? `, and ${others} more` : ''}.`);
  }

  // The list is kept by what is told; when it does not add up, it is asked for.
  checkPeople() {
    const { room } = this;
    if (room.others || this.recount || room.people.size === room.users) return;
    this.recount = setTimeout(() => {
      this.recount = 0;
      this.askPeople();
    }, 2000);
  }

  askPeople() {
    if (!this.people && this.connection.send({ type: 'who' })) this.people = new Map();
  }

  onRooms(event) {
    this.listing = event.rooms;
    if (!this.isRoomsAsked) return;
    this.isRoomsAsked = false;
    const rooms = event.rooms.map((room) => `${roomTitle(room.name)} (${room.users})`);
    this.note(`Rooms: ${listed(rooms)}${event.more ? `, and ${event.more} more` : ''}.`);
  }

  refresh() {
    if (this.connection.state !== 'connected') return;
    this.askPeople();
    this.connection.send({ type: 'rooms' });
  }

  onPong(event) {
    if (event.id !== 'asked' || !this.pingAsked) return;
    this.note(`The server answered within ${Math.ceil(performance.now() - this.pingAsked)} ms.`);
    this.pingAsked = 0;
  }

  onAck(event) {
    this.outbox.confirm(event.id);
  }

  onError(event) {
    if (event.code === 'not-found' && this.people) {
      this.endPeople(this.room.users - this.people.size);
      return;
    }
    if (event.code === 'rooms-hidden') {
      if (!this.isRoomsAsked) return;
      this.isRoomsAsked = false;
    }
    if (this.isMoving && /^(room-|too-many-rooms)/.test(event.code)) this.stay();
    if (event.id !== undefined) this.outbox.confirm(event.id);
    const about = event.code.startsWith('name-') ? `${this.nameAsked}: ` : '';
    this.note(about + event.text, 'error');
  }

  // The room that was wanted is not to be had.
  stay() {
    this.isMoving = false;
    this.outbox.refuse(this.wanted);
    this.wanted = this.room.name;
    this.view.roomWanted();
  }

  // Says what waits, once the lines that were missed are there: what is found
  // among them was said before.  Then goes where the person wants to be.
  proceed() {
    const { room, connection, outbox } = this;
    if (connection.state !== 'connected' || this.isMoving || room.last < this.catchUp) return;
    for (let entry; (entry = outbox.next(room.name));) {
      if (!connection.send(entry.request)) return;
      entry.state = 'sent';
    }
    if (this.wanted !== room.name)
      this.isMoving = connection.send({ type: 'join', room: this.wanted });
  }

  // -- what the person does

  // A line for this page alone.
  note(text, level = '') {
    this.room?.add({ kind: 'notice', text, level, time: Date.now() });
    this.view.changed();
  }

  refuse(text) {
    this.note(text, 'error');
    return false;
  }

  // False when the text is to stay where it was typed.
  enterText(text) {
    const command = /^\/([a-z]+)(?:\s+([^]*))?$/i.exec(text);
    if (!command) return this.put({ type: 'message', text: text.replace(/^\/\//, '/') });
    const [, word, argument = ''] = command;
    const name = Object.keys(COMMANDS).find((key) =>
      key === word.toLowerCase() || COMMANDS[key].includes(word.toLowerCase(), 3));
    if (!name) return this.refuse(`There is no command /${word}; /help lists them.`);
    const [usage, , method] = COMMANDS[name];
    if (usage && usage[0] !== '[' && !argument.trim())
      return this.refuse(`Usage: /${name} ${usage}`);
    return this[method](argument.trim()) !== false;
  }

  put(request) {
    if (new TextEncoder().encode(JSON.stringify(request)).length > MESSAGE_MAX)
      return this.refuse('That is too long for one message.');
    this.outbox.add(this.wanted, request);
    if (this.room) this.room.mark = null;
    this.proceed();
    this.view.changed();
    return true;
  }

  act(text) { return this.put({ type: 'message', text, action: true }); }

  whisper(argument) {
    const [, names, text] = /^(\S+)\s*([^]*)$/.exec(argument);
    if (!text) return this.refuse(`Usage: /whisper ${COMMANDS.whisper[0]}`);
    return this.put({ type: 'whisper', to: names.split(',').filter(Boolean), text });
  }

  // What cannot wait for the connection is refused without it.
  ask(request) {
    return this.connection.send(request) ||
      this.refuse('There is no connection at the moment.');
  }

  rename(name) {
    this.nameAsked = name;
    return this.ask({ type: 'nick', name });
  }

  join(name) {
    if (name !== '' && !isRoomName(name))
      return this.refuse('A room’s name has 1 to 64 letters, digits, -, _ and dots.');
    this.wanted = name;
    this.view.roomWanted();
    if (this.room) this.proceed();
    return true;
  }

  help() {
    this.note(Object.entries(COMMANDS).map(([word, [usage, what, , ...others]]) =>
      `/${[word, ...others].join(', /')} ${usage}: ${what}`)
      .concat('A line that begins with // is said, with one slash.').join('\n'));
  }

  tellPeople() {
    if (!this.people && !this.ask({ type: 'who' })) return false;
    this.people ??= new Map();
    return this.isPeopleAsked = true;
  }

  tellRooms() {
    return this.isRoomsAsked = this.ask({ type: 'rooms' });
  }

  ping() {
    this.pingAsked = performance.now();
    return this.ask({ type: 'ping', id: 'asked' });
  }

  quit() {
    memory.write('sessionStorage', this.key, null);
    this.connection.leave();
  }

  // Older lines, when there are any.
  wantOlder() {
    const { room } = this;
    if (room && !room.isWhole && room.lines.length < LINES_KEPT) this.askHistory(room.oldest());
  }

  repeat(entry) {
    entry.state = 'waiting';
    entry.room = this.wanted;
    this.proceed();
    this.view.changed();
  }

  drop(entry) {
    this.outbox.confirm(entry.request.id);
    this.view.changed();
  }
}

// --- a line in the page

const clock = new Intl.DateTimeFormat([], { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const calendar = new Intl.DateTimeFormat([], { dateStyle: 'full' });
const moment = new Intl.DateTimeFormat([], { dateStyle: 'medium', timeStyle: 'medium' });

function nameElement(name) {
  let sum = 0;
  for (const c of name) sum = (sum * 31 + c.codePointAt(0)) >>> 0;
  return h('bdi', { class: `name n${sum % COLOURS}` }, name);
}

// Text with its addresses as links.  What ends a sentence ends no address, and
// a closing bracket belongs to it when it was opened there.
function linked(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(/\bhttps?:\/\/[^\s<>"]+/gi)) {
    let address = match[0].replace(/[.,:;!?'’”…]+$/, '');
    while (/[)\]}]$/.test(address) && !/[([{]/.test(address)) address = address.slice(0, -1);
    if (!URL.canParse(address)) continue;
    parts.push(text.slice(end, match.index), h('a', { href: address, target: '_blank',
      rel: 'noopener noreferrer' }, address));
    end = match.index + address.length;
  }
  parts.push(text.slice(end));
  return parts;
}

// A long text is cut, with a button for the rest.
function textElement(text) {
  const whole = text.replace(/\r\n|[\r\u0085\u2028\u2029]/g, '\n');
  const rows = whole.split('\n');
  const element = h('span', { class: 'text', dir: 'auto' });
  if (whole.length <= CLIP && rows.length <= CLIP_ROWS) {
    element.append(...linked(whole));
    return element;
  }
  const head = rows.slice(0, CLIP_ROWS).join('\n').slice(0, CLIP)
    .replace(/[\ud800-\udbff]$/, '');
  element.append(...linked(head), '… ',
    plainButton('Show all', () => element.replaceChildren(...linked(whole))));
  return element;
}

// "anna and bob joined, 5 left", and who the 5 are.
function movesElement({ moves }) {
  const who = (what) => [...moves.keys()].filter((name) => moves.get(name) === what);
  const told = (few) => [[who('join'), 'joined'], [who('leave'), 'left']]
    .filter(([names]) => names.length)
    .map(([names, what]) => `${names.length > few ? names.length : listed(names)} ${what}`)
    .join(', ');
  if (told(3) === told(Infinity)) return h('span', { class: 'text' }, told(3));
  return h('details', {}, h('summary', {}, told(3)), h('div', {}, told(Infinity)));
}

function bodyOf(line) {
  switch (line.kind) {
  case 'message':
    return line.action ? ['* ', nameElement(line.from), ' ', textElement(line.text)]
      : [nameElement(line.from), ': ', textElement(line.text)];
  case 'whisper':
    return line.to ? ['whisper to ', ...line.to.flatMap((name, i) =>
      i ? [', ', nameElement(name)] : [nameElement(name)]), ': ', textElement(line.text)]
      : ['whisper from ', nameElement(line.from), ': ', textElement(line.text)];
  case 'moves':
    return [movesElement(line)];
  default:
    return [textElement(line.text)];
  }
}

// --- the log in the page

// Shows ROWS lines of a room around the place that is looked at.  While its
// end is looked at it follows; else what is looked at stays where it is,
// whatever is put above it or taken away.
class Log {
  constructor(view) {
    this.view = view;
    this.room = null;
    this.top = this.end = 0;  // the lines that are in the page
    this.first = null;        // the one at top
    this.isLast = true;       // the last of the room was in the page when shown
    this.isFollowing = true;
    this.followed = 0;        // where the end was
    this.rows = new Map();    // line → its row
    this.lines = new WeakMap();
    this.edge = h('p', { class: 'edge' });
    this.list = h('div', { role: 'log', 'aria-label': 'Messages' });
    this.outbox = h('div', { role: 'group', 'aria-label': 'Not yet said' });
    this.element = h('div', { class: 'scroll', tabindex: '0', role: 'region',
      'aria-label': 'Conversation' }, this.edge, this.list, this.outbox);
    this.element.addEventListener('scroll', () => this.onScroll(), { passive: true });
    new ResizeObserver(() => { if (this.isFollowing) this.toEnd(); }).observe(this.element);
  }

  toEnd() {
    this.isFollowing = true;
    this.element.scrollTop = this.element.scrollHeight;
    this.followed = this.element.scrollTop;
  }

  // Back to the end, whose lines may not be in the page yet.
  follow() {
    this.isFollowing = true;
    this.followed = 0;
    this.view.show();
  }

  isAtEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    return this.isLast && scrollHeight - scrollTop - clientHeight < 24;
  }

  onScroll() {
    const { element, room } = this;
    if (!room) return;
    const was = this.isFollowing;
    this.isFollowing = this.isAtEnd();
    if (this.top === 0 && element.scrollTop < element.clientHeight) this.view.chat.wantOlder();
    if (this.isShort() || was !== this.isFollowing) this.view.changed();
  }

  // Less than a screen is left above or below, and there are lines for it.
  isShort() {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    return (this.top > 0 && scrollTop < clientHeight) ||
      (this.end < this.room.lines.length && scrollHeight - scrollTop < 2 * clientHeight);
  }

  // The row at the upper edge of what is seen, and where it is.
  looked() {
    const { top } = this.element.getBoundingClientRect();
    for (const row of this.list.children) {
      const box = row.getBoundingClientRect();
      if (box.bottom > top) return { line: this.lines.get(row), y: box.top };
    }
    return null;
  }

  // Which lines are to be in the page, after lines came or went.
  frame(looked) {
    const { lines } = this.room;
    const last = Math.max(0, lines.length - ROWS);
    this.top = looked ? lines.indexOf(this.first) : last;
    this.end = this.top + ROWS;
    if (looked && (this.top < 0 || this.isShort()))
      this.top = lines.indexOf(looked.line) - ROWS / 2;
    this.top = Math.min(Math.max(0, this.top), last);
    this.end = Math.min(lines.length, this.top + ROWS);
    this.first = lines[this.top];
    this.isLast = this.end === lines.length;
  }

  show(room) {
    if (room !== this.room) {
      this.room = room;
      this.isFollowing = true;
      this.first = null;
      this.list.replaceChildren();
      this.rows.clear();
    }
    // A busy room must not win against who scrolls up in this very frame.
    if (this.element.scrollTop < this.followed && !this.isAtEnd()) this.isFollowing = false;
    const looked = this.isFollowing ? null : this.looked();
    // A reader is told of what is new, not of what comes back into the page.
    const isNews = !looked && this.first;
    this.list.setAttribute('aria-live', isNews ? 'polite' : 'off');
    this.frame(looked);
    this.reconcile();
    const row = this.rows.get(looked?.line);
    if (this.isFollowing) this.toEnd();
    else if (row) this.element.scrollTop += row.getBoundingClientRect().top - looked.y;
  }

  // Makes the list's children those of the window, touching only what differs.
  reconcile() {
    const { room } = this;
    const wanted = room.lines.slice(this.top, this.end);
    const keep = new Set(wanted);
    for (const [line, row] of this.rows) {
      if (keep.has(line)) continue;
      if (row.contains(this.view.root.activeElement)) this.element.focus();
      row.remove();
      this.rows.delete(line);
    }
    let at = this.list.firstElementChild;
    wanted.forEach((line, i) => {
      const old = this.rows.get(line);
      const row = this.rowOf(line, room, room.lines[this.top + i - 1]);
      if (at && at === old) at = row;
      if (row === at) at = at.nextElementSibling;
      else this.list.insertBefore(row, at);
    });
  }

  // The row of a line: the one that is there, or a new one in its place.
  rowOf(line, room, previous) {
    const day = new Date(line.time).toDateString();
    const isNewDay = previous ? new Date(previous.time).toDateString() !== day
      : day !== new Date().toDateString();
    const key = `${line.version ?? 0} ${isNewDay} ${line === room.mark}`;
    const old = this.rows.get(line);
    if (old?.dataset.key === key) return old;
    const row = this.makeRow(line, isNewDay, line === room.mark);
    row.dataset.key = key;
    this.rows.set(line, row);
    this.lines.set(row, line);
    if (old?.querySelector('details[open]'))
      row.querySelector('details')?.setAttribute('open', '');
    old?.replaceWith(row);
    return row;
  }

  makeRow(line, isNewDay, isMark) {
    const row = h('div', { class: `row ${line.kind} ${line.level ?? ''}` });
    const time = new Date(line.time);
    if (line.action) row.classList.add('action');
    if (line.kind === 'moves') row.setAttribute('aria-live', 'off');
    if (isNewDay) row.append(h('div', { class: 'day' }, calendar.format(time)));
    if (isMark) row.append(h('div', { class: 'mark' }, 'New messages'));
    row.append(h('time', { datetime: time.toISOString(), title: moment.format(time) },
      clock.format(time)), ' ', h('span', { class: 'body' }, ...bodyOf(line)));
    return row;
  }
}

// --- completion

// The list above the field.  It opens by itself behind "/", "@" and where a
// command takes a name or a room; elsewhere Tab asks for it, which leaves the
// field as ever when nothing fits.
class Completion {
  constructor(field, chat) {
    this.field = field;
    this.chat = chat;
    this.items = [];
    this.from = 0;            // where in the text what is completed begins
    this.at = -1;             // the item that is chosen
    this.element = h('ul', { class: 'completion', role: 'listbox', id: 'wschat-completion',
      'aria-label': 'Completions', hidden: true });
    field.setAttribute('aria-controls', this.element.id);
    field.addEventListener('input', () => this.update());
    field.addEventListener('blur', () => this.close());
  }

  // What fits the text before the caret: [where it begins, items].
  find(text, isAsked) {
    const { room, name: me, listing } = this.chat;
    const word = /[^\s,@]*$/.exec(text)[0];
    const from = text.length - word.length;
    const fits = (name) => name !== '' && name !== me &&
      name.toLowerCase().startsWith(word.toLowerCase());
    if (/^\/[a-z]*$/i.test(text))
      return [0, Object.entries(COMMANDS).map(([name, [usage, what]]) =>
        ({ value: `/${name}`, hint: `${usage} – ${what}` })).filter((item) => fits(item.value))];
    if (/^\/join +\S*$/i.test(text))
      return [from, listing.filter(({ name }) => fits(name))
        .map(({ name, users }) => ({ value: name, hint: `${users} here` }))];
    if (room && (/^\/(w|msg|whisper) +\S*$/i.test(text) || /(^|\s)@\S*$/.test(text) ||
      (isAsked && word)))
      return [from, [...room.people.keys()].filter(fits).sort(byName)
        .map((name) => ({ value: name, hint: '' }))];
    return [0, []];
  }

  update(isAsked = false) {
    const { field } = this;
    const [from, items] = field.selectionStart === field.selectionEnd
      ? this.find(field.value.slice(0, field.selectionStart), isAsked) : [0, []];
    this.from = from;
    this.items = items.slice(0, 9);
    this.element.replaceChildren(...this.items.map(({ value, hint }, i) =>
      h('li', { role: 'option', id: `wschat-option-${i}`, 'aria-selected': 'false',
        mousedown: (event) => { event.preventDefault(); this.accept(i); } },
      h('bdi', {}, value), ' ', h('span', { class: 'hint' }, hint))));
    this.choose(-1);
  }

  close() {
    this.items = [];
    this.choose(-1);
  }

  choose(at) {
    this.at = at;
    this.element.hidden = this.items.length === 0;
    this.field.removeAttribute('aria-activedescendant');
    for (const [i, option] of [...this.element.children].entries()) {
      option.setAttribute('aria-selected', String(i === at));
      if (i === at) this.field.setAttribute('aria-activedescendant', option.id);
    }
  }

  accept(at) {
    const { field } = this;
    field.setRangeText(`${this.items[at].value} `, this.from, field.selectionStart, 'end');
    this.update();
  }

  // True when the key was meant for the list.
  key(event) {
    const count = this.items.length;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (count && step) this.choose((this.at + step + count + (this.at < 0 && step < 0)) % count);
    else if (count && event.key === 'Escape') this.close();
    else if (this.at >= 0 && event.key === 'Enter') this.accept(this.at);
    else if (event.key === 'Tab' && !event.shiftKey) return this.tab();
    else return false;
    return true;
  }

  tab() {
    if (!this.items.length) this.update(true);
    if (!this.items.length) return false;
    if (this.at >= 0 || this.items.length === 1) this.accept(Math.max(0, this.at));
    else this.choose(0);
    return true;
  }
}

// --- the view

class View {
  constructor(chat, root) {
    this.chat = chat;
    this.root = root;         // the document, or the shadow tree
    this.unread = 0;
    this.timer = 0;
    this.filled = new Map();  // list → what it shows
    this.isNotifying = isPage && memory.read('localStorage', 'wschat:notify') === true &&
      window.Notification?.permission === 'granted';
    this.log = new Log(this);
    this.makeHeader();
    this.makeForm();
    this.makeSide();
    this.newest = h('button', { type: 'button', class: 'newest', hidden: true,
      click: () => { this.log.follow(); this.field.focus(); } });
    this.empty = h('p', { class: 'empty' });
    this.element = h(isPage ? 'main' : 'section', { class: 'wschat', 'aria-label': 'Chat',
      keydown: (event) => { if (event.key === 'Escape') this.openSide(false); } },
    this.header, h('div', { class: 'middle' }, this.log.element, this.empty, this.newest),
    this.side, this.form);
    if (script.dataset.theme) this.element.dataset.theme = script.dataset.theme;
    setInterval(() => this.showWait(), 1000);
    addEventListener('focus', () => this.changed());
    document.addEventListener('visibilitychange', () => this.changed());
  }

  // -- what there is

  makeHeader() {
    this.title = h(isPage ? 'h1' : 'h2', {});
    this.state = h('span', { class: 'state', role: 'status' });
    this.wait = h('span', { 'aria-hidden': 'true' });
    this.retry = plainButton('', () => { this.chat.connection.retry(); this.field.focus(); });
    this.toggle = h('button', { type: 'button', class: 'toggle', 'aria-expanded': 'false',
      'aria-controls': 'wschat-side', click: () => this.openSide(!this.isSideOpen()) });
    this.header = h('header', {}, this.title,
      h('p', { class: 'status' }, this.state, ' ', this.wait, ' ', this.retry), this.toggle);
  }

  makeForm() {
    const field = this.field = h('textarea', { rows: '1', enterkeyhint: 'send',
      'aria-autocomplete': 'list', 'aria-label': 'Message' });
    this.completion = new Completion(field, this.chat);
    field.addEventListener('keydown', (event) => this.onKey(event));
    field.addEventListener('input', () => this.fitField());
    this.form = h('form', { class: 'say', autocomplete: 'off', submit: (event) => {
      event.preventDefault();
      this.submit();
    } }, this.completion.element, field, h('button', { type: 'submit' }, 'Send'));
  }

  // A form of one field and a button, which takes what is typed.
  makeSmallForm(label, button, take) {
    const field = h('input', { 'aria-label': label, placeholder: label, maxlength: '64',
      spellcheck: 'false', autocapitalize: 'off' });
    return h('form', { autocomplete: 'off', submit: (event) => {
      event.preventDefault();
      if (take(field.value.trim()) !== false) field.value = '';
    } }, field, h('button', { type: 'submit' }, button));
  }

  makeSide() {
    this.you = h('bdi', {});
    this.peopleTitle = h('h2', {});
    this.people = h('ul', {});
    this.rooms = h('ul', {});
    const notify = h('input', { type: 'checkbox', change: () => this.setNotifying(notify.checked) });
    notify.checked = this.isNotifying;
    this.side = h('div', { class: 'side', id: 'wschat-side', role: 'group',
      'aria-label': 'People and rooms', tabindex: '-1' },
    h('h2', {}, 'You are ', this.you),
    this.makeSmallForm('Another name', 'Change', (name) => name !== '' && this.chat.rename(name)),
    this.peopleTitle, this.people,
    h('h2', {}, 'Rooms'), this.rooms,
    this.makeSmallForm('A room', 'Go', (name) => this.go(name)));
    if (isPage && window.Notification && isSecureContext)
      this.side.append(h('label', {}, notify, ' Notify me when somebody names me or whispers'));
    this.notify = notify;
  }

  // -- what the person does

  onKey(event) {
    if (event.isComposing) return;
    if (this.completion.key(event)) {
      event.preventDefault();
      event.stopPropagation();
    } else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    }
  }

  fitField() {
    this.field.rows = Math.min(8, this.field.value.split('\n').length);
  }

  submit() {
    const text = this.field.value;
    if (text.trim() === '' || !this.chat.enterText(text)) return;
    this.field.value = '';
    this.completion.close();
    this.fitField();
    this.field.focus();
    this.log.follow();
  }

  go(name) {
    if (!this.chat.join(name)) return false;
    this.openSide(false);
    this.field.focus();
    return true;
  }

  isSideOpen() { return this.element.classList.contains('open'); }

  openSide(isOpen) {
    const had = this.side.contains(this.root.activeElement);
    if (isOpen === this.isSideOpen()) return;
    this.element.classList.toggle('open', isOpen);
    this.toggle.setAttribute('aria-expanded', String(isOpen));
    this.changed();
    if (isOpen) this.side.focus();
    else if (had) this.toggle.focus();
  }

  async setNotifying(isOn) {
    const isAllowed = isOn && await Notification.requestPermission() === 'granted';
    this.isNotifying = this.notify.checked = isAllowed;
    memory.write('localStorage', 'wschat:notify', isAllowed);
  }

  // The room that is wanted stands in the page's address.
  roomWanted() {
    if (!isPage) return;
    const hash = this.chat.wanted ? `#room=${this.chat.wanted}` : '';
    if (roomOfPage() !== this.chat.wanted)
      history.pushState(null, '', location.pathname + location.search + hash);
  }

  // -- what happens

  isSeen() {
    return !document.hidden && document.hasFocus() && this.log.isFollowing;
  }

  heard(line) {
    const { room, name } = this.chat;
    if (this.isSeen()) return;
    if (this.unread === 0) room.mark = line;
    this.unread += 1;
    if (!this.isNotifying || !document.hidden || (line.kind === 'message' &&
      !line.text.toLowerCase().includes(name.toLowerCase()))) return;
    try {
      const note = new Notification(`${line.from} – ${roomTitle(room.name)}`,
        { body: line.text.slice(0, 200), tag: 'wschat', icon: 'icon.svg' });
      note.onclick = () => { focus(); note.close(); };
    } catch { /* some phones let only workers notify */ }
  }

  // Something may look different: once a frame, or when hidden, soon.
  changed() {
    this.timer ||= setTimeout(() => { this.timer = 0; this.show(); }, 16);
  }

  show() {
    const { chat } = this;
    this.showState();
    this.showOutbox();
    if (!chat.room) return;
    this.log.show(chat.room);
    this.log.edge.textContent = chat.history ? 'Loading …'
      : chat.room.isWhole && chat.room.lines.length ? 'No older messages are kept.' : '';
    if (this.isSeen()) this.unread = 0;
    this.empty.hidden = chat.room.lines.length > 0 || chat.outbox.entries.length > 0;
    this.empty.textContent =
      `Nothing has been said here yet. You are ${chat.name}; /nick NAME changes that.`;
    this.newest.hidden = this.log.isFollowing;
    this.newest.textContent = this.unread ? counted(this.unread, 'new message', 'new messages') + ' ↓'
      : 'To the newest ↓';
    this.showRoom();
    this.showPeople();
    this.showRooms();
  }

  showState() {
    const { state, reason } = this.chat.connection;
    const text = reason ? `${state}: ${reason}` : state;
    if (this.state.textContent !== text) this.state.textContent = text;
    this.element.dataset.state = state;
    this.retry.hidden = state !== 'offline' && state !== 'closed';
    this.retry.textContent = state === 'offline' ? 'Now' : 'Connect';
    this.field.placeholder = state === 'connected' ? 'Message, or /' : 'Said once connected';
    this.showWait();
  }

  showWait() {
    const seconds = Math.ceil((this.chat.connection.retryAt - Date.now()) / 1000);
    this.wait.textContent = seconds > 0 ? `again in ${seconds} s` : '';
  }

  showOutbox() {
    const { chat } = this;
    const { entries } = chat.outbox;
    this.fill(this.log.outbox, JSON.stringify([entries, chat.room?.name]), () =>
      entries.map((entry) => {
        const { request, state, room } = entry;
        const where = room === chat.room?.name ? '' : ` for ${roomTitle(room)}`;
        const told = { waiting: 'waiting', sent: 'sending', unsure: 'perhaps not said' }[state];
        const row = h('div', { class: `row ${state}` }, h('span', { class: 'body' },
          request.to ? `whisper to ${request.to.join(', ')}: ` : '', textElement(request.text)),
        h('span', { class: 'tag' }, told + where, ' '));
        if (state === 'unsure') row.lastChild.append(
          plainButton('Say again', () => chat.repeat(entry)), ' ',
          plainButton('Drop', () => chat.drop(entry)));
        return row;
      }));
  }

  showRoom() {
    const name = roomTitle(this.chat.room.name);
    this.title.textContent = name;
    this.you.textContent = this.chat.name;
    if (isPage) document.title = `${this.unread ? `(${this.unread}) ` : ''}${name} – wschat`;
  }

  // Sets a list's items when they differ from those that are there.
  fill(list, key, make) {
    if (this.filled.get(list) === key) return;
    this.filled.set(list, key);
    list.replaceChildren(...make());
  }

  showPeople() {
    const { room } = this.chat;
    const count = counted(room.users, 'person', 'people');
    this.peopleTitle.textContent = count;
    this.toggle.textContent = this.isSideOpen() ? 'Close' : count;
    this.fill(this.people, `${room.name} ${room.edition}`, () => [
      ...[...room.people.keys()].sort(byName).map((name) =>
        h('li', {}, nameElement(name), room.people.get(name) ? ' (away)' : '')),
      ...room.others ? [h('li', {}, `and ${room.others} more`)] : []]);
  }

  showRooms() {
    const { room } = this.chat;
    const listing = this.chat.listing.map(({ name, users }) =>
      ({ name, users: name === room.name ? room.users : users }));
    if (!listing.some(({ name }) => name === '')) listing.unshift({ name: '', users: 0 });
    this.fill(this.rooms, JSON.stringify([listing, room.name]), () =>
      listing.map(({ name, users }) => h('li', {}, h('a', {
        href: new URL(name ? `.#room=${name}` : '.', script.src),
        'aria-current': name === room.name ? 'page' : 'false',
        click: (event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          this.go(name);
        } }, roomTitle(name)), ` (${users})`)));
  }
}

// --- the beginning

function roomOfPage() {
  const name = new URLSearchParams(location.hash.slice(1)).get('room') ?? '';
  return isRoomName(name) ? name : '';
}

function start() {
  const route = new URL(script.dataset.route ?? 'chat', script.src).href;
  const room = isPage ? roomOfPage() : script.dataset.room;
  const chat = new Chat(route, isRoomName(room) ? room : '');

  if (isPage) {
    const view = new View(chat, document);
    document.body.append(view.element);
    view.field.focus();
    addEventListener('hashchange', () => chat.join(roomOfPage()));
    chat.start(view);
    return;
  }
  const host = h('wschat-room', {});
  const view = new View(chat, host.attachShadow({ mode: 'open' }));
  const showIt = () => { view.element.hidden = false; };
  view.element.hidden = true; // until there are styles
  view.root.append(h('link', { rel: 'stylesheet', href: new URL('wschat.css', script.src),
    load: showIt, error: showIt }), view.element);
  if (script.closest('head')) document.body.append(host);
  else script.after(host);
  chat.start(view);
}

if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
else start();
})();
