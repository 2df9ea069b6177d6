"""What must hold of a trace.  `judge` gives all that does not, as (kind,
text), and counts; it knows nothing of how the trace was made.

order    all in a room hear the same, each sender's lines as he sent them
gap, repeat, lost   numbers go on by one through a life, resumes included
count    N and the members agree with the joins and leaves
names    a name is one's own, and nobody else's at the same time
ack      what was sent is acknowledged, and what is acknowledged was said
once     what was sent once or again is said at most once
whisper  reaches whom it should, once
resume   within the grace time a member is found, as it was
who      the list agrees with what was heard
close    connections end when their worker does, and for nothing else
error    no request was misunderstood
"""
import check_lives
import check_names
import check_numbers
import check_rooms
import check_said
import check_whispers
from story import Story
from timeline import rooms_of

CHECKS = (check_lives, check_names, check_numbers, check_rooms, check_said,
          check_whispers)
COUNTED = ("connections", "said", "delivered", "acked", "again", "resumes",
           "takeovers", "expired", "worker-kills", "broker-kills", "renames",
           "refused", "moves", "whispers", "whispers-heard", "whispers-due",
           "lost", "unsure")


class Case:
    """A trace on trial; what one check finds out the next ones have."""

    def __init__(self, records, grace):
        self.story, self.grace = Story(records), grace
        self.faults = []
        self.counts = dict.fromkeys(COUNTED, 0)
        self.rooms = rooms_of(self.story, self.blame)
        self.spans = {}         # life: its names, see check_names

    def blame(self, kind, text):
        self.faults.append((kind, text))

    def add(self, what, n=1):
        self.counts[what] += n


def judge(records, grace):
    case = Case(records, grace)
    for module in CHECKS:
        module.check(case)
    count(case)
    return case.faults, case.counts


def count(case):
    story = case.story
    stays = list(story.stays())
    events = [event["type"] for stay in stays for _, event in stay.events]
    connections = story.connections.values()
    case.add("connections", len(connections))
    case.add("said", sum(len(room.said) for room in case.rooms.values()))
    case.add("delivered", events.count("message"))
    case.add("resumes", sum(stay.kind == "resume" for stay in stays))
    case.add("takeovers", sum(each.how == "replaced" for each in connections))
    case.add("moves", sum(stay.kind == "move" for stay in stays))
    for what in ("worker", "broker"):
        case.add(what + "-kills", sum(kill["what"] == what
                                      for _, _, kill in story.kills))
