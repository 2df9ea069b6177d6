"""A server that breaks one rule after the other.

Started with a folder and a name of TABLES: writes the port it took to
FOLDER/port, the cases' names to FOLDER/cases, and for each connection, which
gets the next case, a line to FOLDER/heard: the case, and the code of the close
frame that the client answered with, or what else it did.
"""
import base64
import hashlib
import os
import socket
import struct
import sys

from wsproto import (BINARY, CLOSE, CONT, GUID, PING, PONG, TEXT,
                     close_payload, frame, head, mask_bytes)

FOLDER, TABLE = sys.argv[1:3]


def unmasked(opcode, payload=b"", **how):
    return frame(opcode, payload, mask=False, **how)


# What is sent behind a good handshake, and the code that has to come back.
FRAMES = {
    "masked": (frame(TEXT, "x"), 1002),
    "rsv1": (unmasked(TEXT, "x", rsv=4), 1002),
    "rsv2": (unmasked(TEXT, "x", rsv=2), 1002),
    "rsv3": (unmasked(TEXT, "x", rsv=1), 1002),
    "opcode-3": (unmasked(0x3), 1002),
    "opcode-b": (unmasked(0xB), 1002),
    "ping-in-parts": (unmasked(PING, fin=False), 1002),
    "ping-too-long": (unmasked(PING, b"x" * 126), 1002),
    "close-one-byte": (unmasked(CLOSE, b"\x03"), 1002),
    "close-1005": (unmasked(CLOSE, close_payload(1005)), 1002),
    "close-999": (unmasked(CLOSE, close_payload(999)), 1002),
    "close-reason-not-utf8": (unmasked(CLOSE, b"\x03\xe8\xff"), 1007),
    "continuation-of-nothing": (unmasked(CONT, "x"), 1002),
    "message-in-message": (unmasked(TEXT, "a", fin=False)
                           + unmasked(TEXT, "b"), 1002),
    "length-16-too-long": (unmasked(TEXT, "x", form=16), 1002),
    "length-64-too-long": (unmasked(TEXT, "x", form=64), 1002),
    "length-negative": (head(TEXT, 1 << 63, mask=False, form=64), 1002),
    "text-not-utf8": (unmasked(TEXT, b"a\xff"), 1007),
    "text-cut-character": (unmasked(TEXT, b"\xe2\x82"), 1007),
    "text-not-utf8-in-parts": (unmasked(TEXT, b"\xe2", fin=False)
                               + unmasked(CONT, b"a"), 1007),
    "too-big": (head(BINARY, 1 << 40, mask=False), 1009),
    "too-big-in-parts": (unmasked(BINARY, b"x", fin=False)
                         + head(CONT, 16 << 20, mask=False), 1009),
}

# No rule is broken by these.
PARTS = {
    "good": (unmasked(TEXT, "in ", fin=False) + unmasked(PING, "between")
             + unmasked(PONG, "unasked") + unmasked(CONT, "", fin=False)
             + unmasked(CONT, "three parts"), 1000),
}

GOOD = ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Accept: ACCEPT\r\n")

# Answers to the handshake, of which none will do.
HANDSHAKES = {
    "silence-at-once": "",
    "not-http": "220 mail.example ESMTP\r\n",
    "no-accept": GOOD.replace("Sec-WebSocket-Accept: ACCEPT\r\n", "")
    + "\r\n",
    "wrong-accept": GOOD.replace("ACCEPT", "AAAA") + "\r\n",
    "no-upgrade": GOOD.replace("Upgrade: websocket\r\n", "") + "\r\n",
    "no-connection": GOOD.replace("Connection: Upgrade\r\n", "") + "\r\n",
    "extension": GOOD + "Sec-WebSocket-Extensions: permessage-deflate\r\n"
    "\r\n",
    "protocol-not-offered": GOOD + "Sec-WebSocket-Protocol: mqtt\r\n\r\n",
    "http-1.0": GOOD.replace("HTTP/1.1", "HTTP/1.0") + "\r\n",
    "folded-field": GOOD + " folded\r\n\r\n",
    "cut-short": GOOD,
    "endless-head": GOOD + "X: " + "x" * 20000,
    "page": "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>\n",
    "elsewhere": "HTTP/1.1 301 Moved\r\nLocation: http://x/\r\n\r\n",
    "escape": "HTTP/1.1 403 No\r\n\r\n\x1b[31mred\x9b\r\n",
}

TABLES = {"frames": FRAMES, "good": PARTS, "handshakes": HANDSHAKES}


def read_head(peer):
    data = b""
    while b"\r\n\r\n" not in data:
        more = peer.recv(4096)
        if not more:
            raise EOFError
        data += more
    return data.decode()


def accept_of(request):
    key = next(line.split(":", 1)[1].strip()
               for line in request.split("\r\n")
               if line.lower().startswith("sec-websocket-key"))
    digest = hashlib.sha1(key.encode() + GUID).digest()
    return base64.b64encode(digest).decode()


def hear(peer):
    """What a client sends, which has to be masked: pongs, and the code of its
    close frame."""
    data, heard = b"", []
    while True:
        try:
            more = peer.recv(4096)
        except OSError as error:
            return type(error).__name__
        if not more:
            return "end"
        data += more
        while len(data) >= 6 and len(data) >= 6 + (data[1] & 0x7F):
            length = data[1] & 0x7F
            assert data[1] & 0x80 and length < 126
            payload = mask_bytes(data[6:6 + length], data[2:6])
            if data[0] & 0x0F == CLOSE:
                heard.append(str(struct.unpack("!H", payload[:2])[0]))
                return ",".join(heard)
            if data[0] & 0x0F == PONG:
                heard.append(f"pong:{payload.decode()}")
            data = data[6 + length:]


def note(name, what):
    with open(f"{FOLDER}/heard", "a") as heard:
        heard.write(f"{name} {what}\n")


def serve(peer, name):
    peer.settimeout(20)
    request = read_head(peer)
    if TABLE == "handshakes":
        answer = HANDSHAKES[name].replace("ACCEPT", accept_of(request))
        try:
            peer.sendall(answer.encode("latin-1"))
            peer.shutdown(socket.SHUT_WR)
        except OSError:
            pass        # it has seen enough
        note(name, hear(peer))
        return
    answer = GOOD.replace("ACCEPT", accept_of(request)) + "\r\n"
    peer.sendall(answer.encode() + TABLES[TABLE][name][0])
    note(name, hear(peer))


def main():
    table = TABLES[TABLE]
    with open(f"{FOLDER}/cases", "w") as cases:
        for name in table:
            code = "end" if TABLE == "handshakes" else table[name][1]
            cases.write(f"{name} {code}\n")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with open(f"{FOLDER}/port.new", "w") as file:
            file.write(str(listener.getsockname()[1]))
        os.rename(f"{FOLDER}/port.new", f"{FOLDER}/port")
        for name in table:
            peer, _ = listener.accept()
            with peer:
                serve(peer, name)


main()
