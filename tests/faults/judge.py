#!/usr/bin/python3
"""Judges what a crowd heard: judge.py TRACE.  Exits 1 when anything was lost,
duplicated, unexpected or reordered, 2 when the trace is not whole.

The one order is the longest log, continued by the logs that overlap it.  Each
log must be one contiguous slice of it: from the start, when its member was
there before the first line, else from its first line, which must not be later
than the first that was said after it joined; to the end, when it was still
there.  A sender's counters step by one, and what its sender was answered, or
said without leaving, is in the order.  A whisper that was answered is heard
once by whom it was for, one that was not found by nobody.
"""

import collections
import sys

NOBODY = -1
SAID, NOT_FOUND = 1, 2


class Said:
    __slots__ = ("id", "sender", "to", "due", "first", "last", "heard",
                 "answer", "text")

    def __init__(self, fields):
        (self.id, self.sender, self.to, self.due, self.first, self.last,
         self.heard, self.answer) = map(int, fields[:8])
        self.text = fields[8]

    def counter(self):
        return int(self.text[15:23], 16)

    def sound(self):
        """Is the text what its sender made, by its check sum?"""
        h = 2166136261
        for byte in self.text[:31].encode():
            h = (h ^ byte) * 16777619 & 0xffffffff
        return (f"{h:08x}" == self.text[31:] and len(self.text) == 39
                and int(self.text[7:15], 16) == self.sender
                and self.text[0] == ("^" if self.to == NOBODY else "!"))


class Member:
    def __init__(self, fields):
        self.number, self.kind = int(fields[0]), fields[1]
        self.joined, self.ended, self.resumes = map(int, fields[2:5])
        self.over_tls = fields[5] == "tls"
        self.heard, self.asides = [], []


class Trace:
    """The lines of a trace, by what they tell."""

    def __init__(self, lines):
        self.said, self.members, self.strange = {}, {}, []
        self.notes = collections.defaultdict(list)
        self.times, self.whole = None, False
        for line in lines:
            word, _, rest = line.rstrip("\n").partition(" ")
            if word == "said":
                one = Said(rest.split())
                self.said[one.id] = one
            elif word == "member":
                one = Member(rest.split())
                self.members[one.number] = one
            elif word in ("heard", "asides"):
                number, *ids = map(int, rest.split())
                setattr(self.members[number], word, ids)
            elif word == "strange":
                self.strange.append(rest)
            elif word == "times":
                self.times = list(map(int, rest.split()))
            elif word == "end":
                self.whole = True
            else:
                number, why, begin, end = rest.split()
                self.notes[word].append(
                    (int(number), why, int(begin), int(end)))

    def judged(self):
        return [m for m in self.members.values() if m.kind != "stalled"]


class Judge:
    def __init__(self, trace):
        self.trace = trace
        self.counts = collections.Counter(
            lost=0, duplicated=0, unexpected=0, reordered=0)
        self.why = []
        self.judge()

    def blame(self, count, what, why):
        if count:
            self.counts[what] += count
            self.why.append(f"{what} {count}: {why}")

    def judge(self):
        for line in self.trace.strange:
            self.blame(1, "unexpected", line)
        for one in self.trace.said.values():
            if not one.sound():
                self.blame(1, "unexpected", f"bad sum: {one.text}")
        self.order = self.make_order()
        self.at = {id: n for n, id in enumerate(self.order)}
        for member in self.trace.judged():
            self.judge_log(member)
        self.judge_senders()
        self.judge_whispers()

    # -- lines ---------------------------------------------------------------

    def make_order(self):
        said = {id for id, one in self.trace.said.items()
                if one.to == NOBODY}
        logs = [[id for id in dict.fromkeys(m.heard) if id in said]
                for m in self.trace.judged()]
        logs = [log for log in logs if log]
        logs.sort(key=len, reverse=True)
        order = logs[0] if logs else []
        at = {id: n for n, id in enumerate(order)}
        for log in logs[1:]:
            if log[-1] in at or log[0] not in at:
                continue
            # It ends behind the order: what overlaps must be the same.
            if order[at[log[0]]:] == log[:len(order) - at[log[0]]]:
                for id in log[len(order) - at[log[0]]:]:
                    at[id] = len(order)
                    order.append(id)
        return order

    def judge_log(self, member):
        log, who = member.heard, f"member {member.number}"
        first, last = self.bounds(member)
        if log and log == self.order[first:first + len(log)] and \
                first + len(log) == last:
            return
        seen = list(dict.fromkeys(log))
        self.blame(len(log) - len(seen), "duplicated", who)
        foreign = [id for id in seen if id not in self.trace.said
                   or self.trace.said[id].to != NOBODY]
        self.blame(len(foreign), "unexpected", f"{who} heard {foreign[:5]}")
        known = [id for id in seen if id in self.at]
        beside = len(seen) - len(known) - len(foreign)
        self.blame(beside, "lost", f"{beside} of {who} are in no other log")
        places = [self.at[id] for id in known]
        self.blame(sum(b < a for a, b in zip(places, places[1:])),
                   "reordered", who)
        missing = set(self.order[first:last]).difference(known)
        self.blame(len(missing), "lost", f"{who} lacks {sorted(missing)[:5]}")

    def bounds(self, member):
        """Which slice of the order it had to hear: from, to."""
        places = [self.at[id] for id in member.heard if id in self.at]
        first = min(places, default=len(self.order))
        for place, id in enumerate(self.order[:first]):
            if self.trace.said[id].due > member.joined:
                first = place
                break
        if not member.ended:
            return first, len(self.order)
        return first, max(places, default=first - 1) + 1

    def judge_senders(self):
        heard = collections.defaultdict(list)
        said = collections.defaultdict(list)
        for id in self.order:
            one = self.trace.said[id]
            heard[one.sender].append(one.counter())
        for one in self.trace.said.values():
            if one.to == NOBODY:
                said[one.sender].append(one)
        for sender, lines in said.items():
            got = heard[sender]
            late = sum(b < a for a, b in zip(got, got[1:]))
            self.blame(late, "reordered", f"the lines of member {sender}")
            stays = not self.trace.members[sender].ended
            have = set(got)
            top = max(got, default=-1)
            lost = [one.counter() for one in lines
                    if one.counter() not in have
                    and (stays or one.answer == SAID
                         or one.counter() < top)]
            self.blame(len(lost), "lost",
                       f"of member {sender}, by everybody: {lost[:5]}")

    # -- whispers ------------------------------------------------------------

    def judge_whispers(self):
        heard = collections.Counter()
        last = {}
        for member in self.trace.judged():
            for id in member.asides:
                one = self.trace.said.get(id)
                heard[id] += 1
                if one is None or one.to != member.number or \
                        one.answer == NOT_FOUND:
                    self.blame(1, "unexpected",
                               f"member {member.number} heard whisper {id}")
                    continue
                pair = one.sender, one.to
                if heard[id] == 1 and one.counter() < last.get(pair, -1):
                    self.blame(1, "reordered", f"whisper {id}")
                last[pair] = max(one.counter(), last.get(pair, -1))
        for one in self.trace.said.values():
            if one.to == NOBODY:
                continue
            self.blame(max(0, heard[one.id] - 1), "duplicated",
                       f"whisper {one.id}")
            if heard[one.id] == 0 and one.answer == SAID and \
                    self.was_here(one.to):
                self.blame(1, "lost", f"whisper {one.id}")
            if one.answer == 0 and self.was_here(one.sender):
                self.blame(1, "lost", f"the answer to whisper {one.id}")

    def was_here(self, number):
        """There throughout: a whisper waits for nobody who is away."""
        member = self.trace.members[number]
        return member.kind != "stalled" and not member.ended \
            and member.resumes == 0

    def summary(self):
        trace = self.trace
        rooms = sum(one.to == NOBODY for one in trace.said.values())
        parts = [f"{name}={self.counts[name]}" for name in
                 ("lost", "duplicated", "unexpected", "reordered")]
        return " ".join(parts + [
            f"said={rooms}", f"whispers={len(trace.said) - rooms}",
            f"heard={sum(len(m.heard) for m in trace.judged())}",
            f"members={len(trace.members)}",
            f"over-tls={sum(m.over_tls for m in trace.members.values())}",
            f"resumes={sum(m.resumes for m in trace.members.values())}"])


def judge_file(path):
    with open(path) as lines:
        return Judge(Trace(lines))


def main():
    judge = judge_file(sys.argv[1])
    for line in judge.why[:20]:
        print(line)
    print(judge.summary())
    if not judge.trace.whole or not judge.order:
        print("the trace is not whole")
        return 2
    return 1 if any(judge.counts.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
