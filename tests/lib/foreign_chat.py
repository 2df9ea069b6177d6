"""A server of wschat.v1 that shares nothing with wschatd: Python's websockets.

Started with a folder: writes the port it took to FOLDER/port and what was said
to FOLDER/said, a line for each message.  Members do what tests need when they
say one of these, after it was said:

!drop      the connection is cut without an acknowledgement
!forget    all sessions are forgotten, then as !drop
!restart   all is forgotten, messages and numbers too, then as !drop
!close N   a close frame with code N
!bad       a message that is no JSON
!refuse    is not said: answered with an error
!flood     five messages with what a terminal must not see
"""
import asyncio
import base64
import json
import os
import sys
import time
from urllib.parse import parse_qs, urlsplit

import websockets

KEPT = 100              # messages

FOLDER = sys.argv[1]


class Member:
    def __init__(self, name):
        self.name = name
        self.ids = {}
        self.socket = None


class Server:
    def __init__(self):
        self.number = 0
        self.forget_all()

    def forget_all(self):
        self.epoch = os.urandom(16).hex()
        self.messages = []
        self.seq = 0
        self.sessions = {}
        self.sockets = {}

    # -- one connection --------------------------------------------------------

    async def serve(self, socket):
        token, after = self.wish(socket)
        member = self.sessions.get(token)
        resumed = member is not None
        if not resumed:
            member = Member(f"user{self.number}")
            self.number += 1
            token = base64.urlsafe_b64encode(os.urandom(16))[:22].decode()
            self.sessions[token] = member
        self.sockets[socket] = member
        await self.tell(socket, {
            "type": "welcome", "name": member.name, "room": "",
            "users": len(self.sockets), "epoch": self.epoch, "seq": self.seq,
            "resume": token, "resumed": resumed})
        if resumed:
            await self.catch_up(socket, after)
        try:
            async for text in socket:
                await self.take(socket, member, json.loads(text))
        except websockets.ConnectionClosed:
            pass
        finally:
            self.sockets.pop(socket, None)

    def wish(self, socket):
        """The token and the number a client comes with."""
        offered = socket.request_headers.get("Sec-WebSocket-Protocol", "")
        tokens = [one.strip()[len("wschat.resume."):]
                  for one in offered.split(",")
                  if one.strip().startswith("wschat.resume.")]
        query = parse_qs(urlsplit(socket.path).query)
        after = query.get("after", ["0"])[0]
        return (tokens[0] if tokens else None), int(after)

    async def catch_up(self, socket, after):
        first = self.messages[0]["seq"] if self.messages else self.seq + 1
        if after + 1 < first:
            await self.tell(socket, {"type": "lost", "from": after + 1,
                                     "to": first - 1})
        for message in self.messages:
            if message["seq"] > after:
                await self.tell(socket, {"type": "message", **message})

    async def tell(self, socket, event):
        try:
            await socket.send(json.dumps(event))
        except websockets.ConnectionClosed:
            pass

    async def tell_all(self, event):
        for socket in list(self.sockets):
            await self.tell(socket, event)

    # -- requests --------------------------------------------------------------

    async def take(self, socket, member, request):
        handlers = {"message": self.on_message, "nick": self.on_nick,
                    "history": self.on_history, "who": self.on_who,
                    "ping": self.on_ping, "whisper": self.on_whisper,
                    "rooms": self.on_rooms, "join": self.on_join}
        await handlers[request["type"]](socket, member, request)

    async def on_message(self, socket, member, request):
        text, id = request["text"], request["id"]
        if text == "!refuse":
            await self.tell(socket, {"type": "error", "code": "refused",
                                     "text": "That is refused.", "id": id})
            return
        if id in member.ids:
            await self.tell(socket, {"type": "ack", "id": id,
                                     "seq": member.ids[id], "again": True})
            return
        member.ids[id] = self.seq + 1
        await self.say(member.name, text, id, request.get("action"))
        if text.startswith("!"):
            await self.perform(socket, text)
        await self.tell(socket, {"type": "ack", "id": id,
                                 "seq": member.ids[id]})

    async def say(self, name, text, id=None, action=None):
        self.seq += 1
        message = {"seq": self.seq, "from": name, "text": text,
                   "time": int(time.time() * 1000)}
        if id:
            message["id"] = id
        if action:
            message["action"] = True
        self.messages = [*self.messages, message][-KEPT:]
        with open(f"{FOLDER}/said", "a") as said:
            said.write(json.dumps(f"{name}: {text}") + "\n")
        await self.tell_all({"type": "message", **message})

    async def perform(self, socket, text):
        word, *rest = text.split()
        if word == "!forget":
            self.sessions.clear()
        elif word == "!restart":
            self.forget_all()
        elif word == "!close":
            await socket.close(int(rest[0]), "so it was wanted")
        elif word == "!bad":
            await socket.send("[not an object]")
        elif word == "!flood":
            for text in ("\x1b]0;title\x07", "a\nb", "\x9b31m", "\u202edcba",
                         "\x7f\x08"):
                await self.say("e\x1bvil", text)
        if word in ("!drop", "!forget", "!restart"):
            socket.transport.abort()
            # What is said from now on is said to others.
            self.sockets.pop(socket, None)
            await self.say("other", "meanwhile")

    async def on_nick(self, socket, member, request):
        name = request["name"]
        if name == "taken":
            await self.tell(socket, {"type": "error", "code": "name-taken",
                                     "text": "The name is taken."})
            return
        event = {"type": "rename", "from": member.name, "to": name,
                 "seq": self.seq}
        member.name = name
        await self.tell_all(event)

    async def on_history(self, socket, member, request):
        before, count = request["before"], request["count"]
        found = [m for m in self.messages if m["seq"] < before]
        await self.tell(socket, {
            "type": "history", "messages": found[-count:],
            "more": len(found) > count})

    async def on_who(self, socket, member, request):
        names = [{"name": one.name} for one in self.sockets.values()]
        await self.tell(socket, {"type": "who", "users": names})

    async def on_whisper(self, socket, member, request):
        await self.tell(socket, {"type": "whispered", "to": request["to"],
                                 "lost": [], "text": request["text"]})

    async def on_rooms(self, socket, member, request):
        await self.tell(socket, {"type": "rooms",
                                 "rooms": [{"name": "", "users": 1}]})

    async def on_join(self, socket, member, request):
        await self.tell(socket, {
            "type": "welcome", "name": member.name, "room": request["room"],
            "users": 1, "seq": self.seq, "moved": True})

    async def on_ping(self, socket, member, request):
        await self.tell(socket, {"type": "pong"})


async def main():
    server = Server()
    async with websockets.serve(server.serve, "127.0.0.1", 0,
                                subprotocols=["wschat.v1"]) as listener:
        port = listener.sockets[0].getsockname()[1]
        with open(f"{FOLDER}/port.new", "w") as file:
            file.write(str(port))
        os.rename(f"{FOLDER}/port.new", f"{FOLDER}/port")
        await asyncio.Future()


asyncio.run(main())
