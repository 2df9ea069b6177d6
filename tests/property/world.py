"""What the players have in common: the trace, the clock, chance, and links.

A link is a connection in use: everything that comes is recorded, then given
to its player.
"""
import asyncio
import random
import time

import websockets

from jsonpeer import JsonClient, NotServed, closed_with

ROOMS = ("", "lab", "tea")
NAMES = [first + last for first in ("anna", "bert", "clara", "doro", "emil")
         for last in ("", "-b", "-k", "-w")]


class Stuck(Exception):
    """Something awaited does not come."""


class World:
    def __init__(self, seed, grace, patience):
        self.seed, self.grace, self.patience = seed, grace, patience
        self.records, self.links = [], []
        self.begin = time.monotonic()
        self.players = []
        self.is_ending = False
        self.broker_died = 0.0
        self.failure = None         # of a reader: nothing can go on

    def chance(self, who):
        return random.Random(f"{self.seed} {who}")

    def now(self):
        return time.monotonic() - self.begin

    def record(self, kind, number, what):
        self.records.append([self.now(), kind, number, what])

    async def until(self, condition, what):
        """Waits until it is true; what is awaited is said when it is not."""
        end = self.now() + self.patience
        while not condition():
            if self.failure:
                raise self.failure
            if self.now() > end:
                raise Stuck(f"not within {self.patience} s: {what}")
            await asyncio.sleep(0.01)

    def oldest_pending(self):
        """When the oldest request that is not answered was sent."""
        return min((when for player in self.players if player.link
                    for when in player.pending.values()), default=self.now())


class Link:
    def __init__(self, world, player, life, token, after):
        self.world, self.player = world, player
        self.number = len(world.links)
        world.links.append(self)
        self.how = None             # how it ends, when its player ends it
        self.is_deaf = False
        self.client = self.welcome = self.reader = None
        self.is_over = False
        world.record("open", self.number, {
            "player": player.number, "life": life, "after": after,
            "token": token})

    async def dial(self, path, token, after, offered):
        """Whether there was a welcome."""
        try:
            self.client = await JsonClient.dial(path, token, after, offered,
                                                self.world.patience)
        except NotServed:
            self.end("refused", None)
            return False
        self.world.record("up", self.number, {"port": self.client.port})
        self.reader = asyncio.create_task(self.read())
        await self.world.until(lambda: self.welcome or self.is_over,
                               f"a welcome on connection {self.number}")
        return self.welcome is not None and not self.is_over

    async def read(self):
        try:
            while True:
                event = await self.client.hear(None)
                if self.is_deaf:
                    continue
                self.world.record("recv", self.number, event)
                if event["type"] == "welcome" and self.welcome is None:
                    self.welcome = event
                self.player.take(self, event)
        except websockets.ConnectionClosed as error:
            self.end(self.how or "broken", closed_with(error))
        except Exception as error:
            self.world.failure = error

    def end(self, how, code):
        self.world.record("close", self.number, {"how": how, "code": code})
        self.is_over = True
        if self.player.link is self:
            self.player.link = None

    async def send(self, kind, unsent=None, **members):
        self.world.record("send", self.number,
                          {"type": kind, **members, **(unsent or {})})
        try:
            await self.client.send(kind, **members)
        except websockets.ConnectionClosed:
            pass                    # the reader is told, too

    async def cut(self, how):
        """Vanishes; what had come before is taken first."""
        self.how = how
        if how == "reset":
            self.client.reset()
        else:
            self.client.drop()
        await self.over()

    async def over(self):
        await self.world.until(lambda: self.is_over,
                               f"the end of connection {self.number}")
