"""A WebSocket and HTTP peer made by hand, for what real clients refuse to do.

Tests import all of it (`from wsproto import *`).  Nothing here is shared with
the server: frames are built and taken apart from RFC 6455 alone.  Every frame
that arrives is checked (unmasked, no reserved bit, shortest length form), so
each test that hears something also tests the server's framing.

Peer      one connection after the handshake; can send any bytes it likes
Chatter   a Peer on a chat route: greeting, say, hear
request   one HTTP exchange with exactly the bytes given
eventually, eq, procs   waiting on conditions, comparing, looking into /proc
"""
import base64
import hashlib
import os
import random
import re
import select
import signal
import socket
import struct
import sys
import time
import zlib

HOST = "127.0.0.1"
PORT = int(os.environ.get("PORT") or 0)
SERVER_PID = int(os.environ.get("SERVER_PID") or 0)
PATIENCE = 20.0         # seconds that anything awaited may take

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Closed(Exception):
    """The server sent a close frame."""

    def __init__(self, code, reason):
        super().__init__(f"closed by the server: {code} {reason!r}")
        self.code = code
        self.reason = reason


class Ended(Exception):
    """The connection ended without a close frame."""


class Silence(Exception):
    """Nothing came in time."""


class Frame:
    def __init__(self, fin, opcode, payload, compressed=False):
        self.fin = fin
        self.opcode = opcode
        self.payload = payload
        self.compressed = compressed

    def __repr__(self):
        return (f"Frame(fin={self.fin}, opcode={self.opcode:#x}, "
                f"{len(self.payload)} bytes {self.payload[:60]!r})")


def eq(got, want, what="value"):
    if got != want:
        raise AssertionError(f"{what}: want {want!r}\n    got  {got!r}")


def eventually(condition, what, patience=PATIENCE, pause=0.01):
    """Calls the condition until it is true and returns what it returned."""
    end = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {patience} s: {what}")
        time.sleep(pause)


# -- frames ------------------------------------------------------------------

def mask_bytes(payload, key):
    if not payload:
        return b""
    n = len(payload)
    long_key = (key * (n // 4 + 1))[:n]
    return (int.from_bytes(payload, "big")
            ^ int.from_bytes(long_key, "big")).to_bytes(n, "big")


def head(opcode, length, fin=True, rsv=0, mask=True, form=None):
    """A frame's first bytes without the key; form 7, 16 or 64 forces how the
    length is written, and length may be a lie."""
    if form is None:
        form = 7 if length < 126 else 16 if length < 65536 else 64
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    bit = 0x80 if mask else 0
    if form == 7:
        return struct.pack("!BB", first, bit | length)
    if form == 16:
        return struct.pack("!BBH", first, bit | 126, length)
    return struct.pack("!BBQ", first, bit | 127, length)


def frame(opcode, payload=b"", fin=True, rsv=0, mask=True, form=None):
    if isinstance(payload, str):
        payload = payload.encode()
    start = head(opcode, len(payload), fin, rsv, mask, form)
    if not mask:
        return start + payload
    key = random.randbytes(4)
    return start + key + mask_bytes(payload, key)


def close_payload(code, reason=""):
    return struct.pack("!H", code) + reason.encode()


def deflated(payload, bits=15, stream=None, last=b"\x00\x00\xff\xff"):
    """The payload as permessage-deflate has it; a stream keeps its window."""
    if isinstance(payload, str):
        payload = payload.encode()
    stream = stream or deflate_stream(bits)
    data = stream.compress(payload) + stream.flush(zlib.Z_SYNC_FLUSH)
    assert data.endswith(last)
    return data[:-len(last)]


def deflate_stream(bits=15):
    return zlib.compressobj(6, zlib.DEFLATED, -bits)


class Deframer:
    """Bytes in, frames out; insists on what a server must do.  With `bits`,
    the server may compress for such a window, each message by itself."""

    def __init__(self):
        self.buffer = bytearray()
        self.bits = None

    def inflate(self, payload):
        stream = zlib.decompressobj(-self.bits)
        data = stream.decompress(payload + b"\x00\x00\xff\xff")
        if stream.unconsumed_tail or stream.unused_data:
            raise AssertionError("bytes behind a compressed message")
        return data

    def add(self, data):
        self.buffer += data

    def next(self):
        buf = self.buffer
        if len(buf) < 2:
            return None
        compressed = bool(buf[0] & 0x40) and self.bits is not None
        if buf[0] & (0x30 if self.bits is not None else 0x70):
            raise AssertionError(f"server set reserved bits: {buf[0]:#x}")
        if buf[1] & 0x80:
            raise AssertionError("server masked a frame")
        length, start = buf[1], 2
        if length == 126:
            if len(buf) < 4:
                return None
            length, start = struct.unpack_from("!H", buf, 2)[0], 4
            if length < 126:
                raise AssertionError("length not in its shortest form")
        elif length == 127:
            if len(buf) < 10:
                return None
            length, start = struct.unpack_from("!Q", buf, 2)[0], 10
            if length < 65536:
                raise AssertionError("length not in its shortest form")
        if len(buf) < start + length:
            return None
        fin, opcode = bool(buf[0] & 0x80), buf[0] & 0x0F
        payload = bytes(buf[start:start + length])
        del buf[:start + length]
        if opcode >= CLOSE and (length > 125 or not fin):
            raise AssertionError("server sent a bad control frame")
        if compressed and (opcode not in (TEXT, BINARY) or not fin):
            raise AssertionError("server compressed a part or a control")
        if compressed:
            payload = self.inflate(payload)
        return Frame(fin, opcode, payload, compressed)


# -- HTTP ----------------------------------------------------------------------

class Answer:
    def __init__(self, raw):
        self.raw = raw
        if b"\r\n\r\n" not in raw:
            raise AssertionError(f"no whole answer came: {raw!r}")
        head_bytes, self.body = raw.split(b"\r\n\r\n", 1)
        lines = head_bytes.decode("latin-1").split("\r\n")
        match = re.fullmatch(r"HTTP/1\.1 (\d{3}) (.*)", lines[0])
        if not match:
            raise AssertionError(f"bad status line {lines[0]!r}")
        self.status, self.reason = int(match[1]), match[2]
        self.fields = {}
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if not colon or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+",
                                             name):
                raise AssertionError(f"bad field line {line!r}")
            self.fields.setdefault(name.lower(), []).append(value.strip())

    def field(self, name):
        values = self.fields.get(name.lower(), [])
        if len(values) > 1:
            raise AssertionError(f"{name} came {len(values)} times")
        return values[0] if values else None


def connect_tcp(port=None, receive_buffer=None, source=None):
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    if source:
        sock.bind((source, 0))
    sock.settimeout(PATIENCE)
    sock.connect((HOST, port or PORT))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def read_to_end(sock, patience=PATIENCE):
    """Everything up to the end of the connection, which must come."""
    data, end = b"", time.monotonic() + patience
    while True:
        left = end - time.monotonic()
        if left <= 0:
            raise AssertionError(f"connection stays open after {data[:200]!r}")
        sock.settimeout(left)
        try:
            more = sock.recv(65536)
        except socket.timeout:
            continue
        except ConnectionResetError:
            return data
        if not more:
            return data
        data += more


def request(data, source=None, patience=PATIENCE):
    """Sends the bytes, returns the Answer; the server must end the
    connection."""
    with connect_tcp(source=source) as sock:
        try:
            sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return Answer(read_to_end(sock, patience))


def plain_head(method="GET", target="/", version="HTTP/1.1", fields=(),
               host="localhost"):
    lines = [f"{method} {target} {version}"]
    if host is not None:
        lines.append(f"Host: {host}")
    lines += fields
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def get(target="/", **how):
    return request(plain_head("GET", target, **how))


SAMPLE_KEY = "dGhlIHNhbXBsZSBub25jZQ=="        # RFC 6455, 1.3


def upgrade_head(target="/echo", key=SAMPLE_KEY, version="13",
                 connection="Upgrade", upgrade="websocket", fields=(),
                 **how):
    own = []
    if upgrade is not None:
        own.append(f"Upgrade: {upgrade}")
    if connection is not None:
        own.append(f"Connection: {connection}")
    if key is not None:
        own.append(f"Sec-WebSocket-Key: {key}")
    if version is not None:
        own.append(f"Sec-WebSocket-Version: {version}")
    return plain_head(target=target, fields=own + list(fields), **how)


# -- WebSocket -----------------------------------------------------------------

class Refused(Exception):
    """The handshake was answered with something other than 101."""

    def __init__(self, answer):
        super().__init__(f"handshake refused: {answer.status} {answer.body!r}")
        self.answer = answer


class Peer:
    def __init__(self, path="/echo", fields=(), along=b"", deflate=None,
                 **socket_options):
        """Connects and shakes hands; `along` is sent in the same packet as
        the head.  `deflate` is an offer of permessage-deflate; `terms` is
        what the server made of it."""
        if deflate is not None:
            fields = [*fields, f"Sec-WebSocket-Extensions: {deflate}"]
        self.sock = connect_tcp(**socket_options)
        self.frames = Deframer()
        self.answer_pings = True
        self.ended = False
        self.pings = []
        key = base64.b64encode(random.randbytes(16)).decode()
        self.sock.sendall(upgrade_head(path, key, fields=fields) + along)
        self._read_handshake(key)

    def _read_handshake(self, key):
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.sock.recv(4096)
            if not more:
                raise Ended(f"during the handshake after {data!r}")
            data += more
        cut = data.index(b"\r\n\r\n") + 4
        self.answer = Answer(data[:cut])
        if self.answer.status != 101:
            rest = data[cut:]
            rest += read_to_end(self.sock)
            self.answer.body = rest
            self.sock.close()
            raise Refused(self.answer)
        want = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest())
        eq(self.answer.field("Sec-WebSocket-Accept"), want.decode(),
           "Sec-WebSocket-Accept")
        eq(self.answer.field("Upgrade").lower(), "websocket", "Upgrade")
        eq(self.answer.field("Connection").lower(), "upgrade", "Connection")
        self.terms = self.answer.field("Sec-WebSocket-Extensions")
        if self.terms:
            bits = re.search(r"server_max_window_bits=(\d+)", self.terms)
            self.frames.bits = int(bits[1]) if bits else 15
        self.frames.add(data[cut:])

    # sending

    def send_raw(self, data):
        self.sock.settimeout(PATIENCE)
        self.sock.sendall(data)

    def send(self, opcode, payload=b"", **how):
        self.send_raw(frame(opcode, payload, **how))

    def send_text(self, text):
        self.send(TEXT, text)

    def send_close(self, code=1000, reason=""):
        self.send(CLOSE, close_payload(code, reason))

    # receiving

    def pump(self, patience):
        """Reads once.  False at the end of the connection."""
        self.sock.settimeout(max(patience, 0.001))
        try:
            data = self.sock.recv(262144)
        except socket.timeout:
            raise Silence(f"nothing within {patience:.2f} s") from None
        except (ConnectionResetError, BrokenPipeError):
            data = b""
        if not data:
            self.ended = True
            return False
        self.frames.add(data)
        return True

    def hear_frame(self, patience=PATIENCE):
        """The next frame of any kind, None at the end of the connection."""
        end = time.monotonic() + patience
        while True:
            got = self.frames.next()
            if got:
                return got
            if self.ended or not self.pump(end - time.monotonic()):
                if self.frames.buffer:
                    raise AssertionError(
                        f"ended within a frame: {self.frames.buffer[:60]!r}")
                return None

    def hear_data(self, patience=PATIENCE):
        """The next whole message as (opcode, bytes); `compressed` says how
        it came."""
        opcode, parts = None, []
        end = time.monotonic() + patience
        while True:
            got = self.hear_frame(end - time.monotonic())
            if got is None:
                raise Ended("without a close frame")
            if got.opcode == PING:
                self.pings.append(got.payload)
                if self.answer_pings:
                    self.send(PONG, got.payload)
            elif got.opcode == CLOSE:
                code, reason = self.read_close(got)
                raise Closed(code, reason)
            elif got.opcode == PONG:
                raise AssertionError(f"a pong nobody asked for: {got}")
            else:
                if (got.opcode == CONT) != (opcode is not None):
                    raise AssertionError(f"fragments out of order: {got}")
                if opcode is None:
                    self.compressed = got.compressed
                opcode = opcode or got.opcode
                parts.append(got.payload)
                if got.fin:
                    return opcode, b"".join(parts)

    def hear_text(self, patience=PATIENCE):
        opcode, payload = self.hear_data(patience)
        eq(opcode, TEXT, f"opcode of {payload[:60]!r}")
        return payload.decode("utf-8", "strict")

    @staticmethod
    def read_close(got):
        if not got.payload:
            return 1005, ""
        if len(got.payload) == 1:
            raise AssertionError("close frame with one byte")
        return (struct.unpack_from("!H", got.payload)[0],
                got.payload[2:].decode("utf-8", "strict"))

    def expect_close(self, code, patience=PATIENCE, skip_data=False,
                     answer=True):
        """The next thing is a close frame with this code, then the end.
        Returns the reason."""
        end = time.monotonic() + patience
        while True:
            got = self.hear_frame(end - time.monotonic())
            if got is None:
                raise AssertionError(f"ended without close frame {code}")
            if got.opcode == CLOSE:
                break
            if got.opcode == PING and self.answer_pings:
                self.send(PONG, got.payload)
            elif not skip_data and got.opcode != PING:
                raise AssertionError(f"want close {code}, got {got}")
        real, reason = self.read_close(got)
        eq(real, code, f"close code (reason {reason!r})")
        if answer:
            try:
                self.send(CLOSE, got.payload[:2])
            except (BrokenPipeError, ConnectionResetError):
                pass
            self.expect_end(end - time.monotonic())
        return reason

    def expect_end(self, patience=PATIENCE):
        """Nothing more comes but the end of the connection."""
        end = time.monotonic() + patience
        got = self.hear_frame(end - time.monotonic())
        if got is not None:
            raise AssertionError(f"want the end, got {got}")

    def expect_pong(self, payload=b""):
        got = self.hear_frame()
        if got is None or got.opcode != PONG:
            raise AssertionError(f"want a pong, got {got}")
        eq(got.payload, payload, "the pong's payload")

    # leaving

    def leave(self):
        """A clean close with 1000."""
        self.send_close(1000)
        self.expect_close(1000, skip_data=True, answer=False)
        self.expect_end()
        self.sock.close()

    def vanish(self):
        """A reset: no close frame, no FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        self.sock.close()


class Chatter(Peer):
    """Somebody in a room.  `users` is the N of the greeting."""

    def __init__(self, path="/chat", **options):
        super().__init__(path, **options)
        self.greeting = self.hear_text()
        match = re.fullmatch(
            r"You are connected! There are (\d+) users here\.", self.greeting)
        if not match:
            raise AssertionError(f"greeted with {self.greeting!r}")
        self.users = int(match[1])

    def say(self, text):
        self.send_text(text)

    hear = Peer.hear_text

    def expect(self, *lines):
        for line in lines:
            eq(self.hear(), line, "line heard")

    def hear_until(self, start):
        """The next line that begins so; those before it are passed over."""
        while True:
            line = self.hear()
            if line.startswith(start):
                return line

    def name(self):
        """Says something to learn the own name; others hear it too."""
        mark = f"who am I {random.getrandbits(48):x}"
        self.say(mark)
        while True:
            line = self.hear()
            if line.endswith("]: " + mark):
                return line[1:line.index("]")]

    def number(self):
        """The N of userN."""
        return int(re.fullmatch(r"user(\d+)", self.name())[1])


def try_join(path="/chat"):
    """A Chatter, or None when the server has no place."""
    try:
        return Chatter(path)
    except Refused:
        return None


def count_users(path="/chat"):
    """How many are in the room beside the one who asks."""
    asker = Chatter(path)
    users = asker.users - 1
    asker.leave()
    return users


def wait_for_users(n, path="/chat", patience=PATIENCE):
    seen = []

    def reached():
        seen.append(count_users(path))
        return seen[-1] == n
    try:
        eventually(reached, "", patience, 0.05)
    except AssertionError:
        raise AssertionError(
            f"want {n} users in {path}, saw {seen[-5:]}") from None


# -- processes -------------------------------------------------------------------

def procs(pid=None):
    """The server's children: {pid: title}, the dead ones left out."""
    parent, found = pid or SERVER_PID, {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
            if int(fields[1]) != parent or fields[0] in b"ZX":
                continue
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                title = file.read().rstrip(b"\0").decode("latin-1")
        except (FileNotFoundError, ProcessLookupError):
            continue
        found[int(entry)] = title
    return found


def worker_pids():
    return sorted(pid for pid, title in procs().items()
                  if title.startswith("wschatd: worker"))


def broker_pid():
    """The broker's pid, None while there is none (or two)."""
    pids = [pid for pid, title in procs().items()
            if title == "wschatd: broker"]
    return pids[0] if len(pids) == 1 else None


def client_ports(pid):
    """The ports of the clients that a process serves, none when it is gone;
    None when that may not be known."""
    inodes, ports = set(), []
    try:
        for entry in os.listdir(f"/proc/{pid}/fd"):
            try:
                link = os.readlink(f"/proc/{pid}/fd/{entry}")
            except FileNotFoundError:
                continue        # closed meanwhile
            inodes.update(re.findall(r"^socket:\[(\d+)\]$", link))
    except FileNotFoundError:
        return []
    except PermissionError:
        return None
    with open("/proc/net/tcp") as table:
        for row in list(table)[1:]:
            fields = row.split()
            if fields[9] in inodes and \
                    int(fields[1].rpartition(":")[2], 16) == PORT:
                ports.append(int(fields[2].rpartition(":")[2], 16))
    return ports


def ready():
    try:
        return get("/healthz/ready").status == 200
    except (OSError, AssertionError):
        return False


def kill(pid, number=signal.SIGKILL):
    os.kill(pid, number)
