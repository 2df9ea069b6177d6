#!/usr/bin/python3
"""10,000 connections are reset, in each state of the protocol in turn:
descriptors and the number of users are exactly what they were before, and
memory is after the second half what it was after the first."""

import socket
import struct

import arena
import wsproto
from wsproto import BINARY, CLOSE, PING, TEXT, frame, upgrade_head

CHAT, ECHO = upgrade_head("/chat"), upgrade_head("/echo")
WAIT = object()         # for the answer to what was sent so far
STATES = [
    [],
    [b"G"],
    [CHAT[:60]],
    [CHAT],
    [CHAT, WAIT],
    [CHAT + frame(TEXT, "x")],
    [CHAT, WAIT, frame(TEXT, "x")[:1]],
    [CHAT, WAIT, frame(TEXT, "x" * 3000)[:700]],
    [CHAT, WAIT, frame(TEXT, "x", fin=False)],
    [CHAT, WAIT, frame(TEXT, "x"), WAIT],
    [ECHO, WAIT, frame(BINARY, b"x" * 60000), frame(BINARY, b"x" * 60000)],
    [ECHO, WAIT, frame(PING, b"x"), WAIT],
    [CHAT, WAIT, frame(CLOSE, b"\x03\xe8")],
    [CHAT, WAIT, frame(CLOSE, b"\x03\xe8"), WAIT],
    [CHAT, WAIT, frame(0x3)],
    [CHAT, WAIT, frame(TEXT, b"\xff"), WAIT],
    [b"GET /healthz/live HTTP/1.1\r\nHost: x\r\n\r\n"],
    [b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", WAIT],
]


def reset(port, steps):
    sock = socket.create_connection(("127.0.0.1", port), 10)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    with sock:
        try:
            for step in steps:
                if step is WAIT:
                    sock.recv(65536)
                else:
                    sock.sendall(step)
        except OSError:
            pass


def row(it):
    many = it.count(10000, 500)
    server = it.server(workers=2)
    wsproto.PORT, wsproto.SERVER_PID = server.port, server.pid
    pids = server.pids()
    before = [arena.descriptors(pid) for pid in pids]
    for steps in STATES * 20:
        reset(server.port, steps)
    wsproto.wait_for_users(0)
    memory = [arena.memory_kb(pids)]
    for half in range(2):
        for number in range(many // 2):
            reset(server.port, STATES[number % len(STATES)])
        wsproto.wait_for_users(0)
        memory.append(arena.memory_kb(pids))
    arena.eventually(lambda: [arena.descriptors(pid) for pid in pids] ==
                     before, "as many descriptors as before", pause=0.01)
    it.tell("resets", many)
    it.tell("states", len(STATES))
    it.tell("descriptors", "/".join(map(str, before)))
    it.must_be("processes-as-before", server.pids() == pids, True)
    it.tell("memory-KB", "/".join(map(str, memory)))
    it.must("memory-second-half-KB", memory[2] - memory[1], 128)


arena.main(row)
