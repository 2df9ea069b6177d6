#!/usr/bin/python3
"""A worker has no memory for the turn of one room: allocation number N fails
while a long line is said there, for every N; once, and from N on.  At most
one of that room is lost by one failure, the others get the line, and nobody of
another room notices."""

import select
import sys

import arena
import wsproto
from scarcity import Scarcity
from wsproto import Chatter, Closed, Ended

LINE = 300_000      # more than a worker's buffers keep
LOST = (Closed, Ended, OSError, AssertionError)


class Room:
    """One says, two hear; `lost` counts who went."""

    def __init__(self, name):
        self.path, self.lost = f"/chat/{name}", 0
        self.members = [None] * 3
        self.fill()

    def fill(self):
        for i, one in enumerate(self.members):
            if one is None:
                self.members[i] = Chatter(self.path)

    def lose(self, one):
        one.sock.close()
        self.members[self.members.index(one)] = None
        self.lost += 1

    def say(self, text):
        try:
            self.members[0].say(text)
        except LOST:
            self.lose(self.members[0])

    def hear(self, one, text, says):
        """What he hears up to a text, which he says; [] when he has gone."""
        mine = []
        try:
            if says:
                one.say(text)
            while mine[-1:] != [text]:
                mine.append(one.hear().split(": ", 1)[1])
        except LOST:
            self.lose(one)
            return []
        return mine

    def mark(self, text):
        """What each who is still there has heard, up to a last text, said by
        the first who hears it himself."""
        heard = []
        for one in [one for one in self.members if one is not None]:
            heard += [self.hear(one, text, not heard)]
            heard = [mine for mine in heard if mine]
        return heard


def fail(it, role, hit, other, number, goes_on):
    """False: there were not so many."""
    before, text = hit.lost, f"line {number} " + "y" * LINE
    role.fail(number, goes_on)
    hit.say(text)
    if goes_on:
        arena.eventually(lambda: has_come(hit.members[0]),
                         "the line for who said it, or the end")
        failed = role.relent()
        heard = hit.mark("again")
    else:
        heard = hit.mark("again")
        failed = role.relent()
    heard = [[line[:20] for line in mine] for mine in heard]
    if any(mine != heard[0] for mine in heard) or not goes_on and \
            hit.lost - before > (failed > 0):
        print(f"room_short: {number}{' on' if goes_on else ''}: heard {heard}"
              f" lost {hit.lost - before}\n    {role.who()}", file=sys.stderr)
        it.wrong.append(f"allocation {number}")
    if other.mark(f"beside {number}") != [[f"beside {number}"]] * 3:
        it.wrong.append(f"the other room at {number}")
    hit.fill()
    other.fill()
    return failed > 0


def has_come(one):
    """Whether there is something to read, be it the end."""
    return one is None or bool(select.select([one.sock], [], [], 0)[0])


def row(it):
    scarcity = Scarcity(it.folder)
    server = it.server('limits { message-rate = 0 message-size = "1M" }',
                       workers=1, env=scarcity.env)
    wsproto.PORT = server.port
    hit, other = Room("hit"), Room("other")
    role = scarcity.roles["worker"]
    for _ in range(3):
        hit.mark("y" * LINE)
        other.mark("before")
    pid, number = role.pid, 1
    while fail(it, role, hit, other, number, False):
        fail(it, role, hit, other, number, True)
        number += 1
    it.tell("allocations", number - 1)
    it.tell("lost-in-the-room", hit.lost)
    it.must_be("lost-in-another", other.lost, 0)
    it.must_be("records-lost", server.log().count("records lost"), 0)
    it.tell("turns-without-memory", server.log().count("no memory for a room"))
    it.must_be("the-same-worker", role.pid == pid, True)


arena.main(row)
