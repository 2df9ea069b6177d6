"""The test's side of scarce.c: pages that it shares with the server.

Scarcity   makes the file; `env` is what the server is started with
Role       of parent, broker and worker: which allocation fails, and counts
"""

import mmap
import os
import re
import struct
import subprocess

import arena

PRELOAD = os.environ.get("SCARCE_SO", os.path.join(
    os.path.dirname(arena.WSCHATD), "tests/faults/scarce.so"))
FIELDS = ("pid", "fail_at", "goes_on", "failed", "calls", "blocks", "bytes")
FRAMES = 16
PAGE = 4096


class Role:
    def __init__(self, pages, index):
        self.__dict__.update(pages=pages, index=index)

    def at(self, name):
        return self.index * PAGE + FIELDS.index(name) * 8

    def __getattr__(self, name):
        return struct.unpack_from("<q", self.pages, self.at(name))[0]

    def __setattr__(self, name, value):
        struct.pack_into("<q", self.pages, self.at(name), value)

    def fail(self, number, goes_on):
        """Allocation `number` from now on fails, or it and all behind it."""
        self.fail_at, self.failed, self.goes_on = 0, 0, goes_on
        self.fail_at = number

    def relent(self):
        """Returns how many have failed."""
        self.fail_at = 0
        return self.failed

    def who(self):
        """Who asked for what failed last: functions, innermost first."""
        frames = struct.unpack_from(f"<{FRAMES}Q", self.pages, self.index *
                                    PAGE + len(FIELDS) * 8)
        return name_frames(self.pid, [frame for frame in frames if frame])


class Scarcity:
    def __init__(self, folder):
        self.path = os.path.join(folder, "scarce")
        with open(self.path, "wb") as file:
            file.truncate(PAGE * 3)
        with open(self.path, "r+b") as file:
            self.pages = mmap.mmap(file.fileno(), PAGE * 3)
        self.env = {**os.environ, "LD_PRELOAD": PRELOAD, "SCARCE": self.path}
        self.roles = {name: Role(self.pages, i) for i, name in
                      enumerate(("parent", "broker", "worker"))}


def name_frames(pid, frames):
    maps = [re.match(r"(\w+)-(\w+) \S+ (\w+) \S+ \d+ +(/.*)", line)
            for line in arena.read_proc(pid, "maps").splitlines()]
    names = []
    for frame in frames:
        for m in filter(None, maps):
            low, high = int(m[1], 16), int(m[2], 16)
            if low <= frame < high and "scarce" not in m[4]:
                at = frame - low + int(m[3], 16) - 1
                names.append(os.path.basename(m[4]) + ":" + subprocess.run(
                    ["addr2line", "-f", "-e", m[4], hex(at)], text=True,
                    capture_output=True).stdout.split("\n")[0])
    return " < ".join(names)
