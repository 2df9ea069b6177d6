"""JSON clients (wschat.v1) on top of wsproto, and comparing events.

Tests import all of it (`from jsonchat import *`), wsproto included.  An event
is compared with all its members and their order; ANY stands for a value that
varies.
"""
import json

from wsproto import *

ANY = "…"


def unique(pairs):
    keys = [key for key, _ in pairs]
    eq(len(set(keys)), len(keys), f"members that differ in {keys}")
    return dict(pairs)


def parse(text):
    """An object that came from the server."""
    event = json.loads(text, object_pairs_hook=unique)
    assert isinstance(event, dict), f"no object: {text!r}"
    return event


def matches(want, got):
    if want == ANY:
        return True
    if isinstance(want, dict):
        return isinstance(got, dict) and list(want) == list(got) and \
            all(matches(want[key], got[key]) for key in want)
    if isinstance(want, list):
        return isinstance(got, list) and len(want) == len(got) and \
            all(matches(a, b) for a, b in zip(want, got))
    return type(want) is type(got) and want == got


def event(type_, **members):
    """As the server writes one; `from_` is its "from"."""
    return {"type": type_,
            **{key.rstrip("_"): value for key, value in members.items()}}


def message(seq, from_, text, **more):
    return event("message", seq=seq, from_=from_, text=text, time=ANY, **more)


def error(code, **more):
    return event("error", code=code, text=ANY, **more)


class Talker(Peer):
    """Somebody who speaks JSON.  `welcome` is its first event; unless it has
    resumed, it has heard its own join (or the presence instead)."""

    def __init__(self, path="/chat", token=None, fields=(), **options):
        offers = "wschat.v1" + (f", wschat.resume.{token}" if token else "")
        super().__init__(path, fields=[
            *fields, f"Sec-WebSocket-Protocol: {offers}"], **options)
        eq(self.answer.field("Sec-WebSocket-Protocol"), "wschat.v1",
           "the subprotocol taken")
        self.welcome = self.hear()
        eq(self.welcome["type"], "welcome", "first event")
        self.me = self.welcome["name"]
        if not self.welcome["resumed"]:
            first = self.hear()
            assert first["type"] == "presence" or \
                (first["type"], first["name"]) == ("join", self.me), first

    def ask(self, type_, **members):
        self.send_text(json.dumps(event(type_, **members)))

    def say(self, text, **members):
        self.ask("message", text=text, **members)

    def hear(self, patience=PATIENCE):
        return parse(self.hear_text(patience))

    def expect(self, *events):
        for want in events:
            got = self.hear()
            if not matches(want, got):
                raise AssertionError(f"want {want}\n    got  {got}")

    def hear_until(self, type_):
        """The next event of this type; those before it are passed over."""
        while True:
            got = self.hear()
            if got["type"] == type_:
                return got
