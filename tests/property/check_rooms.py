"""A room's events in their order: who speaks is there, nobody comes twice,
the counts are right, and at the end the list agrees."""


def check(case):
    for room in case.rooms.values():
        Replay(case, room).run()
    for _, roster in case.story.rosters:
        check_roster(case, roster)
    for stay in case.story.stays():
        for _, event in stay.events:
            if event["type"] == "history":
                check_history(case, stay, event)


def check_history(case, stay, event):
    """What it has is the room's, see rooms_of; without a hole."""
    numbers = [message["seq"] for message in event["messages"]]
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))
                       if numbers else ()):
        case.blame("gap", f"connection {stay.connection.number}: history of "
                   f"{stay.room!r} {numbers}")


class Replay:
    def __init__(self, case, room):
        self.case, self.room = case, room
        self.members = set()    # None: nobody saw all that happened
        self.owners = {}        # name: the life that spoke by it

    def blame(self, kind, text):
        self.case.blame(kind, f"{self.room.name!r}: {text}")

    def run(self):
        room = self.room
        for seq in range(room.last + 1):
            if seq > 0:
                self.take_message(seq)
            items, wrong = room.canon(seq)
            for part in wrong:
                self.blame("order", f"behind {seq} connection "
                           f"{part.stay.connection.number} saw {part.items}, "
                           f"another {items}")
            if items is None:
                self.case.add("unsure")
                self.members = None
            elif self.members is not None:
                for item in items:
                    self.take_item(seq, item)
        room.members = self.members

    def take_message(self, seq):
        message = self.room.said.get(seq)
        if message is None:
            self.blame("gap", f"nobody heard {seq}")
            return
        if self.members is None:
            return
        name = message["from"]
        if name not in self.members:
            self.blame("names", f"{seq} is from {name}, who is not there")
        life = self.case.story.messages.get(message["text"], (None,))[0]
        if life is None:
            return
        if self.owners.setdefault(name, life) != life:
            self.blame("names", f"{seq}: {name} is life {self.owners[name]}, "
                       f"and life {life} speaks as {name}")
        if any(owner == life and other != name
               for other, owner in self.owners.items()):
            self.blame("names", f"{seq}: life {life} speaks as {name} and is "
                       "somebody else, too")

    def take_item(self, seq, item):
        kind, name, more = item
        members = self.members
        where = f"behind {seq} {item}"
        if (name in members) == (kind == "join"):
            self.blame("names", f"{where}, members {sorted(members)}")
        if kind == "join":
            members.add(name)
        else:
            members.discard(name)
        owner = self.owners.pop(name, None)
        if kind == "rename":
            if more in members:
                self.blame("names", f"{where}, and {more} is there")
            members.add(more)
            if owner is not None:
                self.owners[more] = owner
            self.case.add("renames")
        elif more is not None and more != len(members):
            self.blame("count", f"{where}, there are {len(members)}")


def check_roster(case, roster):
    room = case.rooms[roster["room"]]
    listed = {name: away for name, away in roster["users"]}
    here = {case.spans[each.life][-1].name
            for each in case.story.connections.values()
            if each.is_alive and each.stays and
            each.stays[-1].room == room.name}
    there = {name for name, away in listed.items() if not away}
    if len(listed) != len(roster["users"]) or here != there:
        case.blame("who", f"{room.name!r}: listed {roster['users']}, here are "
                   f"{sorted(here)}")
    if room.members is None:
        return
    # Whose grace time has just ended has left behind the answer.
    left = {item[1] for item in room.canon(room.last)[0] if item[0] == "leave"}
    if room.members - set(listed) or set(listed) - room.members - left:
        case.blame("who", f"{room.name!r}: listed {sorted(listed)}, members "
                   f"{sorted(room.members)}")
