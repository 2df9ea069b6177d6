#!/usr/bin/python3
"""The log's lines that cannot be written, because nobody reads the pipe or
the disk is full: the server serves on as fast as before, and says how many
they were.  strace counts independently: each line is one write(2), and those
that failed must be as many as were told."""

import os
import re
import subprocess
import time

import arena
from wsproto import get
import wsproto

OPTIONS = "log-level = debug limits { message-rate = 0 }"
LINE = re.compile(r'^(\d+) +write\(2, "(.*)"(?:\.\.\.)?, (\d+)\) += (-?\d+)')


class Witness:
    """strace on all processes: what they write to descriptor 2."""

    def __init__(self, it, server):
        self.path = os.path.join(it.folder, f"strace-{server.pid}")
        pids = [word for pid in server.pids() for word in ("-p", str(pid))]
        self.process = subprocess.Popen(
            ["strace", "-q", "-e", "trace=write", "-s", "300", "-o",
             self.path, *pids], stderr=subprocess.PIPE)
        it.programs.append(self.process)
        for pid in server.pids():
            arena.eventually(lambda: re.search(
                r"TracerPid:\t[1-9]", arena.read_proc(pid, "status")),
                "strace")

    def end(self):
        """(lines written, lines not written, lines told as lost)."""
        self.process.terminate()
        self.process.wait(10)
        written = failed = told = 0
        with open(self.path, errors="replace") as file:
            for m in filter(None, map(LINE.match, file)):
                note = re.search(r'log lines lost\\" lines=(\d+)', m[2])
                good = int(m[4]) == int(m[3])
                if note:
                    told += int(note[1]) if good else 0
                elif good:
                    written += 1
                # A line is not tried when its process has lines to tell of
                # and even that fails.
                failed += not good
        return written, failed, told


def talk(server, visits):
    """Requests that are told in the log, a line each at least; returns how
    long the slowest took, in ms."""
    wsproto.PORT, slowest = server.port, 0
    for _ in range(visits):
        begin = time.monotonic()
        get("/nowhere")
        slowest = max(slowest, time.monotonic() - begin)
    return slowest * 1000


def judge(it, name, server, witness, visits, slowest):
    written, failed, told = witness.end()
    it.must_be(name + "lines", written + failed, visits)
    it.must_be(name + "were-lost", failed > 0, True)
    it.must_be(name + "told-as-lost", told, failed)
    it.must(name + "slowest-ms", slowest, 100, timing=True)
    it.must_be(name + "serves", len(server.worker_pids()), 2)


def play(it, name, server, relieve):
    visits = it.count(2000, 600)
    witness = Witness(it, server)
    slowest = talk(server, visits)
    relieve()
    # A process says what it has lost with its next line.
    talk(server, 40)
    judge(it, name, server, witness, visits + 40, slowest)
    server.stop()


def unread(it):
    reader, writer = os.pipe()
    server = it.server(OPTIONS, stderr=writer, workers=2)
    os.close(writer)
    text = b""
    while not (port := re.search(rb'listening on http://[^"]*:(\d+)', text)):
        text += os.read(reader, 65536)
    server.port = int(port[1])
    arena.eventually(server.is_ready, "a ready server", pause=0.01)
    os.set_blocking(reader, False)

    def empty():
        try:
            while os.read(reader, 1 << 20):
                pass
        except BlockingIOError:
            pass
    empty()
    play(it, "unread-", server, empty)
    os.close(reader)


def full(it):
    disk = os.path.join(it.folder, "disk")
    os.mkdir(disk)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk],
                   check=True)
    try:
        with open(os.path.join(disk, "log"), "ab") as log:
            server = it.server(OPTIONS, stderr=log, workers=2)
        path = os.path.join(disk, "log")

        def port():
            with open(path) as file:
                return re.search(r'listening on http://[^"]*:(\d+)',
                                 file.read())
        server.port = int(arena.eventually(port, "a listener")[1])
        arena.eventually(server.is_ready, "a ready server", pause=0.01)
        play(it, "full-", server, lambda: os.truncate(path, 0))
    finally:
        subprocess.run(["umount", disk], check=True)


def row(it):
    unread(it)
    full(it)


arena.main(row)
