#!/usr/bin/python3
"""5,000 of 5,500 clients drop and come back at once: all are resumed within
10 s, and the others are unharmed."""

import time

import arena


def row(it):
    many = 500 if it.short else 5000
    rest = many // 10
    back = []

    def play(fault):
        server = it.server()
        crowd = it.crowd(server, "-n", many + rest, "-j", many, "-r", 20,
                         "-s", 50)
        time.sleep(1)
        if fault:
            back.append(crowd.drop(many))
        time.sleep(3)
        judge = crowd.stop()
        server.stop()
        if fault:
            it.tell("resumed", len(judge.trace.notes["resumed"]))
            it.must_be("ended-of-others", len(arena.ends_unasked(judge)), 0)
        return judge

    it.unharmed(play, it.count(3, 1))
    it.must("all-back-max-ms", max(back), 10000)


arena.main(row)
