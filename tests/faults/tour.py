"""A tour of all that clients do, in a moment, while something fails.

Guide     a server's addresses; `tour` goes round once, with guests of its own
Watchers  stay all the time in the room, in each form; `mark` says something
          and has each hear it

Who loses his connection is noted in `lost`; who waits for an answer that does
not come, in `silent`.  A request that is refused in words is neither.
"""

import json
import os
import random
import ssl
import zlib

import wsproto
from wsproto import (TEXT, Closed, Deframer, Ended, Peer, Refused, Silence,
                     connect_tcp, deflated, frame, plain_head, read_to_end,
                     upgrade_head)

WAIT = 20       # seconds for an answer, however busy the machine is
ROLES = os.environ.get("ROLES", "parent broker worker").split()
DEFLATE = "permessage-deflate; client_max_window_bits"
JSON = ["Sec-WebSocket-Protocol: wschat.v1"]
LOST = (Closed, Ended, OSError, EOFError, AssertionError, zlib.error)

# Everything at once: TLS beside plain, members that come back, compression.
CONFIG = """control = "%(folder)s/control"
listen "127.0.0.1:0" {}
listen "localhost:0" { tls-certificate = "%(folder)s/cert.pem"
  tls-key = "%(folder)s/key.pem" }
limits { message-rate = 0 }
"""
ROUTE = "deflate = yes deflate-min-size = 32 grace = 1 announce = yes"


def numbers(step):
    """From FROM to TO, so that a long row can be cut into parts."""
    return range(int(os.environ.get("FROM", 1)),
                 int(os.environ.get("TO", 1 << 20)) + 1, step)


def unchecked():
    """To load the certificates of all the world takes longer than a tour."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Guest(Peer):
    """One who waits for lines and lets others pass by."""

    def __init__(self, port, path="/chat", tls=False, fields=(),
                 deflate=None):
        wsproto.PORT, wsproto.PATIENCE = port, WAIT
        if not tls:
            super().__init__(path, fields=fields, deflate=deflate)
            return
        raw = connect_tcp()
        try:
            self.sock = unchecked().wrap_socket(raw)
        except OSError:
            raw.close()
            raise
        self.frames, self.pings = Deframer(), []
        self.answer_pings, self.ended = True, False
        self.sock.sendall(upgrade_head(path, wsproto.SAMPLE_KEY,
                                       fields=fields))
        self._read_handshake(wsproto.SAMPLE_KEY)

    def until(self, *needles):
        """The first line with one of these in it."""
        while True:
            line = self.hear_text(WAIT)
            if any(needle in line for needle in needles):
                return line

    def ask(self, line, *needles):
        self.send_text(line)
        return self.until("[server::error]", *needles)

    def request(self, kind, *answers, **members):
        """A request in JSON, and one of these events, or an error."""
        self.send_text(json.dumps({"type": kind, **members}))
        return json.loads(self.until('"type":"error"', *(
            f'"type":"{answer}"' for answer in answers)))

    def cut(self):
        self.sock.close()


class Guide:
    def __init__(self, server):
        self.port = server.port
        self.tls_port = server.tls_port
        self.lost, self.silent, self.number = [], [], 0

    def tour(self):
        self.lost, self.silent = [], []
        self.number += 1
        for part in (self.plain, self.compressed, self.json, self.secure,
                     self.page):
            self.go(part)
        return self

    def go(self, part):
        guests = []
        try:
            part(guests)
        except Silence as silence:
            self.silent.append(f"{part.__name__}: {silence}")
        except Refused as refused:
            self.lost.append(f"{part.__name__}: {refused.answer.status}")
        except LOST as end:
            self.lost.append(f"{part.__name__}: {end!r}")
        finally:
            for guest in guests:
                guest.cut()

    def plain(self, guests):
        guest = Guest(self.port)
        guests.append(guest)
        guest.until("connected")
        guest.ask(f"/nick Guest-{self.number}", "[server::nick]")
        guest.ask("hello to all", "hello to all")
        guest.ask("/me waves", "waves")
        guest.ask("/who", "[server::who]")
        guest.ask("/rooms", "[server::rooms]")
        guest.ask("/w nobody psst", "[server::whisper]")
        guest.ask(f"/w Guest-{self.number} to myself", "[server::whisper]")
        guest.ask("/join lab", "[server::join]")
        guest.ask("hello in the lab", "hello in the lab")
        guest.ask("/help", "[server::help]")
        guest.ask("/ping", "pong")
        guest.send_close(1000)

    def compressed(self, guests):
        guest = Guest(self.port, "/chat/lab", deflate=DEFLATE)
        guests.append(guest)
        guest.until("connected")
        text = "again and again " * 30
        guest.send(TEXT, deflated(text), rsv=4)
        guest.until(text)
        half = len(text) // 2
        guest.send_raw(frame(TEXT, text[:half], fin=False))
        guest.send_raw(frame(0, text[half:]))
        guest.until(text)
        guest.send_close(1000)

    def json(self, guests):
        guest = Guest(self.port, fields=JSON, deflate=DEFLATE)
        guests.append(guest)
        welcome = json.loads(guest.until('"welcome"'))
        guest.request("nick", "rename", name=f"Json-{self.number}")
        for _ in range(2):
            guest.request("message", "ack", text="said once, asked twice",
                          id=f"m-{self.number}")
        guest.request("whisper", "whispered", to=[f"Json-{self.number}"],
                      text="psst")
        guest.request("who", "who")
        guest.request("rooms", "rooms")
        guest.request("history", "history", count=20)
        guest.request("join", "welcome", room="lab")
        guest.request("ping", "pong")
        guest.cut()
        guest = Guest(self.port, fields=[
            JSON[0] + ", wschat.resume." + welcome["resume"]])
        guests.append(guest)
        guest.until('"welcome"')
        guest.request("message", "ack", text="here again",
                      id=f"n-{self.number}")
        guest.send_close(1000)

    def secure(self, guests):
        guest = Guest(self.tls_port, tls=True)
        guests.append(guest)
        guest.until("connected")
        guest.ask("hello over TLS", "hello over TLS")
        guest.send_close(1000)

    def page(self, guests):
        with connect_tcp(port=self.port) as sock:
            sock.sendall(plain_head(target="/"))
            if not read_to_end(sock, WAIT).startswith(b"HTTP/1.1 "):
                raise Ended("no answer to a plain request")


class Watchers:
    FORMS = ("text", "json", "tls")

    def __init__(self, guide):
        self.guide, self.here, self.lost, self.silent = guide, {}, [], []
        self.fill()

    def come(self, form):
        guide = self.guide
        if form == "tls":
            guest = Guest(guide.tls_port, tls=True)
        elif form == "json":
            guest = Guest(guide.port, fields=JSON, deflate=DEFLATE)
        else:
            guest = Guest(guide.port)
        guest.speaks_json = form == "json"
        guest.until("welcome" if form == "json" else "connected")
        return guest

    def fill(self):
        """Who has been lost is replaced."""
        for form in self.FORMS:
            if form not in self.here:
                self.here[form] = self.come(form)

    def go(self):
        for form in [*self.here]:
            self.here.pop(form).cut()

    def come_again(self):
        """As fill; who cannot come is noted."""
        self.lost, self.silent = [], []
        for form in self.FORMS:
            try:
                if form not in self.here:
                    self.here[form] = self.come(form)
            except Silence:
                self.silent.append(f"{form} comes")
            except (Refused, *LOST) as end:
                self.lost.append(f"{form} comes: {end!r}")
        return self

    def mark(self):
        """Each says something that he hears, and then all others."""
        self.lost, self.silent = [], []
        for speaker in self.FORMS:
            text = f"mark {random.getrandbits(48):x}"
            if self.call(speaker, self.say, text):
                for form in self.FORMS:
                    if form != speaker:
                        self.call(form, Guest.until, text)
        return self

    @staticmethod
    def say(guest, text):
        guest.send_text(json.dumps({"type": "message", "text": text})
                        if guest.speaks_json else text)
        guest.until(text)

    def call(self, form, what, text):
        """False: that was not to be, and is noted."""
        if form not in self.here:
            return False
        try:
            what(self.here[form], text)
            return True
        except Silence:
            self.silent.append(form)
        except LOST as end:
            self.leave(form, end)
        return False

    def leave(self, form, end):
        self.lost.append(f"{form}: {end!r}")
        self.here.pop(form).cut()
