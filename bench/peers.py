"""Other servers that hand texts on, measured beside wschatd when they are
asked for; bench/peers/fetch brings them, bench/peers has how they are set up.
"""

import os
import pwd
import shutil
import socket
import tempfile
import time

from servers import Server, ServerFailed

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Peer(Server):
    """Listens at a port that is chosen here.  A subclass has `name`,
    `program`, `settings`, a file in bench/peers, and `command()`."""

    flags = ["--no-greeting"]
    settings = None
    settle = 0.3

    def __init__(self, build, cpus=None):
        self.root = os.path.abspath(os.path.join(build, "peers"))
        self.cpus = cpus

    def is_there(self):
        return os.access(os.path.join(self.root, self.program), os.X_OK)

    def command(self):
        raise NotImplementedError

    def argv(self):
        self.port = free_port()
        self.folder = tempfile.TemporaryDirectory()
        if self.settings:
            self.write_settings()
        library = os.path.join(self.root, "usr/lib",
                               os.uname().machine + "-linux-gnu")
        return ["env", "LD_LIBRARY_PATH=" + library, *self.command()]

    def write_settings(self):
        """Fills in what a template leaves open."""
        with open(os.path.join(HERE, self.settings),
                  encoding="utf-8") as template:
            text = template.read()
        for word, value in (("@PORT@", str(self.port)),
                            ("@DIR@", self.folder.name),
                            ("@ROOT@", self.root),
                            ("@USER@", pwd.getpwuid(os.getuid()).pw_name)):
            text = text.replace(word, value)
        self.config = os.path.join(self.folder.name, self.settings)
        with open(self.config, "w", encoding="utf-8") as out:
            out.write(text)

    def await_port(self):
        end = time.monotonic() + 10
        while time.monotonic() < end and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    time.sleep(self.settle)
                    return
            time.sleep(0.02)
        raise ServerFailed("%s does not listen:\n%s" % (
            self.name, self.text()))

    def __exit__(self, *what):
        super().__exit__(*what)
        self.folder.cleanup()


class Nchan(Peer):
    """Whatever its settings say, it wants a folder below /var/lib/nginx: where
    there is none, root gives it a /var/lib of its own."""

    name, program, settings = "nchan", "usr/sbin/nginx", "nginx.conf"
    shelter = not os.path.isdir("/var/lib/nginx")

    def is_there(self):
        return super().is_there() and (not self.shelter or os.getuid() == 0)

    def command(self):
        nginx = [os.path.join(self.root, self.program), "-p",
                 self.folder.name + "/", "-c", self.config]
        if not self.shelter:
            return nginx
        return ["unshare", "--mount", "sh", "-c",
                'mount -t tmpfs none /var/lib && mkdir /var/lib/nginx && '
                'exec "$@"', "nginx", *nginx]


class Mosquitto(Peer):
    name, program = "mosquitto", "usr/sbin/mosquitto"
    settings = "mosquitto.conf"
    flags = ["--dialect", "mqtt"]

    def command(self):
        return [os.path.join(self.root, self.program), "-c", self.config]


class Nats(Peer):
    name, program, settings = "nats-server", "usr/sbin/nats-server", \
        "nats.conf"
    flags = ["--dialect", "nats"]

    def command(self):
        return [os.path.join(self.root, self.program), "-c", self.config]


class NodeWs(Peer):
    name = "ws"

    def is_there(self):
        return shutil.which("node") and os.path.exists(
            os.path.join(self.root, "node_modules/ws/package.json"))

    def command(self):
        return ["node", os.path.join(HERE, "ws.mjs"), self.root,
                str(self.port)]


class Websockets(Peer):
    """Of Debian's Python."""
    name, program = "websockets", "/usr/bin/python3"

    def command(self):
        return [self.program, os.path.join(HERE, "chat.py"), str(self.port)]


PEERS = {p.name: p for p in (Nchan, Nats, NodeWs, Mosquitto, Websockets)}


def choose(names, build, cpus=None):
    """The peers of these names that are there; "all" are all of those."""
    wanted = list(PEERS) if "all" in names else names
    return [p for p in (PEERS[n](build, cpus) for n in wanted)
            if p.is_there()]
