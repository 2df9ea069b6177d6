"""No number is missed and none comes twice, from the first stay of a life to
its last."""
import re

REPEATING = re.compile(r"repeating from (\d+)")


def check(case):
    for connections in case.story.lives.values():
        known = {}
        for connection in connections:
            for stay in connection.stays:
                walk = Walk(case, stay, known)
                walk.run()
                # What a room said while its member was elsewhere is nothing
                # to him.
                known = {stay.room: max(walk.last, known.get(stay.room, 0))}


class Walk:
    """Through one stay; `last` is the number last had of its room."""

    def __init__(self, case, stay, known):
        self.case, self.stay, self.known = case, stay, known.get(stay.room)
        self.welcome = stay.welcome["seq"]
        self.who = (f"connection {stay.connection.number} in {stay.room!r}, "
                    f"{stay.kind}")

    def blame(self, kind, text):
        self.case.blame(kind, f"{self.who}: {text}")

    def run(self):
        self.last = self.begin()
        takes = {"notice": self.take_notice, "message": self.take_message,
                 "lost": self.take_lost, "join": self.take_presence,
                 "leave": self.take_presence, "rename": self.take_presence}
        for _, event in self.stay.events:
            if event["type"] in takes:
                takes[event["type"]](event)
        self.check_end()

    def begin(self):
        """Named none, a stay goes on from what was proven: a notice says
        where, or nothing is repeated."""
        connection = self.stay.connection
        if self.stay.kind != "resume":
            return self.welcome
        if connection.after is not None:
            return connection.after
        if any(event["type"] == "notice" and REPEATING.fullmatch(event["text"])
               for _, event in self.stay.events):
            return self.welcome
        if not self.stay.events:
            # Cut off right behind the welcome: more was perhaps to come.
            return self.known or 0
        if self.known is not None and self.known < self.welcome:
            self.blame("gap", f"had {self.known}, the room is at "
                       f"{self.welcome}, nothing is repeated")
        return self.welcome

    def take_notice(self, event):
        found = REPEATING.fullmatch(event["text"])
        if not found:
            return
        begin = int(found[1])
        if self.stay.kind != "resume" or \
                self.stay.connection.after is not None:
            self.blame("resume", f"was told from where, and says {event}")
        if self.known is not None and begin > self.known + 1:
            self.blame("gap", f"had {self.known}, is repeated from {begin}")
        if begin > self.welcome:
            self.blame("resume", f"{event}, the room is at {self.welcome}")
        self.last = begin - 1

    def take_message(self, event):
        seq = event["seq"]
        if seq <= self.last:
            self.blame("repeat", f"{seq} behind {self.last}")
            return
        if seq > self.last + 1:
            self.blame("gap", f"{seq} behind {self.last}")
        self.last = seq

    def take_lost(self, event):
        """Nothing is lost with a log of this size; where something is, it is
        what comes next, and is not delivered later (a repeat)."""
        self.case.add("lost")
        self.blame("lost", f"{event} behind {self.last}")
        if event["from"] != self.last + 1 or event["to"] < event["from"]:
            self.blame("gap", f"{event} behind {self.last}")
        self.last = max(self.last, event["to"])

    def take_presence(self, event):
        if event["seq"] != self.last or self.last < self.welcome:
            self.blame("order", f"{event} behind {self.last}")

    def check_end(self):
        stay = self.stay
        if stay.has_moved_on and self.last < self.welcome:
            self.blame("gap", f"has {self.last} of {self.welcome}")
        last_of_room = self.case.rooms[stay.room].last
        if stay.connection.is_alive and not stay.has_moved_on and \
                self.last < last_of_room:
            self.blame("gap", f"ends with {self.last}, the room with "
                       f"{last_of_room}")
