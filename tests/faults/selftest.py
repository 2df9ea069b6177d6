#!/usr/bin/python3
"""The judge on trial: a faultless trace passes, and each fault that is put
into one is found, counted as what it is."""

import os
import sys

sys.dont_write_bytecode = True
sys.path[:0] = [os.path.dirname(os.path.abspath(__file__))]

from judge import NOBODY, Judge, Trace

TRIALS = []             # (what it must count as, what does it)


def counts_as(kind):
    def keep(function):
        TRIALS.append((kind, function))
        return function
    return keep


def text_of(sender, counter, mark="^"):
    body = f"{mark}00beef{sender:08x}{counter:08x}{sender * 77 + counter:08x}"
    h = 2166136261
    for byte in body.encode():
        h = (h ^ byte) * 16777619 & 0xffffffff
    return f"{body}{h:08x}"


class Play:
    """A faultless run: 0 to 3 there throughout, 4 leaves, 5 comes later, 6
    speaks JSON and was away for a while, 7 never reads."""

    def __init__(self):
        self.members = {n: ["text", 10, 0, 0, "plain"] for n in range(6)}
        self.members[4][2] = 450
        self.members[5][1] = 455
        self.members[6] = ["json", 10, 0, 1, "tls"]
        self.members[7] = ["stalled", 10, 0, 0, "plain"]
        self.said = []          # [sender, to, due, answer, text]
        self.heard = {n: [] for n in self.members}
        self.asides = {n: [] for n in self.members}
        self.strange = []
        counters = [0] * 8
        for n in range(80):
            sender = (0, 1, 2, 6)[n % 4]
            due = 100 + n * 10
            self.said.append([sender, NOBODY, due, 0,
                              text_of(sender, counters[sender])])
            counters[sender] += 1
            for who in (0, 1, 2, 3, 6):
                self.heard[who].append(n)
            if n < 35:
                self.heard[4].append(n)
            if n >= 36:
                self.heard[5].append(n)
        for n in range(80, 86):
            self.said.append([6, 0, 900, 1, text_of(6, n - 80, "!")])
            self.asides[0].append(n)
        self.said[85][3] = 2
        self.asides[0].pop()

    def lines(self):
        for n, (sender, to, due, answer, text) in enumerate(self.said):
            yield f"said {n} {sender} {to} {due} 0 0 0 {answer} {text}"
        for n, fields in self.members.items():
            yield f"member {n} {' '.join(map(str, fields))}"
            yield f"heard {n} {' '.join(map(str, self.heard[n]))}"
            yield f"asides {n} {' '.join(map(str, self.asides[n]))}"
        yield from (f"strange {line}" for line in self.strange)
        yield "end"

    def forget(self, line):
        for log in self.heard.values():
            if line in log:
                log.remove(line)


@counts_as("lost")
def a_line_is_missed_by_one(play):
    play.heard[3].remove(40)


@counts_as("lost")
def the_last_line_is_missed_by_one(play):
    play.heard[3].pop()


@counts_as("lost")
def the_first_line_is_missed_by_one(play):
    play.heard[3].pop(0)


@counts_as("lost")
def one_hears_nothing(play):
    play.heard[3].clear()


@counts_as("lost")
def a_sender_does_not_hear_itself(play):
    play.heard[1].remove(41)


@counts_as("lost")
def nobody_hears_a_line(play):
    play.forget(40)


@counts_as("lost")
def nobody_hears_an_acknowledged_line_of_one_who_left(play):
    play.said.append([4, NOBODY, 440, 1, text_of(4, 0)])


@counts_as("lost")
def a_counter_of_one_who_left_does_not_step_by_one(play):
    play.said += [[4, NOBODY, 440, 0, text_of(4, n)] for n in range(3)]
    for line in (86, 88):
        for who in play.heard:
            if who != 7 and (who != 5):
                play.heard[who].insert(34, line)


@counts_as("lost")
def who_comes_later_misses_its_first_line(play):
    play.heard[5].pop(0)


@counts_as("lost")
def who_left_missed_a_line_before(play):
    play.heard[4].remove(20)


@counts_as("lost")
def who_came_back_misses_what_was_said(play):
    play.heard[6] = play.heard[6][:30] + play.heard[6][35:]


@counts_as("duplicated")
def a_line_comes_twice(play):
    play.heard[3].insert(50, 40)


@counts_as("duplicated")
def a_resume_repeats(play):
    play.heard[6][30:30] = play.heard[6][28:30]


@counts_as("duplicated")
def all_hear_a_line_twice(play):
    for who in (0, 1, 2, 3, 6):
        play.heard[who].insert(50, 40)


@counts_as("reordered")
def two_lines_change_places(play):
    log = play.heard[3]
    log[40], log[41] = log[41], log[40]


@counts_as("reordered")
def one_hears_a_line_late(play):
    play.heard[3].append(play.heard[3].pop(40))


@counts_as("reordered")
def all_hear_a_sender_in_another_order(play):
    for log in play.heard.values():
        if 40 in log and 44 in log:
            a, b = log.index(40), log.index(44)
            log[a], log[b] = log[b], log[a]


@counts_as("unexpected")
def a_line_that_nobody_said(play):
    play.strange.append("3 ^00beef00")


@counts_as("unexpected")
def a_log_has_what_was_never_said(play):
    play.heard[3].insert(10, 999)


@counts_as("unexpected")
def a_check_sum_is_wrong(play):
    play.said[10][4] = play.said[10][4][:-1] + "x"


@counts_as("unexpected")
def a_text_is_said_as_another(play):
    play.said[10][4] = play.said[11][4]


@counts_as("unexpected")
def a_whisper_is_heard_as_a_line(play):
    play.heard[3].append(80)


@counts_as("unexpected")
def a_whisper_is_heard_by_another(play):
    play.asides[3].append(80)


@counts_as("unexpected")
def a_whisper_that_was_not_found_is_heard(play):
    play.asides[0].append(85)


@counts_as("lost")
def a_whisper_is_lost(play):
    play.asides[0].remove(82)


@counts_as("duplicated")
def a_whisper_is_heard_twice(play):
    play.asides[0].append(82)


@counts_as("reordered")
def two_whispers_change_places(play):
    log = play.asides[0]
    log[1], log[2] = log[2], log[1]


@counts_as("lost")
def a_whisper_is_never_answered(play):
    play.members[6][3] = 0
    play.said[81][3] = 0


def trial(fault=None):
    play = Play()
    if fault:
        fault(play)
    return Judge(Trace(play.lines()))


def main():
    judge = trial()
    if any(judge.counts.values()) or not judge.trace.whole:
        sys.exit(f"the faultless trace is blamed: {judge.why}")
    missed = 0
    for kind, function in TRIALS:
        counts = trial(function).counts
        if not counts[kind]:
            print(f"{function.__name__}: {kind}, found {dict(counts)}")
            missed += 1
    print(f"{len(TRIALS)} faults, {missed} not found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
