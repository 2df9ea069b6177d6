"""Runs the examples of doc/protocol.md: blocks of ```json-chat.

    protocol_examples.py FILE count         how many there are
    protocol_examples.py FILE options N     what the server is started with
    protocol_examples.py FILE run N         runs one against PORT
    protocol_examples.py FILE complete ROOT what is documented, implemented
                                            and shown by an example is the same

A line is a client, a direction and a message, or a remark that begins with #.
A client comes with its first line; what the server sends it must be what the
example says, but welcomes at its beginning, and joins, leaves and presences
anywhere, may be left out.  Behind the last line nothing else may come, unless
that is "# and so on".
"""
import os
import sys

from jsonchat import *

QUIET = ("join", "leave", "presence")
LOG_ROUND = ("and a log that has gone round", 'log-size = "1M"')


def blocks(path):
    found = re.findall(r"^```json-chat\n(.*?)^```$", open(path).read(),
                       re.M | re.S)
    assert found, f"no example in {path}"
    return found


def remarks(block):
    return re.findall(r"^# (.*)$", block, re.M)


def options(block):
    for remark in remarks(block):
        if remark.startswith("with "):
            setting, _, rest = remark[5:].partition(" and ")
            print(f'route "/chat" {{ {setting} }}')
            if rest:
                print(LOG_ROUND[1])


class Client:
    """Text clients' lines are events of the type "line"."""

    def __init__(self, path, is_text, after=None, token=None):
        self.is_text = is_text
        query = "" if after is None else f"?after={after}"
        offers = "wschat.v1" + (f", wschat.resume.{token}" if token else "")
        self.peer = Peer(path + query, fields=[] if is_text else [
            f"Sec-WebSocket-Protocol: {offers}"])
        self.is_new = True
        self.token = None
        self.waiting = None

    def hear(self):
        if self.waiting is not None:
            got, self.waiting = self.waiting, None
            return got
        text = self.peer.hear_text()
        if self.is_text:
            return event("line", text=text)
        got = parse(text)
        self.token = got.get("resume", self.token)
        return got

    def come(self):
        """Waits until the server knows it."""
        self.waiting = self.hear()

    def may_pass(self, got):
        was_new, self.is_new = self.is_new, False
        greeting = got["type"] in ("welcome", "line") and was_new
        return greeting or got["type"] in QUIET

    def expect(self, want):
        while True:
            got = self.hear()
            if matches(want, got):
                self.is_new = False
                return
            assert self.may_pass(got), f"want {want}\n    got  {got}"

    def hear_only(self, member, value):
        """What the example does not show, up to the event with this."""
        while True:
            got = self.hear()
            if got.get(member) == value:
                return got
            assert self.may_pass(got), f"nobody told of {got}"

    def sees_away(self):
        self.peer.send_text('{"type":"who"}')
        users = self.hear_only("type", "who")["users"]
        return any("away" in user for user in users)

    def finish(self):
        if self.is_text:
            self.peer.send_text("/ping")
            self.hear_only("text", "[server::ping] pong")
        else:
            self.peer.send_text('{"type":"ping","id":"the end"}')
            self.hear_only("id", "the end")


class Run:
    def __init__(self, block):
        self.clients = {}
        self.tokens = {}
        self.path = "/chat"
        self.talk = False       # makes the log go round
        self.is_open = False    # more comes than is written
        for line in block.splitlines():
            if line.startswith("# "):
                self.remark(line[2:])
            else:
                self.line(line)
        if not self.is_open:
            for client in self.clients.values():
                client.finish()

    def client(self, name):
        if name not in self.clients:
            self.clients[name] = Client(self.path, name == "t")
            self.clients[name].come()
        return self.clients[name]

    def remark(self, text):
        if match := re.fullmatch(r"on (/\S+)", text):
            self.path = match[1]
        elif match := re.fullmatch(r"(\w) loses its connection", text):
            self.client(match[1])
            self.gone(match[1])
        elif match := re.fullmatch(r"(\w) comes back with the token of (\w)"
                                   r"(?:, after (\d+))?", text):
            name, of, after = match.groups()
            self.clients[name] = Client(self.path, False, after,
                                        self.tokens[of])
            self.clients[name].come()
        elif text == "and so on":
            self.is_open = True
        elif text.startswith("with "):
            if LOG_ROUND[0] in text:
                self.talk = True
        else:
            raise AssertionError(f"what is {text!r}?")

    def gone(self, name):
        client = self.clients.pop(name)
        self.tokens[name] = client.token
        client.peer.vanish()
        for other in self.clients.values():
            eventually(other.sees_away, "that one is away")
        if self.talk:
            self.go_round()

    def go_round(self):
        one = Talker(self.path)
        for i in range(200):
            one.say("x" * 20000)
            one.hear_until("message")

    def line(self, line):
        match = re.fullmatch(r"(\w?)([<>]) (.*)", line)
        assert match, f"what is {line!r}?"
        name, direction, text = match.groups()
        client = self.client(name or "a")
        if direction == ">":
            client.peer.send_text(text)
        elif client.is_text:
            client.expect(event("line", text=text))
        else:
            client.expect(parse(text))


def rows(text, heading):
    """The words in code in the first column of the tables under a heading."""
    part = text.split(f"\n### {heading}\n", 1)[1].split("\n## ")[0] \
        .split("\n### ")[0]
    return {word for first in re.findall(r"^\| (`[^|]*) \|", part, re.M)
            for word in re.findall(r"`([^`]+)`", first)}


def source(root, name):
    return open(os.path.join(root, "src", name)).read()


def same(what, documented, found, where):
    eq(sorted(found - documented), [], f"{what} in {where} alone")
    eq(sorted(documented - found), [], f"{what} documented, not in {where}")


def complete(path, root):
    text = open(path).read()
    events, requests = rows(text, "Events"), rows(text, "Requests")
    codes = rows(text, "Errors")
    shown = {"<": set(), ">": set()}
    shown_codes = set()
    for block in blocks(path):
        for direction, line in re.findall(r"^\w?([<>]) (\{.*)$", block,
                                          re.M):
            shown[direction].add(parse(line)["type"])
            shown_codes.add(parse(line).get("code"))
    same("events", events, shown["<"], "the examples")
    eq(sorted(requests - shown[">"]), [], "requests without an example")
    written = source(root, "worker/json_write.c")
    same("events", events, set(re.findall(
        r'(?:event_begin|list_begin|write_arrival)\(b, "(\w+)"', written)),
        "json_write.c")
    same("requests", requests, set(re.findall(
        r"JSON_REQUEST\([A-Z]+, (\w+)\)",
        source(root, "worker/json_read.h"))), "json_read.h")
    words = set(re.findall(r'^JSON_ERROR\(\w+,\s+"([a-z-]+)"',
                           source(root, "worker/json_errors.h"), re.M))
    words |= set(re.findall(r'X\(\w+,\s+"(name-[a-z-]+)"',
                            source(root, "broker/name.h"))) - {"name-good"}
    words |= set(re.findall(r'\[HUB_\w+\] = \{ "([a-z-]+)",',
                            source(root, "broker/link.c")))
    same("error codes", codes, words, "the sources")
    shown_codes.discard(None)
    eq(sorted(shown_codes - codes), [], "codes shown, not documented")


if __name__ == "__main__":
    file, action, *rest = sys.argv[1:]
    if action == "count":
        print(len(blocks(file)))
    elif action == "options":
        options(blocks(file)[int(rest[0])])
    elif action == "run":
        Run(blocks(file)[int(rest[0])])
    else:
        complete(file, rest[0])
