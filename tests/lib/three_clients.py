"""Python's websockets, node's ws and a raw peer in one room: each says a line
that all three must hear, and each leaves in good order.

Argument: the path of ws_client.mjs.
"""
import asyncio
import json

from wsproto import Chatter, HOST, PATIENCE, PORT, eq, sys, wait_for_users
import websockets

URL = f"ws://{HOST}:{PORT}/chat"


class NodeClient:
    async def start(self, script):
        pipe = asyncio.subprocess.PIPE
        self.process = await asyncio.create_subprocess_exec(
            "node", script, URL, stdin=pipe, stdout=pipe)
        eq(await self.event(), {"open": True})

    async def event(self):
        line = await asyncio.wait_for(self.process.stdout.readline(),
                                      PATIENCE)
        return json.loads(line)

    async def say(self, text):
        self.process.stdin.write(text.encode() + b"\n")
        await self.process.stdin.drain()

    async def hear(self):
        return (await self.event())["text"]

    async def leave(self):
        self.process.stdin.close()
        eq(await self.event(), {"close": 1000, "reason": ""})
        eq(await self.process.wait(), 0, "node's exit status")


def greeting(n):
    return f"You are connected! There are {n} users here."


async def main(script):
    raw = Chatter()
    library = await websockets.connect(URL)
    eq(await asyncio.wait_for(library.recv(), PATIENCE), greeting(2))
    node = NodeClient()
    await node.start(script)
    eq(await node.hear(), greeting(3))

    async def hear_all(line):
        eq(await asyncio.to_thread(raw.hear), line, "heard by the raw peer")
        eq(await asyncio.wait_for(library.recv(), PATIENCE), line,
           "heard by websockets")
        eq(await node.hear(), line, "heard by ws")

    raw.say("raw \u2603")
    await hear_all("[user0]: raw \u2603")
    await library.send("from Python")
    await hear_all("[user1]: from Python")
    await node.say("from node \U0001f680")
    await hear_all("[user2]: from node \U0001f680")

    await library.close()
    eq(library.close_code, 1000, "close code seen by websockets")
    await node.leave()
    await asyncio.to_thread(wait_for_users, 1)


asyncio.run(main(sys.argv[1]))
