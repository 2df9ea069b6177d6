// The client of the page: joins /chat, or the room that "#room=NAME" names,
// shows what is said, and says what is typed.
//
// A line is text and is put into the page as text only.  A connection that
// ends is made again after a random part of 1, 2, 4 … 60 seconds, so that a
// thousand pages do not come back in the same moment.
'use strict';

const LINES_MAX = 2000;
const WAIT_FIRST_MS = 1000;
const WAIT_MAX_MS = 60000;
const STEADY_MS = 5000;       // connected for so long: start over at 1 s
const FLUSH_MS = 16;          // lines of one frame go in together
const STAY_AWAY = 4500;       // from this close code on, do not come back

const $ = (id) => document.getElementById(id);
const log = $('log');
const text = $('text');
const newest = $('newest');

let socket = null;
let attempts = 0;
let retryAt = 0;
let retryTimer = 0;
let steadyTimer = 0;
let pending = [];
let flushTimer = 0;
let isFollowing = true;       // the log shows its end, and is to stay there

// --- the connection

function roomName() {
  const name = new URLSearchParams(location.hash.slice(1)).get('room') || '';
  return /^[A-Za-z0-9_.-]{1,64}$/.test(name) && /[^.]/.test(name) ? name : '';
}

// Relative to the page, so that it works behind a proxy's prefix too.
function roomUrl() {
  const room = roomName();
  const url = new URL(room ? 'chat/' + room : 'chat', location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.search = url.hash = '';
  return url;
}

function showState(state) {
  $('state').textContent = state;
  $('state').dataset.state = state;
  $('send').disabled = state !== 'connected';
}

function showWait() {
  const seconds = Math.ceil((retryAt - Date.now()) / 1000);
  $('wait').textContent = retryAt && seconds > 0
    ? `– again in ${seconds} s` : '';
}

function connect() {
  clearTimeout(retryTimer);
  retryTimer = retryAt = 0;
  showWait();
  showState('connecting');
  const mine = socket = new WebSocket(roomUrl());
  mine.onopen = () => {
    if (mine !== socket) return;
    showState('connected');
    steadyTimer = setTimeout(() => { attempts = 0; }, STEADY_MS);
  };
  mine.onmessage = (event) => {
    if (mine === socket && typeof event.data === 'string') addLine(event.data);
  };
  mine.onclose = (event) => {
    if (mine === socket) connectionEnded(event);
  };
}

function connectionEnded(event) {
  socket = null;
  clearTimeout(steadyTimer);
  showState('offline');
  if (event.code >= STAY_AWAY && event.code < 5000) {
    $('wait').textContent = event.reason ? `– ${event.reason}` : '';
    return;
  }
  const ceiling = Math.min(WAIT_MAX_MS, WAIT_FIRST_MS * 2 ** attempts);
  const delay = Math.random() * ceiling;
  attempts += 1;
  retryAt = Date.now() + delay;
  retryTimer = setTimeout(connect, delay);
  showWait();
}

function retryNow() {
  if (retryTimer) connect();
}

function changeRoom() {
  const old = socket;
  socket = null;
  clearTimeout(steadyTimer);
  if (old) old.close(1000);
  pending = [];
  log.replaceChildren();
  attempts = 0;
  showRoom();
  connect();
}

function showRoom() {
  const room = roomName();
  $('room').textContent = room;
  document.title = room ? `${room} – wschat` : 'wschat';
}

// --- the lines

function addLine(line) {
  pending.push({ line, time: new Date() });
  if (pending.length > LINES_MAX) pending.shift();
  if (!flushTimer) flushTimer = setTimeout(flush, FLUSH_MS);
}

function flush() {
  flushTimer = 0;
  const lines = document.createDocumentFragment();
  for (const { line, time } of pending) lines.append(renderLine(line, time));
  pending = [];
  log.append(lines);
  while (log.childElementCount > LINES_MAX) log.firstElementChild.remove();
  if (isFollowing) showEnd();
  else newest.hidden = false;
}

function renderLine(line, time) {
  const row = document.createElement('div');
  const when = document.createElement('time');
  const what = document.createElement('span');
  row.className = 'line';
  when.dateTime = time.toISOString();
  when.title = time.toLocaleString();
  when.textContent = time.toLocaleTimeString([],
    { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  what.className = 'text';
  // "[user0]: text" and the like: the name gets a colour of its own.
  const named = /^\[([^\]\s]{1,64})\]:?(?=\s|$)/.exec(line);
  if (named && !named[1].startsWith('server')) {
    const name = document.createElement('span');
    name.className = `name n${colourOf(named[1])}`;
    name.textContent = named[0];
    what.append(name, line.slice(named[0].length));
  } else {
    if (named) row.classList.add('server');
    what.textContent = line;
  }
  row.append(when, ' ', what);
  return row;
}

function colourOf(name) {
  let sum = 0;
  for (const c of name) sum = (sum * 31 + c.codePointAt(0)) >>> 0;
  return sum % 8;
}

function showEnd() {
  log.scrollTop = log.scrollHeight;
  isFollowing = true;
  newest.hidden = true;
}

// --- what the person does

$('form').addEventListener('submit', (event) => {
  event.preventDefault();
  if (!socket || socket.readyState !== WebSocket.OPEN || !text.value) return;
  socket.send(text.value);
  text.value = '';
  text.focus();
  showEnd();
});

log.addEventListener('scroll', () => {
  isFollowing = log.scrollHeight - log.scrollTop - log.clientHeight < 24;
  if (isFollowing) newest.hidden = true;
}, { passive: true });

newest.addEventListener('click', () => {
  showEnd();
  text.focus();
});

addEventListener('resize', () => { if (isFollowing) showEnd(); });
addEventListener('hashchange', changeRoom);
addEventListener('online', retryNow);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) retryNow();
});
setInterval(showWait, 1000);

showRoom();
connect();
