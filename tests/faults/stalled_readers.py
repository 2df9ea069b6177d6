#!/usr/bin/python3
"""100 of 1,000 clients stop reading while large lines are said: they are
closed by the backlog rule, the others are unharmed, and the memory taken stays
within the setting."""

import threading
import time

import arena
import wsproto

BACKLOG = 256 << 10
MEMORY = 16 << 20
STALLED = 100


def talk_large(server, size, rate, ending):
    """Says lines that the crowd passes over, and reads them, too."""
    wsproto.PORT = server.port
    talker = wsproto.Chatter("/chat")
    while not ending.wait(1 / rate):
        talker.say("~" + "x" * size)
        try:
            while talker.pump(0.001):
                talker.frames.buffer.clear()
        except wsproto.Silence:
            pass
    talker.sock.close()


class LargeTalk(threading.Thread):
    """talk_large beside a row."""

    def __init__(self, server, size, rate):
        self.ending = threading.Event()
        super().__init__(target=talk_large, daemon=True,
                         args=(server, size, rate, self.ending))
        self.start()

    def stop(self):
        self.ending.set()
        self.join()


def row(it):
    # It would keep what TLS frees with each record.
    arena.tell_sanitizer("quarantine_size_mb=0:"
                         "thread_local_quarantine_size_kb=0")
    gone, late, peak = [], [], []
    backlog = BACKLOG // 2 if it.short else BACKLOG

    def play(fault):
        server = it.server(
            "log-level = debug limits { message-rate = 0 "
            f"backlog = {backlog} memory = {MEMORY} }}")
        many = STALLED * fault
        crowd = it.crowd(server, "-n", 900 + many, "-j", 300, "-S", many,
                         "-r", 50, "-s", 50)
        base = arena.memory_kb(server.pids())
        talk, begin = LargeTalk(server, 4000, 12), time.monotonic()
        most = all_gone = 0
        # A sample ends when all are closed, however long that takes.
        seconds = 60 if it.short else 9
        while time.monotonic() < begin + seconds:
            most = max(most, arena.memory_kb(server.pids()) - base)
            if not all_gone and server.closed_for("backlog") >= many:
                all_gone = time.monotonic() - begin
                if it.short:
                    break
            time.sleep(0.2)
        talk.stop()
        judge = crowd.stop()
        if fault:
            gone.append(server.closed_for("backlog"))
            late.append(all_gone)
            peak.append(most / 1024)
            it.must_be("others-ended", len(arena.ends_unasked(judge)), 0)
        server.stop()
        return judge

    it.unharmed(play, it.count(5, 1))
    it.must_be("closed-for-backlog", set(gone), {STALLED})
    it.tell("all-closed-after-s", max(late))
    it.must("memory-MiB", max(peak), MEMORY / 2**20)


if __name__ == "__main__":
    arena.main(row)
