"""One who does at random what people do, and comes back when cut off.

He keeps what a good client keeps: his token, the number of the last line of
his room, and what was not acknowledged, which he sends again under its id.
"""
import asyncio

from world import NAMES, ROOMS, Link, Stuck

DEEDS = {"say": 60, "whisper": 9, "rename": 7, "move": 4, "vanish": 7,
         "take_over": 2, "leave": 2, "give_up": 1, "say_again": 3,
         "ask_history": 2, "ask_who": 2}
OF_RESIDENTS = ("say", "whisper", "say_again", "ask_history", "ask_who")


class Player:
    def __init__(self, world, number, room, is_resident):
        self.world, self.number, self.room = world, number, room
        self.random = world.chance(number)
        deeds = OF_RESIDENTS if is_resident else tuple(DEEDS)
        self.deeds, self.weights = deeds, [DEEDS[deed] for deed in deeds]
        self.link = None
        self.said = 0
        self.is_gone = False        # stays away to the end
        self.forget()

    def forget(self):
        """A new life, or none."""
        self.life = self.token = self.name = None
        self.last = 0               # number heard in the room
        self.unacked = {}           # id: the message
        self.acked = []             # the latest
        self.pending = {}           # what is asked and not answered: when
        self.roster = []            # of a list that comes in pages

    # -- coming and going ------------------------------------------------------

    async def arrive(self):
        """Until a connection stands, by token when there is one."""
        end = self.world.now() + self.world.patience
        while not await self.connect(self.random.random() < 0.7):
            if self.world.now() > end:
                raise Stuck(f"player {self.number} does not get in")
            await asyncio.sleep(0.05)

    async def connect(self, with_after):
        # Whose move was not answered does not know whose room's number he has.
        after = self.last if self.token and with_after and \
            "move" not in self.pending else None
        path = "/chat" + ("/" + self.room if self.room else "")
        offered = self.random.random() < 0.3
        link = Link(self.world, self, self.life, self.token, after)
        if not await link.dial(path, self.token, after, offered):
            return False
        for message in list(self.unacked.values()):
            await self.send_message(message)
        return True

    def enter(self, link, welcome):
        if not welcome["resumed"]:
            self.forget()
            self.life = link.number
        if not welcome["resumed"] or welcome["room"] != self.room:
            self.last = welcome["seq"]
        self.link = link
        self.token = welcome["resume"]
        self.name, self.room = welcome["name"], welcome["room"]
        # What was asked on an earlier connection is not answered on this one.
        self.pending = {}

    async def run(self, pace):
        while not self.world.is_ending:
            if self.link is None:
                await self.arrive()
            await asyncio.sleep(self.random.expovariate(pace))
            if self.world.is_ending or self.link is None:
                continue
            deed, = self.random.choices(self.deeds, self.weights)
            await getattr(self, deed)(self.link)

    # -- deeds -----------------------------------------------------------------

    async def say(self, link):
        if len(self.unacked) >= 20:
            return
        self.said += 1
        number = f"{self.life}.{self.said}"
        message = {"id": number, "text": f"{number} " + self.random.choice(
            ("", "x", "\u2603 \U0001f680", "/who", "line\nbreak",
             "y" * 300, "z" * 3000))}
        if self.random.random() < 0.05:
            message["action"] = True
        self.unacked[number] = message
        await self.send_message(message)

    async def send_message(self, message):
        if self.link:
            self.pending.setdefault(message["id"], self.world.now())
            await self.link.send("message", **message)

    async def say_again(self, link):
        recent = [message for when, message in self.acked
                  if when > self.world.now() - 20]
        if recent:
            await self.send_message(self.random.choice(recent))

    async def whisper(self, link):
        others = [player for player in self.world.players
                  if player is not self and player.name]
        if not others or len(self.pending) > 20:
            return
        count = self.random.choice((1, 1, 2, 4))
        names = {player.name for player in
                 self.random.sample(others, min(count, len(others)))}
        names.discard(self.name)
        if not names:
            return
        to = sorted(names)
        self.said += 1
        text = f"whisper {self.life}.{self.said}"
        self.pending[text] = self.world.now()
        await link.send("whisper", to=to[0] if len(to) == 1 else to,
                        text=text)

    async def rename(self, link):
        if "nick" in self.pending:
            return
        name = self.random.choice(NAMES)
        if name != self.name:
            self.pending["nick"] = self.world.now()
            await link.send("nick", name=name)

    async def move(self, link):
        if "move" in self.pending or "history" in self.pending:
            return
        room = self.random.choice([room for room in ROOMS
                                   if room != self.room])
        self.pending["move"] = self.world.now()
        await link.send("join", room=room)

    async def vanish(self, link):
        await link.cut(self.random.choice(("reset", "dropped")))

    async def take_over(self, link):
        """A second connection while the first stands; the first ends."""
        if "move" in self.pending:
            return
        link.is_deaf, link.how = True, "replaced"
        self.world.record("deaf", link.number, None)
        self.link = None
        while not await self.connect(True):
            await asyncio.sleep(0.05)
        await link.over()

    async def leave(self, link):
        link.how = "left"
        await link.client.leave()
        await link.over()
        self.forget()

    async def give_up(self, link):
        """Comes back when it is too late, if time is left for that."""
        await link.cut("reset")
        end = self.world.now() + self.world.grace + 3
        while self.world.now() < end:
            if self.world.is_ending:
                self.is_gone = True
                return
            await asyncio.sleep(0.1)

    async def ask_history(self, link):
        if self.last > 0 and "history" not in self.pending and \
                "move" not in self.pending:
            self.pending["history"] = self.world.now()
            await link.send("history", before=self.last + 1,
                            count=self.random.randint(1, 100))

    async def ask_who(self, link):
        if "who" not in self.pending:
            self.pending["who"] = self.world.now()
            self.roster = []
            await link.send("who")

    # -- what comes ------------------------------------------------------------

    def take(self, link, event):
        handler = getattr(self, "on_" + event["type"], None)
        if handler:
            handler(link, event)

    def on_welcome(self, link, event):
        if event.get("moved"):
            self.pending.pop("move", None)
            self.room, self.last = event["room"], event["seq"]
        else:
            self.enter(link, event)

    def on_message(self, link, event):
        self.last = event["seq"]

    def on_lost(self, link, event):
        self.last = event["to"]

    def on_rename(self, link, event):
        if event["from"] == self.name:
            self.name = event["to"]
            self.pending.pop("nick", None)

    def on_ack(self, link, event):
        self.pending.pop(event["id"], None)
        message = self.unacked.pop(event["id"], None)
        if message:
            self.acked = self.acked[-9:] + [(self.world.now(), message)]

    def on_whispered(self, link, event):
        self.pending.pop(event["text"], None)

    def on_history(self, link, event):
        self.pending.pop("history", None)

    def on_error(self, link, event):
        if event["code"].startswith("name"):
            self.pending.pop("nick", None)
        else:
            self.pending.pop("move", None)

    def on_who(self, link, event):
        self.roster += [[user["name"], user.get("away", False)]
                        for user in event["users"]]
        if event.get("more"):
            self.page = asyncio.create_task(
                link.send("who", after=self.roster[-1][0]))
        else:
            self.pending.pop("who", None)
