"""A server as it should be, in a few lines, that writes what each connection
saw: traces for the checks to be tried on."""
from judge import judge

GRACE = 8


class Seat:
    """A member, and the connection it has."""

    def __init__(self, name, room):
        self.name, self.room = name, room
        self.link = self.life = self.port = None


class Stage:
    """A server as it should be, of one room or more, that writes what each
    connection saw.  `skip` hides what is told next from some seats."""

    def __init__(self):
        self.records, self.time, self.links, self.joins = [], 0.0, 0, 0
        self.rooms, self.seats = {}, []
        self.skip = ()

    def add(self, kind, link, what):
        self.time += 0.01
        self.records.append([self.time, kind, link, what])

    def hear(self, seat, event):
        if seat.link is not None and seat not in self.skip:
            self.add("recv", seat.link, event)

    def tell(self, room, event):
        for seat in self.members(room):
            self.hear(seat, event)

    def members(self, room):
        return [seat for seat in self.seats if seat.room == room]

    def log(self, room):
        return self.rooms.setdefault(room, [])

    def presence(self, kind, seat, room):
        self.tell(room, {"type": kind, "name": seat.name, "users":
                         len(self.members(room)), "seq": len(self.log(room))})

    def welcome(self, seat, **more):
        return {"type": "welcome", "name": seat.name, "room": seat.room,
                "users": len(self.members(seat.room)),
                "seq": len(self.log(seat.room)), **more}

    def open(self, seat, after=None, **more):
        resumes = seat.life is not None
        seat.link, seat.port = self.links, 40000 + self.links
        self.links += 1
        self.add("open", seat.link, {
            "player": 0, "life": seat.life, "after": after,
            "token": f"token {seat.life}" if resumes else None})
        if not resumes:
            seat.life = seat.link
        self.add("up", seat.link, {"port": seat.port})
        self.hear(seat, {**self.welcome(seat, epoch="e", resumed=resumes,
                                        resume=f"token {seat.life}"), **more})

    def join(self, room="", name=None):
        seat = Seat(name or f"user{self.joins}", room)
        self.joins += 1
        self.seats.append(seat)
        self.presence("join", seat, room)
        self.open(seat)
        return seat

    def send(self, seat, kind, **members):
        self.add("send", seat.link, {"type": kind, **members})

    def ask(self, seat, text):
        self.send(seat, "message", id=text, text=text)

    def line(self, seat, text, seq=None, **more):
        log = self.log(seat.room)
        log.append({"type": "message", "seq": seq or len(log) + 1, "from":
                    seat.name, "text": text, "id": text, "time": 1, **more})
        self.tell(seat.room, log[-1])

    def ack(self, seat, text, **more):
        self.hear(seat, {"type": "ack", "id": text,
                         "seq": len(self.log(seat.room)), **more})

    def say(self, seat, text):
        self.ask(seat, text)
        self.line(seat, text)
        self.ack(seat, text)

    def rename(self, seat, name):
        self.send(seat, "nick", name=name)
        old, seat.name = seat.name, name
        self.tell(seat.room, {"type": "rename", "from": old, "to": name,
                              "seq": len(self.log(seat.room))})

    def move(self, seat, room):
        self.send(seat, "join", room=room)
        old, seat.room = seat.room, None
        self.presence("leave", seat, old)
        seat.room = room
        self.skip = (seat,)
        self.presence("join", seat, room)
        self.skip = ()
        self.hear(seat, self.welcome(seat, moved=True))

    def close(self, seat, how="reset", code=1006):
        self.add("close", seat.link, {"how": how, "code": code})
        seat.link = None

    def leave(self, seat):
        self.close(seat, "left", 1000)
        self.seats.remove(seat)
        self.presence("leave", seat, seat.room)

    def resume(self, seat, after):
        self.open(seat, after)
        for event in self.log(seat.room)[after:]:
            self.hear(seat, event)

    def whisper(self, seat, others, text, heard=True):
        self.send(seat, "whisper", to=[each.name for each in others],
                  text=text)
        for each in others if heard else ():
            self.hear(each, {"type": "whisper", "from": seat.name,
                             "text": text})
        self.hear(seat, {"type": "whispered", "text": text, "lost": [],
                         "to": [each.name for each in others]})

    def kill(self, *seats):
        self.add("kill", None, {"what": "worker",
                                "ports": [seat.port for seat in seats]})

    def who(self, room, **more):
        listed = {seat.name: seat.link is None for seat in self.members(room)}
        listed.update(more)
        self.add("who", None, {"room": room, "users":
                               [[name, away] for name, away in listed.items()
                                if away is not None]})

    def end(self):
        self.add("settled", None, None)
        return judge(self.records, GRACE)
