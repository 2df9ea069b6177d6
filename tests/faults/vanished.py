#!/usr/bin/python3
"""A client in a network namespace vanishes: its packets and the server's are
dropped, nobody sends a FIN or an RST.  It is gone after the ping timeout, and
announced once.  Needs root and ip(8)."""

import os
import shutil
import subprocess
import sys
import time

import arena

INTERVAL, TIMEOUT = 2, 3

CLIENT = """
import socket, sys
sock = socket.create_connection(("10.213.0.1", int(sys.argv[1])), 10)
sock.sendall(b"GET /chat HTTP/1.1\\r\\nHost: x\\r\\nUpgrade: websocket\\r\\n"
             b"Connection: Upgrade\\r\\nSec-WebSocket-Version: 13\\r\\n"
             b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n")
got = b""
while b"connected!" not in got:
    got += sock.recv(4096)
print("here", flush=True)
sys.stdin.read()
"""


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def spawn_inside(space, port):
    client = subprocess.Popen(
        ["ip", "netns", "exec", space, sys.executable, "-c", CLIENT,
         str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if client.stdout.readline() != b"here\n":
        raise SystemExit("the client did not join")
    return client


def row(it):
    if os.getuid() != 0 or not shutil.which("ip"):
        print("vanished: skipped, needs root and ip(8)")
        raise SystemExit(0)
    space, link = f"wsf{os.getpid()}", f"wsf{os.getpid() % 100000}"
    ip("netns", "add", space)
    try:
        ip("link", "add", link, "type", "veth", "peer", "name", "far",
           "netns", space)
        ip("addr", "add", "10.213.0.1/30", "dev", link)
        ip("link", "set", link, "up")
        ip("-n", space, "addr", "add", "10.213.0.2/30", "dev", "far")
        ip("-n", space, "link", "set", "far", "up")
        play(it, space)
    finally:
        ip("netns", "del", space)


def play(it, space):
    from wsproto import Silence
    import wsproto
    server = it.server(
        f"limits {{ ping-interval = {INTERVAL} ping-timeout = {TIMEOUT} }}",
        route="announce = yes", listen="10.213.0.1:0")
    wsproto.HOST, wsproto.PORT = "10.213.0.1", server.port
    took, said = [], []
    for _ in range(it.count(5, 1)):
        witness = wsproto.Chatter("/chat")
        client = spawn_inside(space, server.port)
        it.programs.append(client)
        time.sleep(0.2)
        # Its host takes no packet and answers none.
        ip("-n", space, "addr", "del", "10.213.0.2/30", "dev", "far")
        begin = time.monotonic()
        leaves = 0
        while leaves == 0:
            leaves += "left" in witness.hear(INTERVAL + TIMEOUT + 10)
        took.append(time.monotonic() - begin)
        try:
            while True:
                leaves += "left" in witness.hear(1.0)
        except Silence:
            pass
        said.append(leaves)
        client.kill()
        ip("-n", space, "addr", "add", "10.213.0.2/30", "dev", "far")
        witness.leave()
        time.sleep(0.2)
    it.tell("clients", len(took))
    it.tell("ping-interval+timeout-s", INTERVAL + TIMEOUT)
    it.must("gone-after-max-s", max(took), INTERVAL + TIMEOUT + 1.0,
            timing=True)
    it.must_be("announced-min", min(said), 1)
    it.must_be("announced-max", max(said), 1)


arena.main(row)
