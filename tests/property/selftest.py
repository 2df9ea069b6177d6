#!/usr/bin/python3
"""The checks on trial: a faultless trace passes, and each fault that is put
into one is found, under the right name."""

import os
import sys

sys.dont_write_bytecode = True
sys.path[:0] = [os.path.dirname(os.path.abspath(__file__))]

from stage import Stage

WRONGS = []             # (kind it is found as, what does it)


def wrong(kind):
    def keep(function):
        WRONGS.append((kind, function))
        return function
    return keep


def good(stage):
    """A bit of everything, as it should be; returns three who are there."""
    a, b, c = (stage.join() for _ in range(3))
    d = stage.join("lab")
    stage.say(a, "one")
    stage.say(b, "two")
    stage.rename(b, "bert")
    stage.whisper(a, [b, d], "psst")
    stage.say(b, "three")
    stage.say(d, "in the lab")
    stage.move(c, "lab")
    stage.say(d, "more")
    stage.move(c, "")
    stage.close(b)
    stage.say(a, "four")
    stage.resume(b, 3)
    stage.say(b, "five")
    stage.kill(c)
    stage.close(c, "broken")
    stage.say(a, "six")
    stage.open(c)
    stage.hear(c, {"type": "notice", "text": "repeating from 5"})
    for event in stage.log("")[4:]:
        stage.hear(c, event)
    e = stage.join()
    stage.say(e, "seven")
    stage.leave(e)
    stage.say(a, "eight")
    return a, b, c


# Each does one thing that must not be.

@wrong("gap")
def a_line_is_missed(stage, a, b, c):
    stage.skip = (b,)
    stage.say(a, "x")
    stage.skip = ()
    stage.say(a, "y")


@wrong("gap")
def the_last_line_is_missed(stage, a, b, c):
    stage.skip = (b,)
    stage.say(a, "x")
    stage.skip = ()


@wrong("repeat")
def a_line_comes_twice(stage, a, b, c):
    stage.hear(b, stage.log("")[-1])


@wrong("gap")
def a_resume_misses_a_line(stage, a, b, c):
    stage.close(b)
    stage.say(a, "x")
    stage.say(a, "y")
    stage.open(b, 8)
    stage.hear(b, stage.log("")[-1])


@wrong("gap")
def a_resume_gives_nothing(stage, a, b, c):
    stage.close(b)
    stage.say(a, "x")
    stage.open(b)
    stage.say(a, "y")


@wrong("gap")
def a_resume_repeats_from_too_late(stage, a, b, c):
    stage.close(b)
    stage.say(a, "x")
    stage.say(a, "y")
    stage.open(b)
    stage.hear(b, {"type": "notice", "text": "repeating from 10"})
    stage.hear(b, stage.log("")[-1])


@wrong("repeat")
def a_resume_repeats_though_told_from_where(stage, a, b, c):
    stage.close(b)
    stage.open(b, 8)
    stage.hear(b, stage.log("")[-1])


@wrong("lost")
def lines_are_lost(stage, a, b, c):
    stage.close(b)
    stage.say(a, "x")
    stage.open(b, 8)
    stage.hear(b, {"type": "lost", "from": 9, "to": 9})


@wrong("order")
def two_hear_different_lines(stage, a, b, c):
    stage.ask(a, "x")
    stage.ask(c, "y")
    stage.skip = (b,)
    stage.line(a, "x")
    stage.line(c, "y")
    stage.skip = ()
    for text, who, seq in (("y", c, 9), ("x", a, 10)):
        stage.hear(b, {**stage.log("")[0], "seq": seq, "from": who.name,
                       "text": text, "id": text})
    stage.ack(a, "x", seq=9)
    stage.ack(c, "y")


@wrong("order")
def a_sender_is_reordered(stage, a, b, c):
    stage.ask(a, "x")
    stage.ask(a, "y")
    for text in ("y", "x"):
        stage.line(a, text)
        stage.ack(a, text)


@wrong("order")
def two_see_joins_in_different_order(stage, a, b, c):
    before = len(stage.records)
    stage.join()
    stage.join()
    one, two = [record for record in stage.records[before:]
                if record[1] == "recv" and record[2] == b.link]
    one[3], two[3] = two[3], one[3]
    stage.say(a, "x")


@wrong("order")
def a_join_is_not_seen(stage, a, b, c):
    stage.skip = (b,)
    stage.join()
    stage.skip = ()
    stage.say(a, "x")


@wrong("count")
def the_count_is_wrong(stage, a, b, c):
    stage.tell("", {"type": "join", "name": "ghost", "users": 5, "seq": 8})
    stage.say(a, "x")


@wrong("names")
def a_name_is_given_twice(stage, a, b, c):
    stage.join("", b.name)
    stage.say(a, "x")


@wrong("names")
def a_name_is_given_in_two_rooms(stage, a, b, c):
    stage.join("lab", b.name)


@wrong("names")
def a_name_is_taken_from_its_holder(stage, a, b, c):
    stage.rename(a, b.name)
    stage.say(a, "x")


@wrong("names")
def a_name_is_freed_before_the_grace_is_over(stage, a, b, c):
    stage.close(b)
    stage.seats.remove(b)
    stage.presence("leave", b, "")
    stage.rename(a, b.name)


@wrong("names")
def a_stranger_speaks(stage, a, b, c):
    stage.ask(a, "x")
    b.name, kept = "mallory", b.name
    stage.line(b, "x")
    b.name = kept
    stage.ack(a, "x")


@wrong("names")
def one_speaks_as_another(stage, a, b, c):
    stage.ask(a, "x")
    stage.line(b, "x")
    stage.ack(a, "x")


@wrong("names")
def a_free_name_is_refused(stage, a, b, c):
    stage.send(a, "nick", name="nobody")
    stage.hear(a, {"type": "error", "code": "name-taken", "text": ""})


@wrong("ack")
def an_acknowledged_line_is_not_said(stage, a, b, c):
    stage.ask(a, "x")
    stage.hear(a, {"type": "ack", "id": "x", "seq": 9})


@wrong("ack")
def a_line_is_not_acknowledged(stage, a, b, c):
    stage.ask(a, "x")
    stage.line(a, "x")


@wrong("ack")
def a_line_is_not_answered_at_all(stage, a, b, c):
    stage.ask(a, "x")


@wrong("ack")
def an_ack_has_a_wrong_number(stage, a, b, c):
    stage.ask(a, "x")
    stage.line(a, "x")
    stage.ack(a, "x", seq=8)


@wrong("ack")
def an_ack_comes_too_early(stage, a, b, c):
    stage.ask(a, "x")
    stage.ack(a, "x", seq=9)
    stage.line(a, "x")


@wrong("once")
def a_line_sent_again_is_said_again(stage, a, b, c):
    stage.ask(a, "x")
    stage.line(a, "x")
    stage.close(a)
    stage.resume(a, 8)
    stage.ask(a, "x")
    stage.line(a, "x")
    stage.ack(a, "x")


@wrong("once")
def a_line_is_said_that_nobody_sent(stage, a, b, c):
    stage.line(a, "x")


@wrong("whisper")
def a_whisper_is_lost(stage, a, b, c):
    stage.whisper(a, [b], "x", heard=False)
    stage.say(a, "y")


@wrong("whisper")
def a_whisper_is_heard_twice(stage, a, b, c):
    stage.whisper(a, [b], "x")
    stage.hear(b, {"type": "whisper", "from": a.name, "text": "x"})


@wrong("whisper")
def a_whisper_is_heard_by_another(stage, a, b, c):
    stage.whisper(a, [b], "x")
    stage.hear(c, {"type": "whisper", "from": a.name, "text": "x"})


@wrong("whisper")
def a_whisper_comes_behind_its_place(stage, a, b, c):
    stage.whisper(a, [b], "x", heard=False)
    stage.say(a, "y")
    stage.hear(b, {"type": "whisper", "from": a.name, "text": "x"})


@wrong("whisper")
def a_whisper_is_not_answered(stage, a, b, c):
    stage.send(a, "whisper", to=b.name, text="x")


@wrong("whisper")
def who_is_there_is_not_found(stage, a, b, c):
    stage.send(a, "whisper", to=b.name, text="x")
    stage.hear(a, {"type": "whispered", "text": "x", "to": [],
                   "lost": [b.name]})
    stage.say(a, "y")


@wrong("resume")
def a_member_is_forgotten(stage, a, b, c):
    stage.close(b)
    stage.open(b, 8, resumed=False, name="user9", resume="new")


@wrong("names")
def a_member_comes_back_with_another_name(stage, a, b, c):
    stage.close(b)
    b.name = "other"
    stage.open(b, 8)


@wrong("resume")
def a_token_changes(stage, a, b, c):
    stage.close(b)
    stage.open(b, 8, resume="new")


@wrong("close")
def a_connection_ends_for_nothing(stage, a, b, c):
    stage.close(b, "broken")
    stage.open(b, 8)


@wrong("close")
def a_first_connection_stays_open(stage, a, b, c):
    link = b.link
    stage.add("deaf", link, None)
    stage.open(b, 8)
    stage.add("close", link, {"how": "replaced", "code": 1011})


@wrong("error")
def a_request_is_not_understood(stage, a, b, c):
    stage.hear(a, {"type": "error", "code": "bad-json", "text": ""})


@wrong("gap")
def a_history_has_a_hole(stage, a, b, c):
    log = stage.log("")
    stage.hear(a, {"type": "history", "messages": [log[2], log[4]],
                   "more": False})


@wrong("who")
def somebody_is_not_listed(stage, a, b, c):
    stage.who("", bert=None)


@wrong("who")
def somebody_is_listed_who_is_not_there(stage, a, b, c):
    stage.who("", ghost=True)


@wrong("who")
def somebody_is_listed_as_away(stage, a, b, c):
    stage.who("", bert=True)


@wrong("who")
def somebody_away_is_listed_as_here(stage, a, b, c):
    stage.close(b)
    stage.who("", bert=False)


def trial(fault=None):
    stage = Stage()
    three = good(stage)
    if fault:
        fault(stage, *three)
    if not any(record[1] == "who" for record in stage.records):
        for room in stage.rooms:
            stage.who(room)
    return stage.end()


def main():
    faults, counts = trial()
    if faults:
        sys.exit(f"the faultless trace is blamed: {faults}")
    if counts["unsure"] or counts["whispers-due"] != 2:
        sys.exit(f"the faultless trace is not seen through: {counts}")
    missed = 0
    for kind, function in WRONGS:
        found = {kind for kind, _ in trial(function)[0]}
        if kind not in found:
            print(f"{function.__name__}: {kind}, found {sorted(found)}")
            missed += 1
    print(f"{len(WRONGS)} faults, {missed} not found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
