"""A TLS client made by hand on top of wsproto, for what real ones hide.

Tests import all of it (`from tlsproto import *`).  Python's ssl does the
cryptography in memory; the bytes pass through TlsSocket, which can send them
one by one, and notes the records that arrive.

context     a client's context; believes the tests' CA
TlsSocket   a socket's methods over TLS; records, handshake in any pieces
TlsPeer     a wsproto Peer over it
LibSsl      the library itself, for KeyUpdate and renegotiation
"""
import ctypes
import ssl

from wsproto import *
import wsproto

TLS_PORT = int(os.environ.get("TLS_PORT", "0"))
CERTS = os.environ.get("CERTS", "")
APPLICATION_DATA = 23


def context(version=None, ca="ca.pem", cert=None):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # An end without close_notify is told from one with it.
    made.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    made.load_verify_locations(f"{CERTS}/{ca}")
    if cert:
        made.load_cert_chain(f"{CERTS}/{cert}.pem", f"{CERTS}/{cert}.key")
    if version:
        made.minimum_version = made.maximum_version = version
    return made


class TlsSocket:
    def __init__(self, use=None, name="localhost", sock=None, step=None,
                 session=None, **socket_options):
        socket_options.setdefault("port", TLS_PORT)
        self.sock = sock or connect_tcp(**socket_options)
        self.records = []
        self.step = step            # bytes a send, while shaking hands
        self.partial = b""
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = (use or context()).wrap_bio(
            self.incoming, self.outgoing, server_hostname=name,
            session=session)
        self._work(self.tls.do_handshake)
        self.step = None

    def _note_records(self, data):
        data = self.partial + data
        while len(data) >= 5:
            length = struct.unpack_from("!H", data, 3)[0]
            if len(data) < 5 + length:
                break
            self.records.append((data[0], length))
            data = data[5 + length:]
        self.partial = data

    def _push(self):
        data = self.outgoing.read()
        if self.step is None:
            if data:
                self.sock.sendall(data)
            return
        for at in range(0, len(data), self.step):
            self.sock.sendall(data[at:at + self.step])

    def _pull(self):
        data = self.sock.recv(262144)
        self._note_records(data)
        if data:
            self.incoming.write(data)
        else:
            self.incoming.write_eof()

    def _work(self, call, *args):
        while True:
            try:
                result = call(*args)
                self._push()
                return result
            except ssl.SSLWantReadError:
                self._push()
                self._pull()
            except ssl.SSLError:
                self._push()
                raise

    # what a socket has

    def sendall(self, data):
        self._work(self.tls.write, data)

    def recv(self, size):
        try:
            return self._work(self.tls.read, size)
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""

    def settimeout(self, seconds):
        self.sock.settimeout(seconds)

    def setsockopt(self, *args):
        self.sock.setsockopt(*args)

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()

    # what it has not

    def expect_close_notify(self):
        """The peer ends TLS itself, not only its socket."""
        try:
            eq(self._work(self.tls.read, 4096), b"", "data at the end")
        except ssl.SSLZeroReturnError:
            pass        # what it is called when our side has ended, too

    def send_close_notify(self):
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        self._push()


class TlsPeer(Peer):
    def __init__(self, path="/echo", fields=(), along=b"", **how):
        self.sock = TlsSocket(**how)
        self.frames = Deframer()
        self.answer_pings = True
        self.ended = False
        self.pings = []
        key = base64.b64encode(random.randbytes(16)).decode()
        self.sock.sendall(upgrade_head(path, key, fields=fields) + along)
        self._read_handshake(key)

    def vanish(self):
        self.sock = self.sock.sock
        Peer.vanish(self)


def tls_request(data=None, **how):
    """One HTTP exchange over TLS."""
    with TlsSocket(**how) as sock:
        sock.sendall(data or plain_head(target="/healthz/live"))
        return Answer(read_to_end(sock))


def subject(sock):
    """The common name of the server's certificate."""
    rows = sock.tls.getpeercert()["subject"]
    return next(value for row in rows for key, value in row
                if key == "commonName")


def descriptors():
    """How many all workers have open, and which workers they are."""
    return {pid: len(os.listdir(f"/proc/{pid}/fd")) for pid in worker_pids()}


class LibSsl:
    """A client of the C library, blocking."""

    def __init__(self, version=None):
        lib = self.lib = ctypes.CDLL("libssl.so.3")
        for name in "SSL_CTX_new", "SSL_new", "TLS_client_method":
            getattr(lib, name).restype = ctypes.c_void_p
        self.sock = connect_tcp(port=TLS_PORT)
        self.sock.setblocking(True)
        self.ctx = ctypes.c_void_p(
            lib.SSL_CTX_new(ctypes.c_void_p(lib.TLS_client_method())))
        if version:
            # SSL_CTRL_SET_MAX_PROTO_VERSION
            lib.SSL_CTX_ctrl(self.ctx, 124, ctypes.c_long(version), None)
        self.ssl = ctypes.c_void_p(lib.SSL_new(self.ctx))
        lib.SSL_set_fd(self.ssl, self.sock.fileno())
        eq(lib.SSL_connect(self.ssl), 1, "SSL_connect")

    def write(self, data):
        return self.lib.SSL_write(self.ssl, data, len(data))

    def read(self):
        buffer = ctypes.create_string_buffer(65536)
        n = self.lib.SSL_read(self.ssl, buffer, len(buffer))
        return buffer.raw[:max(n, 0)]

    def read_to_end(self):
        data = b""
        while more := self.read():
            data += more
        return data

    def key_update(self, asks):
        """Sends a KeyUpdate; `asks` for one in return."""
        eq(self.lib.SSL_key_update(self.ssl, 1 if asks else 0), 1)
        return self.lib.SSL_do_handshake(self.ssl)

    def renegotiate(self):
        self.lib.SSL_renegotiate(self.ssl)
        return self.lib.SSL_do_handshake(self.ssl)

    def switch(self, path="/echo"):
        self.write(upgrade_head(path))
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.read()
            if not more:
                raise AssertionError(f"ended after {data!r}")
            data += more
        eq(data[:12], b"HTTP/1.1 101")
