"""A text server that shares nothing with wschatd: Python's websockets.

Started with a folder, and perhaps a certificate and its key: writes the port
it took to FOLDER/port.  Every message comes back, a little later; a client
that says "binary" gets a binary message, one that says "close N" a close
frame with this code.
"""
import asyncio
import os
import ssl
import sys

import websockets

FOLDER = sys.argv[1]


async def serve(socket):
    async for text in socket:
        await asyncio.sleep(0.05)
        if text == "binary":
            await socket.send(b"\x00\xff")
        elif text.startswith("close "):
            await socket.close(int(text[6:]), "so it was wanted")
        else:
            await socket.send(text)


async def main():
    context = None
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
    async with websockets.serve(serve, "127.0.0.1", 0,
                                ssl=context) as listener:
        port = listener.sockets[0].getsockname()[1]
        with open(f"{FOLDER}/port.new", "w") as file:
            file.write(str(port))
        os.rename(f"{FOLDER}/port.new", f"{FOLDER}/port")
        await asyncio.Future()


asyncio.run(main())
