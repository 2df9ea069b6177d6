"""A room's events in their one order, put together from all who saw them.

Messages have numbers.  Joins, leaves and renames stand between two of them,
in a slot: slot 7 is behind message 7 and before message 8.  Who saw both of
them come live saw all of the slot; who came, left or was cut off within it
saw its end, its beginning or a part.  What those saw must be found in what
was seen by those who saw all.
"""


class Slice:
    """What one stay saw of one slot."""

    def __init__(self, stay, items, has_begin, has_end=False):
        self.stay, self.items = stay, items
        self.has_begin, self.has_end = has_begin, has_end


def item_of(event):
    if event["type"] == "rename":
        return ("rename", event["from"], event["to"])
    return (event["type"], event["name"], event["users"])


def same(a, b):
    """A count that is not known is None."""
    return a[:2] == b[:2] and (a[2] == b[2] or a[2] is None or b[2] is None)


def same_all(these, those):
    return len(these) == len(those) and all(map(same, these, those))


def is_within(part, whole):
    n = len(part.items)
    places = range(len(whole) - n + 1)
    if part.has_begin and part.has_end:
        return same_all(part.items, whole)
    if part.has_begin:
        places = places[:1]
    elif part.has_end:
        places = places[-1:]
    return any(same_all(part.items, whole[at:at + n]) for at in places)


class Slicer:
    """Walks one stay and cuts what came live into slots."""

    def __init__(self, stay):
        self.stay, self.out = stay, []
        welcome = stay.welcome
        self.slot, self.own = welcome["seq"], welcome["name"]
        self.items, self.has_begin = [], False
        if stay.kind != "resume":
            self.items.append(("join", self.own, welcome["users"]))
            # The first in a room that was not there saw it begin.
            self.has_begin = welcome["users"] == 1 and welcome["seq"] == 0

    def walk(self):
        for _, event in self.stay.events:
            if event["type"] == "message":
                if event["seq"] > self.stay.welcome["seq"]:
                    self.cut(event["seq"], True)
            elif event["type"] == "lost":
                self.cut(event["to"], False)
            elif event["type"] in ("join", "leave", "rename"):
                self.add(item_of(event))
        if self.stay.has_moved_on and not self.has_left():
            self.items.append(("leave", self.own, None))
        self.cut(None, False)
        return self.out

    def add(self, item):
        # One's own join is told, or it is not.
        if len(self.items) == 1 and self.stay.kind != "resume" and \
                item == self.items[0] and self.slot == \
                self.stay.welcome["seq"]:
            return
        if item[0] == "rename" and item[1] == self.own:
            self.own = item[2]
        self.items.append(item)

    def has_left(self):
        return bool(self.items) and self.items[-1][:2] == ("leave", self.own)

    def cut(self, seq, is_complete):
        part = Slice(self.stay, self.items, self.has_begin, is_complete)
        self.out.append((self.slot, part))
        self.slot, self.items, self.has_begin = seq, [], is_complete


class Room:
    def __init__(self, name):
        self.name = name
        self.said = {}          # seq: message
        self.slots = {}         # seq: [Slice]
        self.last = 0

    def canon(self, seq):
        """The slot's items, and the slices that are not found in them; None
        when nobody saw all of it."""
        slices = self.slots.get(seq, [])
        whole = [part for part in slices if part.has_begin and part.has_end]
        if seq == self.last:
            whole = sorted((part for part in slices if part.has_begin),
                           key=lambda part: -len(part.items))
        if not whole:
            return None, []
        # Behind the last message it is open what is still to come.
        judged = whole if seq == self.last else slices
        items = whole[0].items
        return items, [part for part in judged if not is_within(part, items)]


def same_message(a, b):
    return all(a.get(key) == b.get(key)
               for key in ("seq", "from", "text", "time", "id", "action"))


def rooms_of(story, blame):
    """All rooms; blames whoever heard something else under a number."""
    rooms = {}

    def hear(room, connection, message):
        known = room.said.setdefault(message["seq"], message)
        if not same_message(known, message):
            blame("order", f"{room.name!r} {message['seq']}: connection "
                  f"{connection.number} heard {message}, another {known}")

    for stay in story.stays():
        room = rooms.setdefault(stay.room, Room(stay.room))
        room.last = max(room.last, stay.welcome["seq"])
        for _, event in stay.events:
            if event["type"] == "message":
                hear(room, stay.connection, event)
            elif event["type"] == "history":
                for message in event["messages"]:
                    hear(room, stay.connection, message)
        for slot, part in Slicer(stay).walk():
            room.slots.setdefault(slot, []).append(part)
    for room in rooms.values():
        room.last = max([room.last, *room.said])
    return rooms
