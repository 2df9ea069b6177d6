"""Who had which name, and when: nobody one that another had.

Rooms have no order among each other, names are unique in all of them.  So
what is known for certain counts: a name is held from the moment when its
holder was told so until he asks for another.
"""
import bisect
import itertools

from story import FOREVER


class Span:
    """A life had a name: perhaps, and for certain, from when to when."""

    def __init__(self, life, name, perhaps, certain):
        self.life, self.name = life, name
        self.perhaps, self.certain = perhaps, certain
        self.perhaps_end, self.certain_end = FOREVER, FOREVER

    def may_meet(self, begin, end):
        return self.perhaps <= end and self.perhaps_end >= begin

    def surely_covers(self, begin, end):
        return self.certain is not None and self.certain <= begin and \
            self.certain_end >= end


def check(case):
    refused = []
    for number, connections in case.story.lives.items():
        life = Life(case, number, refused)
        for connection in connections:
            life.walk(connection)
        life.end(connections[-1])
        case.spans[number] = life.spans
    by_name = {}
    for spans in case.spans.values():
        for span in spans:
            by_name.setdefault(span.name, []).append(span)
    check_overlaps(case, by_name)
    case.add("refused", len(refused))
    for life, asked, name, at in refused:
        if not any(span.life != life and span.may_meet(asked, at)
                   for span in by_name.get(name, ())):
            case.blame("names", f"life {life} was refused {name}, which "
                       "nobody has")


def check_overlaps(case, by_name):
    for name, spans in by_name.items():
        certain = sorted((span for span in spans if span.certain is not None),
                         key=lambda span: span.certain)
        for one, other in itertools.combinations(certain, 2):
            if one.life != other.life and other.certain < one.certain_end:
                case.blame("names", f"{name} is life {one.life} "
                           f"({one.certain}-{one.certain_end}) and from "
                           f"{other.certain} on life {other.life}")


class Life:
    def __init__(self, case, number, refused):
        self.case, self.number, self.refused = case, number, refused
        self.spans = []
        self.asked = None       # (when, name), not answered yet

    def walk(self, connection):
        takes = {"nick": self.take_nick, "error": self.take_error,
                 "welcome": self.take_welcome, "rename": self.take_rename}
        for at, what in sorted(connection.sent + connection.heard,
                               key=lambda pair: pair[0]):
            if what["type"] in takes:
                takes[what["type"]](at, what, connection)

    def take_nick(self, at, what, _):
        self.asked = at, what["name"]

    def take_error(self, at, what, _):
        if what["code"] == "name-taken" and self.asked:
            self.refused.append((self.number, *self.asked, at))
        if what["code"].startswith("name-"):
            self.asked = None

    def take_welcome(self, at, what, connection):
        if not self.spans:
            self.spans.append(Span(self.number, what["name"],
                                   connection.opened, at))
        elif what["name"] != self.spans[-1].name:
            self.change(at, what["name"])
        elif not what.get("moved"):
            self.asked = None   # was lost with its connection

    def take_rename(self, at, what, _):
        if self.spans and what["from"] == self.spans[-1].name:
            self.change(at, what["to"])

    def change(self, at, name):
        asked, wanted = self.asked or (at, None)
        if wanted != name:
            self.case.blame("names", f"life {self.number} is {name} and asked "
                            f"for {wanted}")
        self.spans[-1].certain_end, self.spans[-1].perhaps_end = asked, at
        self.spans.append(Span(self.number, name, asked, at))
        self.asked = None

    def end(self, last):
        span = self.spans[-1]
        if self.asked is not None:
            span.certain_end = self.asked[0]
            self.spans.append(Span(self.number, self.asked[1], self.asked[0],
                                   None))
        elif last.how in ("reset", "dropped"):
            # The name is freed at the end of the grace time, not before.
            end = last.closed_time + self.case.grace - 0.1
            span.certain_end = bisect.bisect(self.case.story.times, end) - 1
        elif not last.is_alive:
            span.certain_end = last.last_word
