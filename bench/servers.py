"""Servers that are measured: how each is started, and where it listens.

Another server is another class here, with a name, a command and a URL, and a
line in works.py where it takes part.
"""

import os
import re
import resource
import signal
import subprocess
import tempfile
import time

RESERVED = 1000         # descriptors of a process that are no clients


def descriptors():
    """How many a process may have here."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def processes_for(clients):
    """How many processes it takes to hold so many."""
    return -(-clients // (descriptors() - RESERVED))


def prepare(cpus):
    """What a process does before it becomes another: descriptors, CPUs."""
    def do():
        hard = descriptors()
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        if cpus is not None:
            os.sched_setaffinity(0, cpus)
    return do


class ServerFailed(Exception):
    """A server did not start, or nobody could measure it."""


class Server:
    """One process tree, started anew for each measurement; `pid` while it is
    entered.  A subclass has `name`, `argv()` and, if it must, `listens`,
    `flags` for wschat-bench, and `settle`, seconds until it is ready."""

    flags = []
    settle = 0.0
    listens = r"listening on http://127\.0\.0\.1:(?P<port>\d+)"
    cpus = None
    chat, echo = "/chat", "/echo"

    def argv(self):
        raise NotImplementedError

    def __enter__(self):
        self.log = tempfile.NamedTemporaryFile(mode="r+", suffix=".log")
        self.process = subprocess.Popen(
            self.argv(), stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=self.log, preexec_fn=prepare(self.cpus))
        self.pid = self.process.pid
        try:
            self.await_port()
        except BaseException:
            self.__exit__()
            raise
        return self

    def await_port(self):
        end = time.monotonic() + 10
        while time.monotonic() < end and self.process.poll() is None:
            found = re.search(self.listens, self.text())
            if found:
                self.port = found.group("port")
                time.sleep(self.settle)
                return
            time.sleep(0.02)
        raise ServerFailed("%s does not listen:\n%s" % (
            self.name, self.text()))

    def url(self, path):
        return "ws://127.0.0.1:%s%s" % (self.port, path)

    def text(self):
        with open(self.log.name, encoding="utf-8", errors="replace") as log:
            return log.read()

    def complaints(self):
        return []

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
        self.log.close()


class Bare(Server):
    """One send() for each client and message; with `batched`, and turn."""

    flags = ["--no-greeting"]

    def __init__(self, build, batched=False, name=None, cpus=None):
        self.program = os.path.join(build, "bench/bare")
        self.batched, self.cpus = batched, cpus
        self.name = name or ("bare -b" if batched else "bare")

    def argv(self):
        return [self.program] + ["-b"] * self.batched


class Wschatd(Server):
    """As shipped, but for the limits that a load would run into."""

    limits = {"message-rate": "0", "connections-per-address": "0",
              "connections": "0", "rooms": "0", "rooms-per-address": "0"}
    settle = 0.5        # its workers become ready

    def __init__(self, build, workers=2, name=None, cpus=None, limits=(),
                 tls=None, settings=()):
        self.program = os.path.join(build, "wschatd")
        self.workers, self.cpus, self.tls = workers, cpus, tls
        self.name = name or "wschatd, %d worker%s" % (
            workers, "s"[:workers != 1])
        self.limits = {**self.limits, **dict(limits)}
        self.settings = list(settings)
        if tls:
            self.listens = self.listens.replace("http:", "https:")

    def argv(self):
        limits = " ".join("%s = %s" % row for row in self.limits.items())
        lines = ["site = \"\"", "limits { %s }" % limits, *self.settings,
                 "route \"/chat\" {}", "route \"/echo\" { kind = echo }"]
        if self.tls:
            lines.append("listen \"127.0.0.1:0\" { tls-certificate = \"%s\" "
                         "tls-key = \"%s\" }" % self.tls)
        else:
            lines.append("listen \"127.0.0.1:0\" {}")
        self.config = tempfile.NamedTemporaryFile("w", suffix=".conf")
        self.config.write("\n".join(lines) + "\n")
        self.config.flush()
        return [self.program, "-c", self.config.name, "-w",
                str(self.workers)]

    def url(self, path):
        return "%s://127.0.0.1:%s%s" % ("wss" if self.tls else "ws",
                                        self.port, path)

    def complaints(self):
        return [line for line in self.text().splitlines()
                if re.search(r"level=(error|warning)", line)
                and "no page" not in line]

    def __exit__(self, *what):
        super().__exit__(*what)
        self.config.close()
