#!/usr/bin/python3
"""Allocation number N fails after the start, for every N: once, and from N
on; of a tour of all that clients do, of a reload, while broker or worker die
and are replaced, and while wschatctl asks.  No process ends; one failure
costs one connection at most; when there is memory again all is as it was.
All is done again until a time leaves no block that was not there before: what
leaks does so each time.

ROLES, ACTS (acts.py), FROM and TO cut it into parts:
`ROLES=parent ACTS=reload FROM=1 TO=2000`."""

import sys
import time

import acts
import arena
import tour
from scarcity import Scarcity

SAMPLE = ("tour", "reload")
PASSES = 5
MISSES = 3      # in succession: there are not so many
SETTLE = 0.02
SETTLE_MAX = 3


def settled(scarcity):
    """Counts, when nothing changes any more."""
    before = None

    def now():
        nonlocal before
        was, before = before, [(role.blocks, role.calls)
                               for role in scarcity.roles.values()]
        return was == before
    arena.eventually(now, "quiet", pause=SETTLE)
    return {name: role.blocks for name, role in scarcity.roles.items()}


class Trial:
    def __init__(self, it):
        self.it, self.lost, self.most = it, 0, 0
        self.begin()

    def begin(self):
        it = self.it
        self.scarcity = Scarcity(it.folder)
        self.server = it.server(
            tour.CONFIG % {"folder": it.folder}, workers=1, listen=None,
            route=tour.ROUTE, env=self.scarcity.env)
        self.acts = acts.Acts(it.folder, self.server)
        for _ in range(5):
            self.acts.play("reload")
            self.acts.play("tour")

    def pids(self, act):
        """Of those who do not die in it."""
        return {name: role.pid for name, role in self.scarcity.roles.items()
                if act != f"{name}_dies"}

    def complain(self, role, act, number, goes_on, what):
        print(f"allocations: {role} {act} {number}"
              f"{' on' if goes_on else ''}: {what}\n"
              f"    {self.scarcity.roles[role].who()}", file=sys.stderr)
        self.it.wrong.append(f"{role} {act} {number}")

    def fail(self, name, act, number, goes_on):
        """False: there were not so many."""
        role, before = self.scarcity.roles[name], self.pids(act)
        # Without any memory there may be no answer; it is not waited for.
        tour.WAIT = 0.5 if goes_on else 20
        role.fail(number, goes_on)
        self.acts.play(act)
        failed, tour.WAIT = role.relent(), 20
        lost, silent = self.acts.lost, self.acts.silent
        if not failed:
            self.acts.recover()
            return False
        self.lost += len(lost)
        if not goes_on:
            self.most = max(self.most, len(lost))
            if len(lost) > 1 or silent:
                self.complain(name, act, number, goes_on,
                              f"lost {lost}, silent {silent}")
        if not self.acts.recover():
            self.complain(name, act, number, goes_on, "does not recover: "
                          f"{self.acts.lost + self.acts.silent}")
        if self.pids(act) != before or \
                not arena.is_alive(self.server.pid):
            self.complain(name, act, number, goes_on, "a process has ended")
            self.server.stop()
            self.begin()
        return True

    def blocks(self, before=None):
        """Who was cut off is away for the grace time: no more than before
        are waited for."""
        end = time.monotonic() + SETTLE_MAX
        for _ in range(3):
            self.acts.play("tour")
        while True:
            blocks = settled(self.scarcity)
            if before is None or time.monotonic() > end or all(
                    blocks[name] <= before[name] for name in before):
                return blocks
            time.sleep(0.2)


def all_of(it, trial, name, act):
    """Returns how many there are, as far as they were tried."""
    # A reload has thousands.
    step = it.count(1, 97 * (8 if act == "reload" else 1))
    misses = tried = 0
    for number in tour.numbers(step):
        if trial.fail(name, act, number, False):
            trial.fail(name, act, number, True)
            tried, misses = tried + 1, 0
        elif (misses := misses + 1) == MISSES or it.short:
            break
    return tried


def passes(it, trial, name, act):
    blocks, more = trial.blocks(), {}
    for number in range(1 if it.short else PASSES):
        count, before = all_of(it, trial, name, act), blocks
        blocks = trial.blocks(before)
        # Who dies in it is another.
        more = {one: blocks[one] - before[one] for one in blocks
                if act != f"{one}_dies"}
        print(f"allocations: {name} {act}: {count} tried, blocks {blocks}",
              file=sys.stderr)
        if number > 0 and max(more.values()) <= 0:
            break
    it.tell(f"{name}-{act}", count)
    it.tell("times", number + 1)
    if not it.short:
        it.must("blocks-more", max(more.values()), 0)


def row(it):
    # A child between fork and exec; it is started again.
    it.expected = "status=71"
    trial = Trial(it)
    for name in tour.ROLES:
        for act in acts.of(name):
            if not it.short or act in SAMPLE:
                passes(it, trial, name, act)
    it.tell("failures-cost-connections", trial.lost)
    it.must("connections-lost-by-one-failure", trial.most, 1)


arena.main(row)
