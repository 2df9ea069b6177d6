"""What a case is.  Most are a Script: frames to send, events to hear, and how
the connection ends; a few are functions.  A case that returns is OK, one that
raises Fault has failed; a text returned is an informational outcome."""

import time
from dataclasses import dataclass, field
from typing import Callable

import peer as wire
from fault import Fault
from peer import BINARY, CLOSE, CONT, PING, PONG, TEXT, describe

FRAMEWISE = "frame"             # a write of its own for the frame
DEFLATE = "permessage-deflate"


@dataclass(frozen=True)
class Case:
    number: str                 # as in the catalogue
    title: str
    play: Callable              # (Dial) -> None or text
    is_informational: bool = False
    needs_deflate: bool = False

    @property
    def category(self):
        return self.number.partition(".")[0]


@dataclass
class Options:
    messages: int = 1000        # of cases 12 and 13
    message_size: int = 16 << 20    # the server's limit
    close_within: float = 1.0   # TCP after the closing handshake
    patience: float = 10.0      # a guard against hanging, no measure


@dataclass
class Dial:
    """Opens the connections of one case and remembers them."""
    target: wire.Target
    options: Options
    peers: list = field(default_factory=list)

    def __call__(self, offer=None, patience=None):
        peer = wire.Peer(self.target, offer, patience or
                         self.options.patience)
        self.peers.append(peer)
        return peer

    def deflating(self, offer=DEFLATE, patience=None):
        peer = self(offer, patience)
        if peer.extension is None:
            raise Fault(f"the offer {offer!r} to be accepted", "declined")
        return peer


# -- steps of a script

@dataclass(frozen=True)
class Send:
    data: bytes
    chop: object = 0            # bytes a write, FRAMEWISE, 0: with the next


@dataclass(frozen=True)
class Hear:
    event: tuple


@dataclass(frozen=True)
class Quiet:
    seconds: float = 0.1


def send(opcode, payload=b"", chop=0, **how):
    return Send(wire.frame(opcode, payload, **how), chop)


def text(payload=b"", **how):
    return send(TEXT, payload, **how)


def binary(payload=b"", **how):
    return send(BINARY, payload, **how)


def more(payload=b"", **how):
    return send(CONT, payload, **how)


def ping(payload=b"", **how):
    return send(PING, payload, **how)


def pong(payload=b"", **how):
    return send(PONG, payload, **how)


def close(code=1000, reason=b"", **how):
    payload = b"" if code is None else wire.close_payload(code, reason)
    return send(CLOSE, payload, **how)


# -- ends of a script

@dataclass(frozen=True)
class End:
    """`codes` are the good ones; who closes first says `by`."""
    by: str                     # "us": now; "them"; "sent": we did already
    codes: tuple = (1000,)


LEAVE = End("us")


def fails(*codes):
    """The server fails the connection."""
    return End("them", codes)


def answers(*codes):
    """Our close frame is among the steps; the server answers it."""
    return End("sent", codes)


def finish(peer, options, end=LEAVE):
    """Plays the end: close frames both ways, then TCP in time."""
    if end.by == "us":
        peer.send(CLOSE, wire.close_payload(1000))
    want = "close " + " or ".join(map(str, end.codes))
    try:
        event = peer.event()
    except Fault as fault:
        raise Fault(want, fault.got) from fault
    if event[0] != "close" or event[1] not in end.codes:
        raise Fault(want, describe(event))
    if end.by == "them":
        code = event[1]
        peer.send(CLOSE, b"" if code == wire.NO_CODE else
                  wire.close_payload(code))
    expect_end(peer, options.close_within)


def expect_end(peer, seconds):
    began = time.monotonic()
    want = f"TCP to end within {seconds:g} s of the closing handshake"
    try:
        event = peer.event(seconds)
    except Fault as fault:
        raise Fault(want, fault.got) from fault
    if event != ("end",):
        raise Fault(want, f"{describe(event)} after "
                    f"{time.monotonic() - began:.3f} s")


def expect(peer, *events):
    """Exactly these come next."""
    for event in events:
        try:
            got = peer.event()
        except Fault as fault:
            raise Fault(describe(event), str(fault)) from fault
        if got != event:
            raise Fault(describe(event), describe(got))


def play_steps(peer, steps):
    """Sends and hears; frames without a chop leave in one write."""
    gathered = []

    def flush():
        if gathered:
            peer.write(b"".join(gathered))
            gathered.clear()

    for step in steps:
        if isinstance(step, Send) and not step.chop:
            gathered.append(step.data)
            continue
        flush()
        if isinstance(step, Hear):
            expect(peer, step.event)
        elif isinstance(step, Quiet):
            peer.quiet(step.seconds)
        else:
            peer.write(step.data, 0 if step.chop == FRAMEWISE else step.chop)
    flush()


def script(*steps, hears=(), end=LEAVE, offer=None):
    """play() of a Case: the steps, then what is heard, then the end."""
    def play(dial):
        peer = dial.deflating(offer) if offer else dial()
        play_steps(peer, steps)
        expect(peer, *hears)
        finish(peer, dial.options, end)
    return play


def observe(*steps):
    """play() of an informational case: whatever comes, if it ends."""
    def play(dial):
        peer = dial()
        play_steps(peer, steps)
        seen = []
        while not seen or seen[-1][0] not in ("end", "reset"):
            seen.append(peer.event())
            if seen[-1][0] == "close":
                peer.send(CLOSE, wire.close_payload(1000))
        return ", ".join(map(describe, seen))
    return play


def number(prefix, rows, **how):
    """Cases prefix.1, prefix.2, … of (title, play) rows."""
    return [Case(f"{prefix}.{i}", title, play, **how)
            for i, (title, play) in enumerate(rows, 1)]
