"""Many clients talk in one room while the broker is killed again and again.

Everybody must hear everything once, in one order that is the same for all,
and each sender's lines in the order they were said.  Nobody may be
disconnected.  A visitor joins after each kill and stays; no name may come
twice.

    scenario_order.py --clients 10 --rate 200 --kills 20 --gap 0.5

--rate is messages per second of all clients together; kills happen --gap
seconds apart while they talk; --pad makes each message so many bytes longer.
"""
import argparse
import collections

from wsproto import (Chatter, PING, PONG, TEXT, broker_pid, eventually, kill,
                     re, select, sys, time, wait_for_users)

YOUNG = 0.3             # seconds; who dies younger is restarted later
AHEAD = 100             # messages


class Talker(Chatter):
    """Never waits: what was heard is collected when the socket is ready."""

    def __init__(self):
        super().__init__()
        self.lines = []
        self.said = 0

    def collect(self):
        if not self.pump(0):
            raise SystemExit("a talker was disconnected")
        self.take()

    def take(self):
        while True:
            got = self.frames.next()
            if got is None:
                return
            if got.opcode == TEXT:
                self.lines.append(got.payload.decode().rstrip("."))
            elif got.opcode == PING:
                self.send(PONG, got.payload)
            else:
                raise SystemExit(f"a talker got {got}")


class Scenario:
    def __init__(self, options):
        self.options = options
        self.talkers = [Talker() for _ in range(options.clients)]
        self.poll = select.poll()
        self.by_fd = {}
        for talker in self.talkers:
            talker.take()
            self.poll.register(talker.sock, select.POLLIN)
            self.by_fd[talker.sock.fileno()] = talker
        self.victims = []
        self.visitors = []

    def collect(self, seconds):
        for fd, _ in self.poll.poll(max(0, seconds) * 1000):
            self.by_fd[fd].collect()

    def kill(self):
        pid = eventually(self.find_victim, "a new broker", 10, 0.002)
        kill(pid)
        self.victims.append(pid)

    def find_victim(self):
        pid = broker_pid()
        return pid if pid not in self.victims else None

    def talk(self):
        """Says and kills by the clock until all kills have been done."""
        options = self.options
        step = 1 / options.rate
        begin = time.monotonic()
        end = begin + (options.kills + 1) * options.gap
        next_say, next_kill, turn = begin, begin + options.gap, 0
        while True:
            now = time.monotonic()
            if now >= end and len(self.victims) == options.kills:
                return
            if len(self.victims) < options.kills and now >= next_kill:
                self.kill()
                self.visit()
                # The next one has begun by now, and must not die young.
                next_kill = max(next_kill + options.gap,
                                time.monotonic() + YOUNG)
            if now >= next_say and not self.is_ahead():
                talker = self.talkers[turn % options.clients]
                talker.say(f"{turn % options.clients} {talker.said}"
                           + "." * options.pad)
                talker.said += 1
                turn += 1
                next_say += step
                continue
            self.collect(max(0.001, min(next_say, next_kill) - now))

    def is_ahead(self):
        """So much is on its way that the log might go round before all have
        heard it, if the machine is slow."""
        return self.total() - min(len(talker.lines)
                                  for talker in self.talkers) > AHEAD

    def visit(self):
        """Joins at the worst moment; its name is learnt at the end."""
        visitor = Talker()
        self.visitors.append(visitor)
        self.poll.register(visitor.sock, select.POLLIN)
        self.by_fd[visitor.sock.fileno()] = visitor

    def total(self):
        return sum(talker.said for talker in self.talkers)

    def drain(self):
        end = time.monotonic() + 40
        while any(len(talker.lines) < self.total() for talker in self.talkers):
            if time.monotonic() > end:
                break
            self.collect(0.1)
        # Nothing may come after it: a doubled line would.
        self.collect(0.3)

    def check_lines(self):
        pattern = re.compile(r"\[(user\d+)\]: (\d+) (\d+)")
        first = self.talkers[0].lines
        names = collections.defaultdict(set)
        numbers = collections.defaultdict(list)
        for line in first:
            name, who, number = pattern.fullmatch(line).groups()
            names[int(who)].add(name)
            numbers[int(who)].append(int(number))
        for who, talker in enumerate(self.talkers):
            want = list(range(talker.said))
            if numbers[who] != want:
                raise SystemExit(self.explain(who, numbers[who], want))
            if len(names[who]) != 1:
                raise SystemExit(f"talker {who} had names {names[who]}")
            if talker.lines != first:
                at = next((i for i, (a, b) in
                           enumerate(zip(talker.lines, first)) if a != b),
                          min(len(talker.lines), len(first)))
                raise SystemExit(
                    f"talkers 0 and {who} heard different things from line "
                    f"{at} on: {first[at:at + 5]} {talker.lines[at:at + 5]} "
                    f"({len(first)} and {len(talker.lines)} lines)")
        return {name for group in names.values() for name in group}

    @staticmethod
    def explain(who, got, want):
        count = collections.Counter(got)
        lost = [n for n in want if n not in count]
        doubled = [n for n, times in count.items() if times > 1]
        late = [b for a, b in zip(got, got[1:]) if b < a]
        return (f"of talker {who}'s {len(want)} lines: lost {lost[:20]}, "
                f"doubled {doubled[:20]}, out of order {late[:20]}")

    def check_names(self, names):
        """All visitors are here still: each count and name is fresh."""
        counts = [visitor.users for visitor in self.visitors]
        want = list(range(len(self.talkers) + 1,
                          len(self.talkers) + len(self.visitors) + 1))
        if counts != want:
            raise SystemExit(f"visitors were greeted with {counts}")
        for visitor in self.visitors:
            visitor.lines.clear()
        for number, visitor in enumerate(self.visitors):
            visitor.say(f"visitor {number}")
        found = {}
        listener = self.talkers[0]
        listener.lines.clear()
        end = time.monotonic() + 20
        while len(found) < len(self.visitors) and time.monotonic() < end:
            self.collect(0.1)
            for line in listener.lines:
                match = re.fullmatch(r"\[(user\d+)\]: visitor (\d+)", line)
                found[int(match[2])] = match[1]
            listener.lines.clear()
        everyone = list(names) + list(found.values())
        if len(found) != len(self.visitors):
            raise SystemExit(f"only {len(found)} visitors were heard")
        if len(set(everyone)) != len(everyone):
            raise SystemExit(f"a name came twice: {sorted(everyone)}")

    def check_end(self):
        stay = len(self.talkers)
        for visitor in self.visitors:
            visitor.vanish()
        wait_for_users(stay)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--gap", type=float, default=0.5)
    parser.add_argument("--pad", type=int, default=0)
    scenario = Scenario(parser.parse_args())
    scenario.talk()
    scenario.drain()
    names = scenario.check_lines()
    scenario.check_names(names)
    scenario.check_end()
    print(f"{scenario.total()} lines, {len(scenario.talkers)} talkers, "
          f"{len(scenario.victims)} deaths", file=sys.stderr)


main()
