"""What is measured, and what is wanted of it.

A work is some clients that do something, the servers that bear it, the
figures that are shown, and goals: a figure of one server, alone or divided by
that of the bare server in the same round.
"""

import os
import subprocess
from dataclasses import dataclass, field

from peers import choose
from servers import Bare, Wschatd, processes_for

MIB = 1 << 20
TLS_CLIENTS = 4000


@dataclass
class Goal:
    server: str
    figure: str
    sense: str          # "<=" or ">="
    bound: float
    ratio: bool = False     # to the first server, within a round

    def is_met(self, value):
        return value <= self.bound if self.sense == "<=" else \
            value >= self.bound


@dataclass
class Work:
    name: str
    title: str
    flags: list         # of wschat-bench
    servers: list       # the first is what others are compared with
    figures: tuple
    compared: tuple = ()
    goals: list = field(default_factory=list)
    path: str = "chat"  # or "echo"
    cpus: set = None    # of the generator
    seconds: float = None
    rounds: int = None
    # For servers whose work differs a little.
    extra: dict = field(default_factory=dict)


def make_certificate(folder):
    """(certificate, key): EC P-256, for this machine."""
    files = tuple(os.path.join(folder, n) for n in ("cert.pem", "key.pem"))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-out", files[0], "-keyout",
         files[1], "-days", "2", "-subj", "/CN=localhost"],
        check=True, stderr=subprocess.DEVNULL)
    return files


def fan_out(build, peers):
    one, two = "wschatd, 1 worker", "wschatd, 2 workers"
    all_servers = [Bare(build), Bare(build, batched=True), Wschatd(build, 1),
                   Wschatd(build)] + choose(peers, build)
    plain = [Bare(build), Wschatd(build, 1), Wschatd(build)] + \
        choose(peers, build)
    load = ("deliveries_s", "cpu_us", "machine_us", "heard", "sweep_p50",
            "sleeps_s")
    paced = ("cpu_us", "sweep_p50", "sweep_max", "delivery_p99", "late_p99",
             "sleeps_s")
    w1 = ["-c", "1000", "-s", "4", "--when-all"]
    pinned = {0}
    return [
        Work("W1", "1,000 clients, 4 senders, 128 B, the next message when "
             "all have the last", w1, all_servers, load,
             ("deliveries_s", "cpu_us"),
             [Goal(two, "cpu_us", "<=", 0.40, ratio=True),
              Goal(two, "deliveries_s", ">=", 900e3)]),
        Work("W1-pinned", "the same, server and generator on one core", w1,
             [Bare(build, cpus=pinned),
              Bare(build, batched=True, cpus=pinned),
              Wschatd(build, cpus=pinned)] + choose(peers, build, pinned),
             load, ("deliveries_s", "cpu_us"),
             [Goal(two, "cpu_us", "<=", 0.40, ratio=True)], cpus=pinned),
        Work("W2", "1,000 clients, 50 messages/s, 128 B",
             ["-c", "1000", "-s", "50", "-R", "50"], plain, paced,
             ("cpu_us", "sweep_p50"),
             [Goal(one, "cpu_us", "<=", 1.1, ratio=True),
              Goal(two, "sweep_p50", "<=", 0.7, ratio=True)]),
        Work("W3", "50 clients, 10 senders with 8 messages on the way, 64 B",
             ["-c", "50", "-s", "10", "-k", "8", "-b", "64"], all_servers,
             ("messages_s",) + load, ("messages_s", "cpu_us"),
             [Goal(two, "messages_s", ">=", 100e3),
              Goal(two, "cpu_us", "<=", 0.20)]),
        Work("W4", "10,000 clients, 5 messages/s, 128 B",
             ["-c", "10000", "-s", "5", "-R", "5"], plain, paced,
             ("cpu_us", "sweep_p50"),
             [Goal(two, "cpu_us", "<=", 1.05, ratio=True),
              Goal(two, "sweep_p50", "<=", 0.8, ratio=True)]),
    ]


def idle_beside(build, peers):
    """Memory and handshakes of all servers, where there are peers."""
    if not peers:
        return []
    return [Work("idle-peers", "10,000 clients that say nothing",
                 ["-c", "10000", "-s", "0"],
                 [Bare(build), Wschatd(build, 1), Wschatd(build)] +
                 choose(peers, build),
                 ("pss_bytes", "private_bytes", "handshakes_s",
                  "handshake_us", "sleeps_s"), seconds=1)]


def round_trips(build):
    two = "wschatd, 2 workers"
    figures = ("own_p50", "own_p99", "messages_s", "cpu_us")
    near, far, pinned = {0}, {1}, {0}
    echo = {"bare echo": ["--echo", "-c", "1"]}
    pair = ["-c", "2", "-s", "1", "-k", "1"]
    return [
        Work("echo", "100 clients, one message on the way each, 128 B",
             ["--echo", "-c", "100", "-k", "1"],
             [Bare(build), Wschatd(build)],
             ("messages_s", "cpu_us", "own_p50", "own_p99"), ("cpu_us",),
             [Goal(two, "cpu_us", "<=", 1.15, ratio=True)], path="echo"),
        Work("two", "two people in a room, one talks: own line's round trip "
             "beside a bare echo's across cores", pair,
             [Bare(build, name="bare echo", cpus=far),
              Wschatd(build, cpus=far)], figures, ("own_p50",),
             [Goal(two, "own_p50", "<=", 1.0, ratio=True)], cpus=near,
             extra=echo),
        Work("two-anywhere", "the same, where the kernel likes", pair,
             [Bare(build, name="bare echo"), Wschatd(build)], figures,
             ("own_p50",), extra=echo),
        Work("two-pinned", "the same, all on one core", pair,
             [Bare(build, name="bare echo", cpus=pinned),
              Wschatd(build, cpus=pinned)], figures, ("own_p50",),
             [Goal(two, "own_p50", "<=", 2.5, ratio=True)], cpus=pinned,
             extra=echo),
    ]


def sizes(build, clients, folder):
    workers = max(2, processes_for(clients))
    limits = {"message-size": '"1M"', "backlog": '"256M"'}
    large = Wschatd(build, limits=limits)
    # A log that is soon full, so that it does not grow while measured.
    few, many = (Wschatd(build, name="wschatd, %d clients" % n,
                         limits=limits, settings=['log-size = "16M"'])
                 for n in (10, 100))
    tls = Wschatd(build, tls=make_certificate(folder))
    idle = ("pss_bytes", "private_bytes", "handshakes_s", "handshake_us",
            "cpu_share", "sleeps_s")
    return [
        Work("idle", "{:,} idle clients, {} workers".format(
             clients, workers),
             ["-c", str(clients), "-s", "0", "--ceiling", str(clients),
              "-p", str(processes_for(clients))],
             [Wschatd(build, workers, name="wschatd")], idle,
             goals=[Goal("wschatd", "pss_bytes", "<=", 400)], seconds=1,
             rounds=1),
        Work("idle-tls", "{:,} idle clients over TLS".format(TLS_CLIENTS),
             ["-c", str(TLS_CLIENTS), "-s", "0", "--insecure"], [tls], idle,
             goals=[Goal(tls.name, "pss_bytes", "<=", 12 * 1024)],
             seconds=1, rounds=1),
        Work("large", "1 MiB to 100 clients, the next when all have the last",
             ["-c", "100", "--when-all", "-b", str(MIB)],
             [Bare(build), large], ("mib_s", "cpu_us", "sweep_p50"),
             ("mib_s",),
             [Goal(large.name, "mib_s", ">=", 0.8, ratio=True)]),
        Work("large-memory", "the same, and 10 clients: what a message costs",
             ["--when-all", "-b", str(MIB), "--memory-peak"], [few, many],
             ("mib_s", "peak_mib", "copies"),
             goals=[Goal(many.name, "copies", "<=", 0.05)], rounds=1,
             extra={few.name: ["-c", "10"], many.name: ["-c", "100"]}),
    ]


def all_works(build, clients, folder, peers=()):
    return fan_out(build, peers) + idle_beside(build, peers) + \
        round_trips(build) + sizes(build, clients, folder)
