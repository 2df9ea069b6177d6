#!/usr/bin/python3
"""1,000,000 pings are sent and no pong is read, with and without their limit:
memory stays flat, and the talk is unharmed."""

import time

import arena
import wsproto


def send_pings(port, many):
    """By one connection after the other, when they are ended; returns how
    many these were."""
    wsproto.PORT = port
    pings = wsproto.frame(wsproto.PING, b"12345678") * 1000
    sent = connections = 0
    while sent < many:
        peer = wsproto.Peer("/echo", receive_buffer=4096)
        peer.sock.settimeout(2)
        connections += 1
        try:
            while sent < many:
                peer.sock.sendall(pings)
                sent += 1000
        except OSError:
            sent += 1000
        peer.sock.close()
    return connections


def row(it):
    # It would keep what TLS frees with each record.
    arena.tell_sanitizer("quarantine_size_mb=0:"
                         "thread_local_quarantine_size_kb=0")
    memory, connections = [], []
    seconds = 1 if it.short else 5
    many = it.count(1_000_000, 50_000)

    def play(fault, options):
        server = it.server(options)
        crowd = it.crowd(server, "-n", 200)
        time.sleep(1)
        base = arena.memory_kb(server.pids())
        begin = time.monotonic()
        if fault:
            connections.append(send_pings(server.port, many))
            memory.append(arena.memory_kb(server.pids()) - base)
        time.sleep(max(0, begin + seconds - time.monotonic()))
        judge = crowd.stop()
        server.stop()
        return judge

    it.unharmed(lambda fault: play(fault, arena.UNLIMITED), it.count(5, 1))
    it.tell("pings", many)
    it.tell("connections", max(connections))
    judge = play(True, "limits { message-rate = 0 control-rate = 0 }")
    it.tell("without-limit-connections", connections[-1])
    it.tell("without-limit-p99-ms", judge.trace.times[2] / 1000)
    it.judge(judge)
    it.must("memory-KB", max(memory), 2048)


arena.main(row)
