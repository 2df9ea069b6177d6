#!/usr/bin/python3
"""A text that the broker dies of, in a build where there is one: it is sent
again once, then its connection is closed with 1011, a line of the log names
it, and that is all; the crowd hears nothing of it."""

import hashlib
import os
import re
import time

import arena
import tour
from wsproto import Closed

FRAIL = os.environ.get("FRAIL", os.path.join(
    os.path.dirname(arena.WSCHATD), "tests/faults/frail"))
DEADLY = "the broker dies of this, whoever says it"


def end_of(guest):
    try:
        while True:
            guest.hear_text(15)
    except Closed as closed:
        return closed.code


def row(it):
    server = it.server(program=FRAIL)
    crowd = it.crowd(server, "-n", it.size(200))
    took, codes = [], []
    rounds = it.count(10, 2)
    for _ in range(rounds):
        guest = tour.Guest(server.port)
        guest.until("connected")
        begin = time.monotonic()
        guest.send_text(DEADLY)
        codes.append(end_of(guest))
        took.append((time.monotonic() - begin) * 1000)
        arena.eventually(server.is_ready, "a ready server")
        # Not one that dies young, which would be started later.
        time.sleep(0.3)
    judge = crowd.stop()
    deaths = len(re.findall(r"msg=died child=broker", server.log()))
    told = re.findall(r'msg="request given up after two deaths of the broker"'
                      r".* sha256=(\w+)", server.log())
    digest = hashlib.sha256(DEADLY.encode()).hexdigest()[:16]
    it.tell("rounds", rounds)
    it.must_be("deaths", deaths, 2 * rounds)
    it.must_be("others-than-1011", sum(code != 1011 for code in codes), 0)
    it.must_be("lines-with-its-hash", told.count(digest), rounds)
    it.must_be("others-given-up", len(told) - told.count(digest), 0)
    it.must_be("others-ended", len(arena.ends_unasked(judge)), 0)
    it.must("closed-max-ms", max(took), 1000, timing=True)
    it.judge(judge)


arena.main(row)
