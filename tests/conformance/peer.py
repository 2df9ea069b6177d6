"""A WebSocket client for tests: it writes any bytes and reads strictly.

What it sends is built by frame(), which can break every rule of RFC 6455;
what it hears is judged by the rules for a server, and a breach is a Fault.
It never blocks in a write that the server does not read: it reads meanwhile.
Plain TCP and TLS; standard library alone.
"""

import base64
import hashlib
import os
import random
import re
import select
import socket
import ssl
import struct
import time
import urllib.parse

import deflate
from fault import Fault

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
NAMES = {TEXT: "text", BINARY: "binary", PING: "ping", PONG: "pong"}
NO_CODE = 1005                  # a close frame without a code
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
READ = 256 * 1024
EXCERPT = 48                    # bytes of each direction kept for a failure


class Target:
    """Where the server is: ws://host:port/path or wss://…"""

    def __init__(self, url, insecure=False):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("ws", "wss") or not parts.hostname:
            raise ValueError(f"not a WebSocket address: {url}")
        self.url, self.host = url, parts.hostname
        self.port = parts.port or (443 if parts.scheme == "wss" else 80)
        self.path = (parts.path or "/") + (parts.query and "?" + parts.query)
        self.field = parts.netloc
        self.tls = None
        if parts.scheme == "wss":
            self.tls = ssl.create_default_context()
            if insecure:
                self.tls.check_hostname = False
                self.tls.verify_mode = ssl.CERT_NONE


def mask_bytes(data, key):
    """XOR with the repeated key; one big number, so that 16 MiB are quick."""
    size = len(data)
    stream = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "little") ^
            int.from_bytes(stream, "little")).to_bytes(size, "little")


def frame(opcode, payload=b"", fin=True, rsv=0, masked=True, form=None,
          declared=None):
    """The bytes of one frame.  `rsv` has RSV1 as 4, RSV2 as 2, RSV3 as 1;
    `form` is the size of the length field in bits (7, 16, 64), the shortest
    unless given; `declared` is the length it tells, whatever follows."""
    length = len(payload) if declared is None else declared
    if form is None:
        form = 7 if length < 126 else 16 if length < 65536 else 64
    head = bytes([fin << 7 | rsv << 4 | opcode])
    bit = 0x80 if masked else 0
    if form == 7:
        head += bytes([bit | length])
    elif form == 16:
        head += struct.pack("!BH", bit | 126, length)
    else:
        head += struct.pack("!BQ", bit | 127, length)
    if not masked:
        return head + payload
    key = random.randbytes(4)
    return head + key + mask_bytes(payload, key)


def close_payload(code, reason=b""):
    return struct.pack("!H", code) + reason


def describe(event):
    """An event for people: long payloads are cut."""
    if event is None:
        return "nothing"
    kind, *rest = event
    if kind == "close":
        return f"close {rest[0]}" + (f" {rest[1]!r}" if rest[1] else "")
    if not rest:
        return kind
    data = rest[0]
    text = data[:EXCERPT].hex() + ("…" if len(data) > EXCERPT else "")
    return f"{kind} of {len(data)} bytes" + (f" {text}" if text else "")


class Peer:
    """One connection, open after the constructor.  event() gives, in order:
    ("text" or "binary" or "pong", payload), ("close", code, reason),
    ("end",) or ("reset",)."""

    def __init__(self, target, offer=None, patience=10.0):
        self.target, self.patience = target, patience
        self.extension = None           # a deflate.Extension when agreed
        self.answer_field = None        # Sec-WebSocket-Extensions as answered
        self.received, self.sent = bytearray(), b""
        self.tail = b""                 # the last bytes heard, as they came
        self.is_tls = target.tls is not None
        self.ended = self.was_reset = False
        self.close_heard = False
        self.message = None             # kind, is deflated, parts
        self.deflated = 0               # messages heard that were
        self.sock = socket.create_connection((target.host, target.port),
                                             patience)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if target.tls:
                self.sock = target.tls.wrap_socket(
                    self.sock, server_hostname=target.host)
            self.sock.setblocking(False)
            self._shake_hands(offer)
        except BaseException:
            self.sock.close()
            raise

    # -- handshake

    def _shake_hands(self, offer):
        key = base64.b64encode(os.urandom(16)).decode()
        offers = [offer] if isinstance(offer, str) else offer or []
        self.write("\r\n".join(
            [f"GET {self.target.path} HTTP/1.1",
             f"Host: {self.target.field}", "Upgrade: websocket",
             "Connection: Upgrade", f"Sec-WebSocket-Key: {key}",
             "Sec-WebSocket-Version: 13"] +
            [f"Sec-WebSocket-Extensions: {each}" for each in offers] +
            ["", ""]).encode())
        end = time.monotonic() + self.patience
        while b"\r\n\r\n" not in self.received:
            if self.ended or not self._await(end):
                raise Fault("an answer to the handshake",
                            f"{bytes(self.received)!r}")
        head, _, rest = bytes(self.received).partition(b"\r\n\r\n")
        self.received, self.tail, self.sent = bytearray(rest), rest, b""
        status, fields = parse_head(head.decode("latin-1"))
        accept = base64.b64encode(
            hashlib.sha1(key.encode() + GUID).digest()).decode()
        for name, want, got in (
                ("status", "101", status),
                ("Upgrade", "websocket", fields.get("upgrade", "").lower()),
                ("Connection", "upgrade",
                 fields.get("connection", "").lower()),
                ("Sec-WebSocket-Accept", accept,
                 fields.get("sec-websocket-accept"))):
            if got != want:
                raise Fault(f"{name} {want} in the answer", got)
        self.answer_field = fields.get("sec-websocket-extensions")
        self.extension = deflate.agree(offers, self.answer_field)

    # -- bytes

    def _await(self, end, writes=False):
        """Until it can read (which it does) or write.  False: too late."""
        reads = [] if self.ended else [self.sock]
        if reads and self.is_tls and self.sock.pending():
            return self._read()
        left = max(0, end - time.monotonic())
        readable, writable, _ = select.select(
            reads, [self.sock] if writes else [], [], left)
        if readable:
            self._read()
        return bool(readable or writable)

    def _read(self):
        try:
            data = self.sock.recv(READ)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return True
        except ConnectionError:
            self.ended = self.was_reset = True
            return True
        except ssl.SSLError as error:
            raise Fault("bytes of TLS", str(error)) from error
        if data:
            self.received += data
            self.tail = (self.tail + data)[-EXCERPT:]
        elif self.is_tls:
            self._leave_tls()
        else:
            self.ended = True
        return True

    def _leave_tls(self):
        """The end of TLS is not yet the end of TCP: that is awaited too."""
        self.is_tls = False
        try:
            self.sock = self.sock.unwrap()
        except (OSError, ValueError):
            self.ended = True           # it ended without a word of TLS

    def write(self, data, chop=0):
        """Sends everything, in pieces of `chop` bytes if given.  What the
        server does not want any more is left unsent: its words tell why."""
        self.sent = (self.sent + bytes(data[-EXCERPT:]))[-EXCERPT:]
        view = memoryview(data)
        step = chop or READ
        for at in range(0, len(view), step):
            if not self._write_piece(view[at:at + step]):
                return

    def _write_piece(self, view):
        end = time.monotonic() + self.patience
        while view:
            if self.was_reset:
                return False
            try:
                view = view[self.sock.send(view):]
            except (BlockingIOError, ssl.SSLWantReadError,
                    ssl.SSLWantWriteError):
                if not self._await(end, writes=True):
                    raise Fault("the server to read",
                                f"{len(view)} bytes unsent") from None
            except (ConnectionError, ssl.SSLError):
                return False
        return True

    def send(self, opcode, payload=b"", **how):
        self.write(frame(opcode, payload, **how))

    # -- frames

    def _next_frame(self):
        """(fin, rsv, opcode, payload) or None, judged as from a server."""
        buf = self.received
        if len(buf) < 2:
            return None
        fin, rsv, opcode = buf[0] >> 7, buf[0] >> 4 & 7, buf[0] & 15
        if buf[1] & 0x80:
            raise Fault("an unmasked frame", "a masked one")
        length, start = buf[1], 2
        if length > 125:
            start, least = (4, 126) if length == 126 else (10, 65536)
            if len(buf) < start:
                return None
            length = int.from_bytes(buf[2:start], "big")
            if length < least or length >> 63:
                raise Fault("a length in its shortest form", f"{length}")
        if opcode not in (CONT, TEXT, BINARY, CLOSE, PING, PONG):
            raise Fault("a known opcode", f"{opcode}")
        if opcode >= CLOSE and (not fin or length > 125 or rsv):
            raise Fault("a well-formed control frame", bytes(buf[:2]).hex())
        if rsv & 3 or (rsv and (not self.extension or opcode == CONT)):
            raise Fault("no reserved bit", f"{rsv:03b} on opcode {opcode}")
        if len(buf) < start + length:
            return None
        payload = bytes(memoryview(buf)[start:start + length])
        del buf[:start + length]
        return fin, rsv, opcode, payload

    def _take(self, fin, rsv, opcode, payload):
        """The event that the frame completes, or None."""
        if self.close_heard:
            raise Fault("nothing after the close frame", f"opcode {opcode}")
        if opcode == CLOSE:
            self.close_heard = True
            return read_close(payload)
        if opcode == PING:
            self.send(PONG, payload)
            return None
        if opcode == PONG:
            return "pong", payload
        if (opcode == CONT) != (self.message is not None):
            raise Fault("fragments in order", f"opcode {opcode}")
        if opcode != CONT:
            self.message = NAMES[opcode], bool(rsv), []
        kind, deflated, parts = self.message
        parts.append(payload)
        if not fin:
            return None
        self.message = None
        whole = b"".join(parts)
        if deflated:
            self.deflated += 1
            whole = self.extension.inflate(whole)
        if kind == "text":
            check_utf8(whole)
        return kind, whole

    def event(self, patience=None):
        """The next event; a Fault when there is none in time."""
        patience = self.patience if patience is None else patience
        end = time.monotonic() + patience
        while True:
            got = self._next_frame()
            if got:
                event = self._take(*got)
                if event:
                    return event
            elif self.ended:
                if self.received:
                    raise Fault("whole frames",
                                f"{len(self.received)} bytes at the end")
                return ("reset",) if self.was_reset else ("end",)
            elif not self._await(end):
                raise Fault(f"anything within {patience:g} s", "nothing")

    def quiet(self, seconds):
        """The server says nothing and does not close for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._await(end)
            if self.received or self.ended:
                raise Fault("silence", describe(self.event()))

    def drop(self):
        self.sock.close()


def parse_head(text):
    """Status and fields of an answer; repeated fields are joined."""
    first, *lines = text.split("\r\n")
    match = re.fullmatch(r"HTTP/1\.1 (\d{3})(?: .*)?", first)
    if not match:
        raise Fault("a status line", repr(first))
    fields = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise Fault("a field line", repr(line))
        name, value = name.lower(), value.strip()
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return match[1], fields


def check_utf8(data):
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise Fault("UTF-8 from the server", data[:EXCERPT].hex()) from error


def read_close(payload):
    if not payload:
        return "close", NO_CODE, ""
    if len(payload) == 1:
        raise Fault("a close code of two bytes", "one byte")
    check_utf8(payload[2:])
    return "close", int.from_bytes(payload[:2], "big"), payload[2:].decode()
