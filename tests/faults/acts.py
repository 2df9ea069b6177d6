"""What befalls a server while something in it fails: clients go round
(tour.py), it reads its settings anew, a child of it dies, it is asked by
wschatctl.  An act says what was lost, and who waited in vain.

Where a child dies and the failure keeps it from being replaced, it is not
waited for: `recover` does that, when nothing fails any more."""

import os
import re
import signal
import subprocess
import time

import arena
import tour

CTL = os.path.join(os.path.dirname(arena.WSCHATD), "wschatctl")
ASKED = ("status", "who", "rooms", "say /chat word", "ban 192.0.2.9 1m",
         "bans", "unban 192.0.2.9", "mute 192.0.2.9 1m", "unmute 192.0.2.9",
         "kick nobody")
# Who dies young is started later.
GROWN_S = 0.25
# Whose part in it there is to fail.
ACTS = {
    "parent": ("tour", "reload", "broker_dies", "worker_dies"),
    "broker": ("tour", "reload", "control", "worker_dies"),
    "worker": ("tour", "reload", "broker_dies"),
}


def of(role):
    """Those of ACTS, or all."""
    chosen = os.environ.get("ACTS", "").split()
    return [act for act in ACTS[role] if not chosen or act in chosen]


def within(seconds, condition):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.002)
    return True


class Acts:
    def __init__(self, folder, server):
        self.folder, self.server = folder, server
        self.guide = tour.Guide(server)
        self.watchers = tour.Watchers(self.guide)
        self.grown_at, self.is_young = 0, True
        self.lost, self.silent = [], []

    def play(self, act):
        self.lost, self.silent = [], []
        getattr(self, act)()
        self.note(self.watchers.mark())
        return self

    def note(self, one):
        self.lost += one.lost
        self.silent += one.silent

    def tour(self):
        self.note(self.guide.tour())

    # The log tells what the server has done.

    def since(self):
        at = os.path.getsize(self.server.log_path)

        def told(pattern):
            with open(self.server.log_path, "rb") as file:
                file.seek(at)
                return re.search(pattern, file.read())
        return told

    def reload(self):
        """It may say that it could not."""
        told = self.since()
        os.kill(self.server.pid, signal.SIGHUP)
        within(tour.WAIT / 4, lambda: told(rb"msg=reloaded|not reloaded")
               or not arena.is_alive(self.server.pid))

    def kill(self, pid, name):
        if self.is_young:
            self.grown_at = time.monotonic() + GROWN_S
        time.sleep(max(0, self.grown_at - time.monotonic()))
        told = self.since()
        os.kill(pid, signal.SIGKILL)
        within(tour.WAIT / 4, lambda: told(
            rb"msg=ready child=" + re.escape(name)))
        self.is_young = True

    def is_whole(self):
        return (self.server.broker_pid() and self.server.worker_pids() and
                self.server.is_ready())

    def broker_dies(self):
        self.kill(self.server.broker_pid(), b"broker")

    def worker_dies(self):
        self.kill(self.server.worker_pids()[0], b"worker[0]")
        self.watchers.go()
        self.note(self.watchers.come_again())

    def control(self):
        for words in ASKED:
            try:
                done = subprocess.run(
                    [CTL, "-s", f"{self.folder}/control", *words.split()],
                    timeout=tour.WAIT, capture_output=True, text=True)
                if done.returncode not in (0, 1):      # done, refused
                    self.lost.append(f"{words}: {done.stderr.strip()}")
            except subprocess.TimeoutExpired:
                self.silent.append(words)

    def recover(self):
        """When nothing fails any more: whether all is as it was.  What was
        put off is waited for."""
        if not within(tour.WAIT, self.is_whole):
            self.lost, self.silent = ["not ready"], []
            return False
        if self.is_young:
            self.grown_at = time.monotonic() + GROWN_S
            self.is_young = False
        missing = self.watchers.come_again()
        unseen = missing.lost + missing.silent
        self.play("tour")
        self.lost += unseen
        return not self.lost + self.silent
