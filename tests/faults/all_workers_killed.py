#!/usr/bin/python3
"""All workers are killed at once: no connect is refused, a new client is
served within 500 ms, and who resumes has lost nothing."""

import os
import signal
import socket
import time

import arena

HEAD = (b"GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")


def is_served(port):
    """One new client, greeted or not; connect() must not fail."""
    with socket.create_connection(("127.0.0.1", port), 10) as sock:
        try:
            sock.sendall(HEAD)
            got = b""
            while b"connected!" not in got:
                more = sock.recv(4096)
                if not more:
                    return False
                got += more
            return True
        except OSError:
            return False


def row(it):
    server = it.server()
    crowd = it.crowd(server, "-n", it.size(500), "-w", 10)
    took, tries, refused = [], 0, 0
    for _ in range(it.count(20, 1)):
        time.sleep(1)
        begin = time.monotonic()
        for pid in server.worker_pids():
            os.kill(pid, signal.SIGKILL)
        while True:
            tries += 1
            try:
                if is_served(server.port):
                    break
            except OSError:
                refused += 1
        took.append((time.monotonic() - begin) * 1000)
        arena.eventually(lambda: len(server.worker_pids()) == 4, "workers")
    time.sleep(1)
    judge = crowd.stop()
    # A connection that was accepted and not served: the client came again.
    again = [note for note in judge.trace.notes["refused"]
             if note[1] == "connect-failed"]
    it.tell("kills", len(took))
    it.must("serving-p95-ms", arena.share(took, 0.95), 500, timing=True)
    it.tell("serving-max-ms", max(took))
    it.must_be("connects-refused", refused, 0)
    it.tell("handshakes-cut", len(again))
    it.judge(judge)


if __name__ == "__main__":
    arena.main(row)
