"""Category 9 of the catalogue: large messages, small fragments, small chops,
and many messages in turn.  What comes back is compared byte by byte; time is
a guard against hanging, not a measure."""

import peer as wire
from case import expect, finish, number
from peer import BINARY, CONT, TEXT

KIB, MIB = 1 << 10, 1 << 20
GUARD = 100.0                   # seconds for any one answer
KINDS = {"text": (TEXT, b"BAsd7&jh23"), "binary": (BINARY, b"\x00\xfe\x23")}


def filled(pattern, length):
    return (pattern * (length // len(pattern) + 1))[:length]


def size_name(length):
    for unit, name in (MIB, "MiB"), (KIB, "KiB"):
        if length >= unit:
            return f"{length // unit} {name}"
    return f"{length} bytes"


def one_message(kind, length, fragment=0, chop=0):
    """A message in one frame or in fragments, in one write or in chops."""
    opcode, pattern = KINDS[kind]

    def play(dial):
        peer = dial(patience=GUARD)
        payload = filled(pattern, length)
        peer.write(fragmented(opcode, payload, fragment), chop)
        expect(peer, (kind, payload))
        finish(peer, dial.options)
    return play


def fragmented(opcode, payload, size, rsv=0):
    """The frames of a message, `size` bytes each; 0 or more than there are:
    one frame."""
    if not size or len(payload) <= size:
        return wire.frame(opcode, payload, rsv=rsv)
    frames = []
    for at in range(0, len(payload), size):
        frames.append(wire.frame(
            CONT if at else opcode, payload[at:at + size],
            fin=at + size >= len(payload), rsv=0 if at else rsv))
    return b"".join(frames)


def in_turn(kind, length):
    """As many messages as --messages says, each after the echo of the one
    before."""
    opcode, pattern = KINDS[kind]

    def play(dial):
        peer = dial(patience=GUARD)
        payload = filled(pattern, length)
        for _ in range(dial.options.messages):
            peer.send(opcode, payload)
            expect(peer, (kind, payload))
        finish(peer, dial.options)
    return play


SIZES = (64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB)
FRAGMENTS = (64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB,
             4 * MIB)
CHOPS = (64, 128, 256, 512, KIB, 2 * KIB)
TURNS = (0, 16, 64, 256, KIB, 4 * KIB)

CASES = []
for _i, _kind in enumerate(KINDS):
    CASES += number(f"9.{1 + _i}", [
        (f"{_kind} of {size_name(n)}", one_message(_kind, n)) for n in SIZES])
    CASES += number(f"9.{3 + _i}", [
        (f"{_kind} of 4 MiB in fragments of {size_name(n)}",
         one_message(_kind, 4 * MIB, fragment=n)) for n in FRAGMENTS])
    CASES += number(f"9.{5 + _i}", [
        (f"{_kind} of 1 MiB in chops of {size_name(n)}",
         one_message(_kind, MIB, chop=n)) for n in CHOPS])
    CASES += number(f"9.{7 + _i}", [
        (f"{_kind} messages of {size_name(n)}, one after another",
         in_turn(_kind, n)) for n in TURNS])
