"""What happened, in the order in which it was seen, and what it is about.

A trace is a list of records [time, kind, connection, what], with nothing but
JSON in it; the place in the list is the time that the checks reckon with:

open      {player, life, after, token}: a connection is made; life is the one
          to resume, or null
up        {port}: the handshake was answered
send      a request; what begins with "_" was not sent: _targets of a whisper
recv      an event
deaf      nothing is recorded from here on: another connection takes over
close     {how, code}: refused, left, reset, dropped, replaced, or broken,
          which is none of the client's doing
kill      {what, ports}: worker or broker; of which clients, null: not known
who       {room, users: [[name, away]]}: all pages, after everything settled
settled   the end; nothing behind it is judged

A life is a member, from the connection that made it to its leave; its number
is that connection's.  A stay is the part of a connection in one room.
"""
FOREVER = 1 << 60


class Stay:
    def __init__(self, connection, kind, at, welcome):
        self.connection = connection
        self.kind = kind                # join, resume, move
        self.at = at
        self.welcome = welcome
        self.room = welcome["room"]
        self.events = []                # (at, event)
        self.has_moved_on = False


class Connection:
    def __init__(self, number, at, time, what):
        self.number, self.opened, self.opened_time = number, at, time
        self.player, self.resumes = what["player"], what["life"]
        self.after, self.token = what["after"], what["token"]
        self.port = None
        self.life = None                # its number, once welcome is there
        self.stays = []
        self.sent, self.heard = [], []  # (at, object)
        self.closed, self.closed_time = FOREVER, None
        self.how, self.code = None, None

    @property
    def is_alive(self):
        return self.closed == FOREVER

    @property
    def last_word(self):
        """Where it last said or heard something; it may have begun to leave
        right behind that."""
        return max((at for at, _ in self.sent + self.heard),
                   default=self.opened)

    def end(self, at, time, how):
        if self.closed == FOREVER:
            self.closed, self.closed_time, self.how = at, time, how

    def hear(self, at, event):
        self.heard.append((at, event))
        if event["type"] == "welcome":
            self.arrive(at, event)
        elif self.stays:
            self.stays[-1].events.append((at, event))

    def arrive(self, at, welcome):
        if self.stays:
            self.stays[-1].has_moved_on = True
            kind = "move"
        elif self.resumes is not None and welcome.get("resumed"):
            self.life, kind = self.resumes, "resume"
        else:
            self.life, kind = self.number, "join"
        self.stays.append(Stay(self, kind, at, welcome))


class Story:
    """The trace, by connections, lives and what was sent."""

    def __init__(self, records):
        self.times = [record[0] for record in records]
        self.connections, self.kills, self.rosters = {}, [], []
        self.is_settled = False
        for at, (time, kind, number, what) in enumerate(records):
            if kind == "settled":
                self.is_settled = True
                break
            self.take(at, time, kind, number, what)
        self.lives = {}
        for connection in self.connections.values():
            if connection.life is not None:
                self.lives.setdefault(connection.life, []).append(connection)
        self.find_sent()

    def take(self, at, time, kind, number, what):
        if kind == "open":
            self.connections[number] = Connection(number, at, time, what)
            return
        if kind == "kill":
            self.kills.append((at, time, what))
            return
        if kind == "who":
            self.rosters.append((at, what))
            return
        connection = self.connections[number]
        if kind == "up":
            connection.port = what["port"]
        elif kind == "send":
            connection.sent.append((at, what))
        elif kind == "recv":
            connection.hear(at, what)
        elif kind == "deaf":
            connection.end(at, time, "replaced")
        elif kind == "close":
            connection.end(at, time, what["how"])
            connection.code = what["code"]

    def find_sent(self):
        """Texts are unique: who first sent each, and when."""
        self.messages, self.whispers = {}, {}
        for connection in self.connections.values():
            for at, what in connection.sent:
                if what["type"] == "message":
                    self.messages.setdefault(what["text"],
                                             (connection.life, at, what))
                elif what["type"] == "whisper":
                    self.whispers[what["text"]] = (connection, at, what)

    def stays(self):
        for connection in self.connections.values():
            yield from connection.stays

    def was_killed(self, connection):
        """Whether its worker was killed while it was there."""
        return any(at > connection.opened and what["what"] == "worker" and
                   (what["ports"] is None or connection.port in what["ports"])
                   for at, _, what in self.kills)
