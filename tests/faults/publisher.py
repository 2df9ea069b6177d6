#!/usr/bin/python3
"""One publisher sends lines at full speed beside 100 quiet clients, with the
limits as shipped: its input waits, and the quiet ones are unharmed.  Several
that do so have the same share of the room, also without a rate; and an address
has its own then."""

import threading
import time

import arena
import wsproto


class Publisher(threading.Thread):
    """Sends as fast as its socket takes it, and reads beside that; counts
    what of it was said, by the mark of each publisher."""

    def __init__(self, server, number):
        super().__init__(daemon=True)
        wsproto.PORT = server.port
        self.peer = wsproto.Chatter("/chat")
        self.peer.sock.settimeout(0.1)
        self.mark = b"~%02d." % number
        self.ending = threading.Event()
        self.said = self.sent = 0
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.start()

    def run(self):
        data = wsproto.frame(wsproto.TEXT,
                             self.mark.decode() + "y" * 100) * 200
        at = 0
        while not self.ending.is_set():
            try:
                at = at % len(data)
                n = self.peer.sock.send(data[at:])
                at, self.sent = at + n, self.sent + n
            except OSError:
                continue

    def read(self):
        rest = b""
        while not self.ending.is_set():
            try:
                rest += self.peer.sock.recv(1 << 18)
            except OSError:
                continue
            self.said += rest.count(self.mark)
            rest = rest[-3:]

    def stop(self):
        self.ending.set()
        self.join()
        self.reader.join()
        self.peer.sock.close()


def publish(server, many, seconds):
    """The publishers, when they have done so for so long."""
    all_of_them = [Publisher(server, n) for n in range(many)]
    time.sleep(seconds)
    for one in all_of_them:
        one.stop()
    return all_of_them


def spread(shares):
    return 100 * (max(shares) - min(shares)) / max(1, max(shares))


def row(it):
    said, seconds = [], 2 if it.short else 6

    def play(fault):
        server = it.server("")
        crowd = it.crowd(server, "-n", 100, "-s", 100, "-r", 100)
        if fault:
            said.append(publish(server, 1, seconds)[0].said)
        else:
            time.sleep(seconds)
        judge = crowd.stop()
        server.stop()
        return judge

    it.unharmed(play, it.count(5, 1))
    it.tell("lines-of-it/s", max(said) // seconds)
    server = it.server("")
    shares = [one.said for one in publish(server, 6, seconds)]
    it.must("apart-%", spread(shares), 30 if it.short else 10)
    server.stop()
    # Without a rate, by the bytes that were taken; nobody is ended for reading
    # too slowly.  A sample is told, not judged: how much there is to share
    # depends on who else wants the CPUs.
    server = it.server('log-size = "1G" limits { message-rate = 0 backlog = 0 '
                       'backlog-time = 0 }')
    shares = [one.sent for one in publish(server, 6, seconds)]
    it.must("without-a-rate-apart-%", spread(shares), 10, timing=True)
    it.tell("without-a-rate-MB/s", sum(shares) / seconds / 1e6)
    server.stop()
    server = it.server("limits { message-rate = 0 loopback-exempt = no "
                       "message-burst-per-address = 20 }")
    began = time.monotonic()
    lines = sum(one.said for one in publish(server, 6, seconds))
    # What each may say before the address can be slowed down, and a line of
    # each whenever all go on.
    most = 6 * 20 + 220 * (time.monotonic() - began)
    it.must("lines-of-one-address", lines, round(most))
    server.stop()


arena.main(row)
