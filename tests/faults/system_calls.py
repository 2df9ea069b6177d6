#!/usr/bin/python3
"""System calls fail, each in turn, in parent, broker and worker: strace gives
EINTR, EAGAIN, ECONNABORTED, EPIPE and ETIMEDOUT instead of the call, while
clients do all they can.  No process ends, and nobody loses more than the one
connection concerned.

On accept also ENOBUFS, ENOMEM, EMFILE and ENFILE, for a second: the parent
does not spin, and serves again within a second."""

import os
import re
import socket
import subprocess
import sys
import time

import arena
import tour

ERRORS = ("EINTR", "EAGAIN", "ECONNABORTED", "EPIPE", "ETIMEDOUT")
SHORTAGES = ("ENOBUFS", "ENOMEM", "EMFILE", "ENFILE")
# What fails only when it is used wrongly, and what does not come back.
SURE = {"exit_group", "rt_sigreturn", "restart_syscall", "munmap", "brk",
        "close", "getpid", "clock_gettime", "rt_sigaction", "rt_sigprocmask",
        "execve", "clone", "clone3", "vfork", "fork"}


class Strace:
    """Attached to one process for the length of a `with`."""

    def __init__(self, pid, *options):
        self.pid = pid
        self.process = subprocess.Popen(
            ["strace", "-q", *options, "-p", str(pid)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        def is_attached():
            if self.process.poll() is not None:
                raise SystemExit("strace cannot attach")
            return re.search(r"TracerPid:\t[1-9]",
                             arena.read_proc(self.pid, "status"))
        arena.eventually(is_attached, "strace")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)


class Trial:
    def __init__(self, it):
        self.it = it
        tour.make_certificate(it.folder)
        self.server = it.server(
            tour.CONFIG % {"folder": it.folder}, workers=1, listen=None,
            route=tour.ROUTE)
        self.guide = tour.Guide(self.server)
        self.watchers = tour.Watchers(self.guide)
        self.most = self.injected = 0

    def pids(self):
        return {"parent": self.server.pid, "broker": self.server.broker_pid(),
                "worker": self.server.worker_pids()[0]}

    def calls(self, role):
        """How often each call comes in a tour."""
        path = os.path.join(self.it.folder, f"calls-{role}")
        with Strace(self.pids()[role], "-o", path):
            self.guide.tour()
            self.watchers.mark()
        counts = {}
        with open(path, errors="replace") as file:
            for line in file:
                call = re.match(r"(?:\d+ +)?(\w+)\(", line)
                if call and call[1] not in SURE:
                    counts[call[1]] = counts.get(call[1], 0) + 1
        return counts

    def fail(self, role, call, error, number):
        before = self.pids()
        path = os.path.join(self.it.folder, "injected")
        with Strace(before[role], "-o", path, "-e", f"trace={call}", "-e",
                    f"inject={call}:error={error}:when={number}"):
            guide, marks = self.guide.tour(), self.watchers.mark()
        with open(path, errors="replace") as file:
            if "(INJECTED)" not in file.read():
                return
        self.injected += 1
        lost = guide.lost + marks.lost
        silent = guide.silent + marks.silent
        self.most = max(self.most, len(lost))
        ended = self.pids() != before
        if len(lost) > 1 or silent or ended:
            what = f"{role} {call} {error} {number}"
            print(f"system_calls: {what}: lost {lost}, silent {silent}"
                  f"{', a process has ended' if ended else ''}",
                  file=sys.stderr)
            self.it.wrong.append(what)
        arena.eventually(self.server.is_ready, "a ready server", pause=0.01)
        self.watchers.fill()


def shortage(it, trial, error):
    """No connection can be accepted for a second."""
    server, tries = trial.server, 0
    with Strace(server.pid, "-o", os.path.join(it.folder, "injected"),
                "-e", "trace=accept4",
                "-e", f"inject=accept4:error={error}"):
        # The event of the listener, once.
        begin, busy = time.monotonic(), arena.cpu_s([server.pid])
        waiting = [socket.create_connection(("127.0.0.1", server.port), 2)
                   for _ in range(20)]
        while time.monotonic() < begin + 1:
            time.sleep(0.05)
        cpu = 100 * (arena.cpu_s([server.pid]) - busy)
        with open(os.path.join(it.folder, "injected")) as file:
            tries = file.read().count("INJECTED")
    begin = time.monotonic()
    arena.eventually(server.is_ready, "service", pause=0.01)
    again = (time.monotonic() - begin) * 1000
    for sock in waiting:
        sock.close()
    it.must(f"{error}-accepts-in-1s", tries, 100)
    it.must(f"{error}-cpu-%", cpu, 5, timing=True)
    it.must(f"{error}-again-ms", again, 1100, timing=True)


def row(it):
    trial = Trial(it)
    trial.guide.tour()
    for role in os.environ.get("ROLES", "parent broker worker").split():
        for i, (call, count) in enumerate(sorted(trial.calls(role).items())):
            step = it.count(1, max(1, count))
            # A sample has one for each call, in turn.
            errors = ERRORS[i % len(ERRORS):][:1] if it.short else ERRORS
            for error in errors:
                for number in range(1, count + 1, step):
                    trial.fail(role, call, error, number)
    again, marks = trial.guide.tour(), trial.watchers.mark()
    it.tell("injected", trial.injected)
    it.must("connections-lost-by-one", trial.most, 1)
    it.must_be("lost-or-silent-afterwards", len(
        again.lost + again.silent + marks.lost + marks.silent), 0)
    for error in SHORTAGES:
        shortage(it, trial, error)


arena.main(row)
