#!/usr/bin/python3
"""5,000 of 5,500 clients drop and come back at once: all are resumed within
10 s, and the others are unharmed.  Those who stay are a crowd of their own, so
that they are not measured by a program that is busy with cutting off 5,000."""

import time

import arena


def row(it):
    many = 500 if it.short else 5000
    back = []

    def play(fault):
        server = it.server()
        stay = it.crowd(server, "-n", many // 10, "-r", 10, "-s", 50)
        come = it.crowd(server, "-n", many, "-j", many, "-r", 10, "-s", 50)
        time.sleep(1)
        if fault:
            back.append(come.drop(many))
        time.sleep(4)
        judge = come.stop()
        it.judge_if_wrong(judge)
        if fault:
            it.must_be("resumed", len(judge.trace.notes["resumed"]), many)
        judge = stay.stop()
        server.stop()
        it.must_be("ended-of-others", len(arena.ends_unasked(judge)), 0)
        return judge

    it.unharmed(play, it.count(3, 1))
    it.must("all-back-max-ms", max(back), 10000)


arena.main(row)
