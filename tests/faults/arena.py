"""What the rows share: a server of its own, a crowd in it, /proc, and the
line of figures that a row prints.

WSCHATD and CROWD are the programs.  A row is a function of an Arena; `main`
runs it, prints "row: figure=value (limit) ...", and exits 1 when a figure is
beyond its limit.  With --short a row is a sample: fewer rounds, and times are
told but not judged, as the machine may be busy.
"""

import argparse
import fcntl
import datetime
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(TOP, "tests", "lib")]

from judge import judge_file

WSCHATD = os.path.abspath(
    os.environ.get("WSCHATD", os.path.join(TOP, "build/wschatd")))
CROWD = os.path.abspath(os.environ.get(
    "CROWD", os.path.join(os.path.dirname(WSCHATD), "tests/faults/crowd")))
TICK = os.sysconf("SC_CLK_TCK")
FATE = os.path.join(os.path.dirname(CROWD), "fate.so")
UNLIMITED = "limits { message-rate = 0 }"
LISTENERS = """listen "%(plain)s" {}
listen "localhost:0" { tls-certificate = "%(folder)s/cert.pem"
  tls-key = "%(folder)s/key.pem" }
"""


def eventually(condition, what, patience=20, pause=0.002):
    end = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise SystemExit(f"not within {patience} s: {what}")
        time.sleep(pause)


def share(values, part):
    """The value that `part` of them do not exceed."""
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * part))] \
        if values else 0


def tell_sanitizer(option):
    """For the servers to come, where they are built with one."""
    os.environ["ASAN_OPTIONS"] = ":".join(
        [os.environ.get("ASAN_OPTIONS", ""), option]).strip(":")


def make_certificate(folder):
    """cert.pem, its own authority, and key.pem: of an elliptic curve, so that
    a handshake costs little."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-keyout", f"{folder}/key.pem", "-out",
         f"{folder}/cert.pem"], check=True, capture_output=True)


# -- processes ------------------------------------------------------------------

def read_proc(pid, name):
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:
            return file.read().decode("latin-1")
    except OSError:
        return ""


def stat(pid):
    """Fields of /proc/PID/stat from the state on; [] when it is gone."""
    return read_proc(pid, "stat").rpartition(") ")[2].split()


def is_alive(pid):
    return stat(pid)[:1] not in ([], ["Z"], ["X"])


def children(pid):
    tasks = read_proc(pid, f"task/{pid}/children").split()
    return [int(child) for child in tasks]


def cpu_s(pids):
    return sum(sum(map(int, stat(pid)[11:13])) for pid in pids
               if stat(pid)) / TICK


def memory_kb(pids):
    """Private memory of all."""
    total = 0
    for pid in pids:
        total += sum(int(n) for n in re.findall(
            r"^Private_\w+: +(\d+)", read_proc(pid, "smaps_rollup"), re.M))
    return total


def descriptors(pid):
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


class Server:
    def __init__(self, folder, options=UNLIMITED, workers=4, before=(),
                 stderr=None, route="", program=WSCHATD, env=None,
                 listen="127.0.0.1:0"):
        """`listen` is where it is plain; None: the options have the
        listeners, of which one is over TLS."""
        self.host = (listen or "127.0.0.1:0").rpartition(":")[0]
        self.port = self.tls_port = None
        number = sum(name.startswith("log-") for name in os.listdir(folder))
        self.log_path = os.path.join(folder, f"log-{number}")
        conf = os.path.join(folder, "wschatd.conf")
        with open(conf, "w") as file:
            file.write(f'site = ""\nroute "/chat" {{ kind = chat {route} }}\n'
                       'route "/echo" { kind = echo }\n')
            if listen:
                file.write(LISTENERS % {"plain": listen, "folder": folder})
        if env is None and "LATE" in os.environ:
            env = dict(os.environ, LD_PRELOAD=os.environ["LATE"])
        told, low_fd = os.pipe()
        # Above all that stay, it leaves no hole among them when it is closed.
        ready_fd = fcntl.fcntl(low_fd, fcntl.F_DUPFD, 200)
        os.close(low_fd)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*before, program, "-w", str(workers), "-c", conf,
                 "-o", options, "--ready-fd", str(ready_fd)],
                pass_fds=(ready_fd,),
                stderr=stderr or log, stdin=subprocess.DEVNULL,
                start_new_session=True, env=env)
        os.close(ready_fd)
        self.pid = self.process.pid
        self.workers = workers
        with open(told, "rb", buffering=0) as pipe:
            if stderr is None:
                self.await_ready(pipe)

    def await_ready(self, pipe):
        """By its own word, up to the end of it: nobody has connected then,
        and no descriptor is open that will not stay so."""
        said, more = b"", b"-"
        while more and select.select([pipe], [], [], 20)[0]:
            more = pipe.read(16)
            said += more
        if said != b"ready\n" or more:
            raise SystemExit("the server is not ready:\n" + self.log())

        eventually(lambda: self.find_ports(self.log()), "both listeners")

    def find_ports(self, log):
        """As the log tells them; False: there is more to come."""
        self.port, self.tls_port = (
            int(found[1]) if found else None for found in (
                re.search(rf'listening on {scheme}://[^"]*:(\d+)', log)
                for scheme in ("http", "https")))
        return bool(self.port and self.tls_port)

    def is_ready(self):
        try:
            with socket.create_connection((self.host, self.port), 2) as s:
                s.sendall(b"GET /healthz/ready HTTP/1.1\r\nHost: x\r\n\r\n")
                return s.recv(100).startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def by_title(self, title):
        return [pid for pid in children(self.pid) if is_alive(pid)
                and read_proc(pid, "cmdline").startswith(title)]

    def worker_pids(self):
        return self.by_title("wschatd: worker")

    def broker_pid(self):
        return next(iter(self.by_title("wschatd: broker")), None)

    def pids(self):
        return [self.pid, *children(self.pid)]

    def closed_for(self, why):
        """How many the log says were closed for it, or refused; those that
        it only counts, too."""
        log = self.log()
        return len(re.findall(rf" why={why}(?!\S)", log)) + sum(
            int(n) for n in re.findall(
                rf'msg="refusals not logged" .*\b{why}=(\d+)', log))

    def ready_ms(self, pid, since=None):
        """From this death, or from a time of time.time(), to the line in
        which that child is ready again; None: it is not yet."""
        died = re.search(rf"^time=(\S+)Z .*msg=died child=(\S+) pid={pid} "
                         r".*\n", self.log(), re.M)
        if not died:
            return None
        again = re.compile(rf"^time=(\S+)Z .*msg=ready "
                           rf"(?:.* )?child={re.escape(died[2])}(?!\S)", re.M)
        ready = again.search(self.log(), died.end())
        if not ready:
            return None
        return (instant(ready[1]) - (since or instant(died[1]))) * 1000

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(self.pid, signal.SIGKILL)
                raise SystemExit("the server does not end on SIGTERM")


class Fate:
    """What befalls a server from within (fate.c): give `env` to it, and set
    what is to hold."""

    def __init__(self, arena):
        self.path = os.path.join(arena.folder, "fate")
        self.set()
        self.env = dict(os.environ, LD_PRELOAD=FATE, FATE=self.path)

    def set(self, wall_shift_s=0, dies="", piece=0):
        mode = "r+b" if os.path.exists(self.path) else "wb"
        with open(self.path, mode) as file:
            file.write(struct.pack("q16sq", wall_shift_s, dies.encode(),
                                   piece))


def instant(text):
    return datetime.datetime.fromisoformat(text).replace(
        tzinfo=datetime.timezone.utc).timestamp()


# -- the crowd ------------------------------------------------------------------

class Crowd:
    """A running crowd, a fifth of it over TLS; `stop` ends it and returns
    what the judge says."""

    def __init__(self, arena, server, *options, path="/chat"):
        arena.crowds += 1
        self.trace = os.path.join(arena.folder, f"trace-{arena.crowds}")
        secure = "-T", server.tls_port, "-c", f"{arena.folder}/cert.pem"
        self.process = subprocess.Popen(
            [CROWD, *map(str, secure + options), str(server.port), path,
             self.trace],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        arena.programs.append(self.process)
        self.await_line("ready", 90)

    def await_line(self, word, patience=60):
        end = time.monotonic() + patience
        while True:
            left = max(0, end - time.monotonic())
            if not select.select([self.process.stdout], [], [], left)[0]:
                raise SystemExit(f"the crowd never said {word}")
            line = self.process.stdout.readline()
            if not line:
                raise SystemExit(f"the crowd ended before {word}")
            if line.startswith(word):
                return line.split()[1:]

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def drop(self, many):
        """Cuts so many off; returns how long until all were back, in ms."""
        self.tell(f"drop {many}")
        return float(self.await_line("back")[0])

    def gather(self):
        """Waits until all are there again."""
        self.tell("gather")
        self.await_line("gathered")

    def stop(self):
        self.tell("stop")
        self.await_line("done", 90)
        self.process.wait(30)
        judge = judge_file(self.trace)
        if not judge.trace.whole:
            raise SystemExit("the trace is not whole")
        return judge


def ends_unasked(judge):
    return judge.trace.notes["ended"]


def over_tls(judge, notes):
    """Those of the notes that are of a client over TLS."""
    return [note for note in notes if judge.trace.members[note[0]].over_tls]


def pause_ms(judge, at_s, span_s=1.0):
    """The longest that a line that was due around a moment took to the last
    of its hearers; for rows where nobody comes back later."""
    begin, end = at_s * 1e6 - 50e3, (at_s + span_s) * 1e6
    return max(((one.last - one.due) / 1000
                for one in judge.trace.said.values()
                if one.last and begin <= one.due <= end), default=0)


# -- a row ----------------------------------------------------------------------

class Arena:
    def __init__(self, name, short, rounds):
        self.name, self.short, self.rounds = name, short, rounds
        self.folder = tempfile.mkdtemp(prefix="wschatd-faults-")
        make_certificate(self.folder)
        self.servers, self.programs, self.crowds = [], [], 0
        self.figures, self.wrong = [], []
        self.expected = None    # how children may end by themselves

    def count(self, normal, short):
        return self.rounds or (short if self.short else normal)

    def size(self, clients):
        """A sample has fewer clients."""
        return clients // 2 if self.short else clients

    def server(self, *args, **how):
        server = Server(self.folder, *args, **how)
        self.servers.append(server)
        return server

    def crowd(self, server, *options, **how):
        return Crowd(self, server, *options, **how)

    def tell(self, name, value):
        text = f"{value:.1f}" if isinstance(value, float) else str(value)
        self.figures.append(f"{name}={text}")

    def must(self, name, value, limit, timing=False):
        """A figure that may be at most `limit`."""
        text = f"{value:.1f}" if isinstance(value, float) else str(value)
        self.figures.append(f"{name}={text} (<={limit})")
        if value > limit and not (timing and self.short):
            self.wrong.append(name)

    def must_be(self, name, value, want):
        self.figures.append(f"{name}={value}")
        if value != want:
            self.wrong.append(f"{name}, not {want}")

    def judge(self, judge, prefix=""):
        for name, count in judge.counts.items():
            self.must_be(prefix + name, count, 0)
        for line in judge.why[:10]:
            print(f"{self.name}: {line}", file=sys.stderr)

    def judge_if_wrong(self, judge):
        if any(judge.counts.values()):
            self.judge(judge)

    def unharmed(self, play, pairs):
        """Pairs of runs, without and with the fault, in turn; play(fault)
        returns the judge.  The 99th percentile of who was there throughout
        may be 1.5 times, and 10 ms more: whichever is less.  A sample, whose
        times are not judged, has only runs with the fault."""
        p99 = {False: [], True: []}
        for _ in range(pairs):
            for fault in (True,) if self.short else (False, True):
                judge = play(fault)
                p99[fault].append(judge.trace.times[2] / 1000)
                self.judge_if_wrong(judge)
        quiet, harmed = (share(p99[fault], 0.5) for fault in (False, True))
        self.tell("pairs", pairs)
        self.tell("p99-quiet-ms", quiet)
        self.must("p99-ms", harmed, round(min(quiet * 1.5, quiet + 10), 1),
                  timing=True)

    def clear(self):
        for program in self.programs:
            if program.poll() is None:
                program.kill()
        for server in self.servers:
            if server.process.poll() is None:
                server.process.kill()
                server.process.wait()

    def end(self):
        for server in self.servers:
            server.stop()
        for server in self.servers:
            bad = re.findall(r".*msg=died .*status=[1-9].*", server.log())
            self.wrong += [line for line in bad if not self.expected
                           or self.expected not in line][:3]
        verdict = "ok" if not self.wrong else \
            "FAILED: " + "; ".join(self.wrong)
        print(f"{self.name}: {' '.join(self.figures)} {verdict}", flush=True)
        if not self.wrong:
            subprocess.run(["rm", "-rf", self.folder], check=False)
        else:
            print(f"see {self.folder}", file=sys.stderr)
        return 1 if self.wrong else 0


def main(row):
    parser = argparse.ArgumentParser()
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--rounds", type=int)
    options = parser.parse_args()
    name = os.path.basename(sys.argv[0]).removesuffix(".py")
    arena = Arena(name, options.short, options.rounds)
    try:
        row(arena)
        sys.exit(arena.end())
    finally:
        arena.clear()
