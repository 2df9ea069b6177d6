"""A room in which lines flow, and the order in which they were said.

Flow   talkers in threads of their own, who say "NAME NUMBER" at a steady
       rate, all together so many lines a second; one of them keeps all that
       comes
tile   checks that what came goes on by one, lost ranges included
"""
import re
import select
import threading
import time

from wsproto import PING, PONG, TEXT, Chatter, eventually, frame


class Talker(Chatter):
    def __init__(self, path, keep):
        super().__init__(path)
        self.keep = keep
        self.lines = []
        self.said = 0

    def talk(self, name, rate, stop):
        begin = time.monotonic()
        while not stop.is_set():
            due = int((time.monotonic() - begin) * rate)
            if due > self.said:
                self.send_raw(b"".join(frame(TEXT, f"{name} {n}")
                                       for n in range(self.said, due)))
                self.said = due
            wait = max(0, begin + (self.said + 1) / rate - time.monotonic())
            if select.select([self.sock], [], [], wait)[0]:
                self.take()

    def take(self):
        if not self.pump(1):
            raise AssertionError("a talker was disconnected")
        while True:
            got = self.frames.next()
            if got is None:
                return
            if got.opcode == PING:
                self.send(PONG, got.payload)
            elif self.keep:
                self.lines.append(got.payload.decode())


class Flow:
    def __init__(self, path, rate=1000, talkers=2):
        self.stopping = threading.Event()
        self.talkers = [Talker(path, n == 0) for n in range(talkers)]
        self.threads = [threading.Thread(target=talker.talk, args=(
            f"t{n}", rate / talkers, self.stopping), daemon=True)
            for n, talker in enumerate(self.talkers)]
        self.begin = time.monotonic()
        for thread in self.threads:
            thread.start()
        # Some history is there before anybody comes.
        eventually(lambda: len(self.talkers[0].lines) > 150, "a flow")

    def stop(self):
        """All that was told to the room, in order, when everything said has
        arrived."""
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        seconds = time.monotonic() - self.begin
        witness = self.talkers[0]
        said = sum(talker.said for talker in self.talkers)
        while len(texts(witness.lines)) < said:
            witness.take()
        print(f"{said} lines in {seconds:.1f} s")
        return witness.lines


def texts(lines):
    """What people said, without who said it."""
    found = (re.fullmatch(r"\[user\d+\]: (t\d+ \d+)", line) for line in lines)
    return [match[1] for match in found if match]


def tile(events, last):
    """Returns the numbers that were delivered and the ranges lost."""
    numbers, lost = [], []
    for event in events:
        if event["type"] == "message":
            begin = end = event["seq"]
            numbers.append(begin)
        elif event["type"] == "lost":
            begin, end = event["from"], event["to"]
            lost.append((begin, end))
        else:
            continue
        if begin != last + 1 or end < begin:
            raise AssertionError(f"{event} behind {last}")
        last = end
    return numbers, lost
