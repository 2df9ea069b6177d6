#!/usr/bin/python3
"""System calls fail, each in turn, in parent, broker and worker: strace gives
EINTR, EAGAIN, ECONNABORTED, EPIPE and ETIMEDOUT instead of the call, while
clients do all they can, while the server reloads, while broker or worker die
and are replaced, and while wschatctl asks.  No other process ends, nobody
loses more than the one connection concerned, and when nothing fails any more
all is as it was.

On accept also ENOBUFS, ENOMEM, EMFILE and ENFILE, for a second: the parent
does not spin, and serves again within a second.

ROLES, ACTS (acts.py), FROM and TO cut it into parts."""

import os
import re
import socket
import subprocess
import sys
import time

import acts
import arena
import tour

ERRORS = ("EINTR", "EAGAIN", "ECONNABORTED", "EPIPE", "ETIMEDOUT")
FORK_ERRORS = ("EAGAIN", "ENOMEM")
SHORTAGES = ("ENOBUFS", "ENOMEM", "EMFILE", "ENFILE")
# What fails only when it is used wrongly, and what does not come back.
SURE = {"exit_group", "rt_sigreturn", "restart_syscall", "munmap", "brk",
        "close", "getpid", "clock_gettime", "rt_sigaction", "rt_sigprocmask",
        "execve"}
TELLING = {"clone", "epoll_ctl", "fcntl", "mmap", "read", "wait4"}
FORKS = {"clone", "clone3", "vfork", "fork"}


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
        self.it, self.most, self.server = it, 0, None
        self.injected = self.missed = 0
        self.begin()

    def begin(self):
        if self.server:
            self.server.stop()
        self.server = self.it.server(
            tour.CONFIG % {"folder": self.it.folder}, workers=1,
            listen=None, route=tour.ROUTE)
        self.acts = acts.Acts(self.it.folder, self.server)
        self.acts.tour()

    def pids(self, act="tour"):
        """Of those who do not die in it."""
        pids = {"parent": [self.server.pid],
                "broker": [self.server.broker_pid()],
                "worker": self.server.worker_pids()}
        if act.endswith("_dies"):
            del pids[act.removesuffix("_dies")]
        return pids

    def calls(self, role, act):
        """How often each call comes in it."""
        path = os.path.join(self.it.folder, f"calls-{role}")
        with Strace(*self.pids()[role], "-o", path):
            self.acts.play(act)
        self.acts.recover()
        counts = {}
        with open(path, errors="replace") as file:
            for line in file:
                call = re.match(r"(?:\d+ +)?(\w+)\(", line)
                if call and call[1] not in SURE:
                    counts[call[1]] = counts.get(call[1], 0) + 1
        print(f"system_calls: {role} {act}: {counts}", file=sys.stderr)
        return counts

    def fail(self, role, act, call, error, number):
        before = self.pids(act)
        path = os.path.join(self.it.folder, "injected")
        with Strace(*self.pids()[role], "-o", path, "-e", f"trace={call}",
                    "-e", f"inject={call}:error={error}:when={number}"):
            self.acts.play(act)
        with open(path, errors="replace") as file:
            if "(INJECTED)" not in file.read():
                self.missed += 1
                return
        self.injected += 1
        lost, silent = self.acts.lost, self.acts.silent
        self.most = max(self.most, len(lost))
        wrong = []
        if len(lost) > 1 or silent:
            wrong.append(f"lost {lost}, silent {silent}")
        if not self.acts.recover():
            wrong.append("afterwards: "
                         f"{self.acts.lost + self.acts.silent}")
        if self.pids(act) != before:
            wrong.append("a process has ended")
        if wrong:
            what = f"{role} {act} {call} {error} {number}"
            print(f"system_calls: {what}: {'; '.join(wrong)}",
                  file=sys.stderr)
            self.it.wrong.append(what)
            self.begin()


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


def trials(it, act, call, count):
    """Which errors, and numbers.  A sample has one error, at the first and
    at the last, and outside of tours only what has been a fault once."""
    errors = FORK_ERRORS if call in FORKS else ERRORS
    if not it.short:
        return errors, [number for number in range(1, count + 1)
                        if number in tour.numbers(it.count(1, 1))]
    if act != "tour" and call not in TELLING:
        return [], []
    return [errors[sum(call.encode()) % len(errors)]], sorted({1, count})


def all_calls(it, trial, role, act):
    counts = trial.calls(role, act)
    it.tell(f"{role}-{act}", sum(counts.values()))
    for call, count in sorted(counts.items()):
        errors, numbers = trials(it, act, call, count)
        for error in errors:
            for number in numbers:
                trial.fail(role, act, call, error, number)


def row(it):
    trial = Trial(it)
    for role in tour.ROLES:
        for act in acts.of(role):
            all_calls(it, trial, role, act)
    it.tell("injected", trial.injected)
    it.tell("not-come-to", trial.missed)
    it.must("connections-lost-by-one", trial.most, 1)
    for error in SHORTAGES:
        shortage(it, trial, error)


arena.main(row)
