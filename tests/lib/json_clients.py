"""Python's websockets and node's ws in one room, in JSON.

Argument: the path of ws_client.mjs.
"""
import asyncio
import json
import sys

from jsonchat import ANY, HOST, PATIENCE, PORT, eq, error, event, matches, \
    message
import websockets

URL = f"ws://{HOST}:{PORT}/chat"


class Library:
    async def start(self):
        self.socket = await websockets.connect(
            URL, subprotocols=["other", "wschat.v1"])
        eq(self.socket.subprotocol, "wschat.v1")

    async def hear(self):
        return json.loads(await asyncio.wait_for(self.socket.recv(),
                                                 PATIENCE))

    async def ask(self, **request):
        await self.socket.send(json.dumps(request))


class Node:
    async def start(self, script):
        pipe = asyncio.subprocess.PIPE
        self.process = await asyncio.create_subprocess_exec(
            "node", script, URL, "wschat.v1", stdin=pipe, stdout=pipe)
        eq(await self.line(), {"open": True, "protocol": "wschat.v1"})

    async def line(self):
        return json.loads(await asyncio.wait_for(
            self.process.stdout.readline(), PATIENCE))

    async def hear(self):
        return json.loads((await self.line())["text"])

    async def ask(self, **request):
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        await self.process.stdin.drain()

    async def leave(self):
        self.process.stdin.close()
        eq(await self.line(), {"close": 1000, "reason": ""})
        eq(await self.process.wait(), 0, "node's exit status")


async def expect(one, *events):
    for want in events:
        got = await one.hear()
        assert matches(want, got), f"want {want}\n    got  {got}"


async def main(script):
    python, node = Library(), Node()
    await python.start()
    await expect(python, event("welcome", name="user0", room="", users=1,
                               epoch=ANY, seq=0, resume=ANY, resumed=False),
                 event("join", name="user0", users=1, seq=0))
    await node.start(script)
    await expect(node, event("welcome", name="user1", room="", users=2,
                             epoch=ANY, seq=0, resume=ANY, resumed=False),
                 event("join", name="user1", users=2, seq=0))
    await expect(python, event("join", name="user1", users=2, seq=0))
    await python.ask(type="message", text="from Python \u2603\n", id="1")
    for one in python, node:
        await expect(one, message(1, "user0", "from Python \u2603\n",
                                  id="1"))
    await expect(python, event("ack", id="1", seq=1))
    await node.ask(type="whisper", to=["user0"], text="from node \U0001f680")
    await expect(python, event("whisper", from_="user1",
                               text="from node \U0001f680"))
    await expect(node, event("whispered", to=["user0"], lost=[],
                             text="from node \U0001f680"))
    await node.ask(type="nonsense", id="2")
    await expect(node, error("unknown-type", id="2"))
    await node.leave()
    await expect(python, event("leave", name="user1", users=1, seq=1))
    await python.socket.close()
    eq(python.socket.close_code, 1000, "close code seen by websockets")


asyncio.run(main(sys.argv[1]))
