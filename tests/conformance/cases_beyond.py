"""Category X, first part: what the catalogue does not try on the bare wire.
Masks in every state, lengths in every form and beyond every limit, reserved
bits in the places left, and refusals at the first wrong byte."""

from case import (Send, answers, binary, close, expect, fails, finish,
                  more, number, ping, pong, script, send, text)
from peer import BINARY, CLOSE, CONT, PING, TEXT, frame

HELLO = b"Hello"
PROTOCOL, TOO_BIG = fails(1002), fails(1009)
OPEN = text(b"fragment", fin=False)
NAKED = {"masked": False}


def header(opcode, length, **how):
    """A frame whose payload never comes."""
    return Send(frame(opcode, form=64, declared=length, **how))


def refused(*steps, end=PROTOCOL):
    return script(*steps, end=end)


# -- X.1: frames that are not masked

MASKS = number("X.1", [
    ("unmasked text", refused(text(HELLO, **NAKED))),
    ("unmasked binary message", refused(binary(HELLO, **NAKED))),
    ("unmasked text without payload", refused(text(**NAKED))),
    ("unmasked text with a length of 16 bits",
     refused(text(b"*" * 126, **NAKED))),
    ("unmasked text with a length of 64 bits",
     refused(text(b"*" * 65536, **NAKED))),
    ("unmasked text of 2^32 bytes, without them",
     refused(header(TEXT, 1 << 32, **NAKED))),
    ("unmasked ping", refused(ping(HELLO, **NAKED))),
    ("unmasked pong", refused(pong(HELLO, **NAKED))),
    ("unmasked close", refused(close(1000, **NAKED))),
    ("unmasked close without payload", refused(close(None, **NAKED))),
    ("unmasked first fragment", refused(text(HELLO, fin=False, **NAKED))),
    ("unmasked continuation", refused(OPEN, more(HELLO, **NAKED))),
    ("unmasked last fragment of none",
     refused(OPEN, more(HELLO, fin=False), more(**NAKED))),
    ("unmasked ping between fragments",
     refused(OPEN, ping(HELLO, **NAKED), more(HELLO))),
    ("unmasked close between fragments",
     refused(OPEN, close(1000, **NAKED))),
    ("unmasked continuation of nothing", refused(more(HELLO, **NAKED))),
    ("unmasked text after a good one",
     script(text(HELLO), text(HELLO, **NAKED), hears=[("text", HELLO)],
            end=PROTOCOL)),
    ("unmasked ping after a good one",
     script(ping(HELLO), ping(HELLO, **NAKED), hears=[("pong", HELLO)],
            end=PROTOCOL)),
    ("unmasked text, octet-wise", refused(text(HELLO, chop=1, **NAKED))),
    ("unmasked text after our close",
     script(close(), text(HELLO, **NAKED), end=answers(1000))),
])


# -- X.2: lengths

def not_shortest():
    for form, lengths in (16, (0, 1, 125)), (64, (0, 1, 125, 126, 65535)):
        for length in lengths:
            yield (f"{length} bytes with a length of {form} bits",
                   refused(binary(b"*" * length, form=form)))
    for form in 16, 64:
        for opcode, name in (PING, "ping"), (CLOSE, "close"):
            payload = b"\x03\xe8" if opcode == CLOSE else HELLO
            yield (f"{name} with a length of {form} bits",
                   refused(send(opcode, payload, form=form)))
    yield ("continuation with a length of 16 bits",
           refused(OPEN, more(HELLO, form=16)))


HUGE = ((1 << 31, "2^31", TOO_BIG), (1 << 32, "2^32", TOO_BIG),
        ((1 << 63) - 1, "2^63 - 1", TOO_BIG), (1 << 63, "2^63", PROTOCOL),
        ((1 << 64) - 1, "2^64 - 1", PROTOCOL))


def huge():
    for length, name, end in HUGE:
        yield (f"header of a text of {name} bytes",
               refused(header(TEXT, length), end=end))
        yield (f"header of a binary message of {name} bytes, octet-wise",
               refused(Send(header(BINARY, length).data, 1), end=end))
        yield (f"header of a first fragment of {name} bytes",
               refused(header(TEXT, length, fin=False), end=end))
        yield (f"header of a continuation of {name} bytes",
               refused(OPEN, header(CONT, length), end=end))
        yield (f"header of a ping of {name} bytes",
               refused(header(PING, length)))
        yield (f"header of {name} bytes after a good message",
               script(text(HELLO), header(TEXT, length),
                      hears=[("text", HELLO)], end=end))


def over_limit(*lengths):
    """Fragments that together are one byte too many; the last one is
    announced, not sent."""
    def play(dial):
        peer = dial()
        for i, length in enumerate(lengths):
            peer.send(CONT if i else BINARY, b"*" * length, fin=False)
        peer.write(frame(
            CONT if lengths else BINARY, form=64,
            declared=dial.options.message_size + 1 - sum(lengths)))
        finish(peer, dial.options, TOO_BIG)
    return play


def at_limit(dial):
    peer = dial()
    payload = b"*" * dial.options.message_size
    peer.send(BINARY, payload[:1], fin=False)
    peer.send(CONT, payload[1:])
    expect(peer, ("binary", payload))
    finish(peer, dial.options)


LENGTHS = number("X.2", [
    *not_shortest(),
    *huge(),
    ("header of one byte more than the limit", over_limit()),
    ("header of a continuation, one byte more than the limit",
     over_limit(1)),
    ("header of a last fragment, one byte more than the limit",
     over_limit(0, 1000, 65536)),
    ("two fragments, as long as the limit", at_limit),
])


# -- X.3: reserved bits where the catalogue has none

BITS = number("X.3", [
    (f"RSV{4 - bit.bit_length()} on {name}", play)
    for bit in (4, 2, 1) for name, play in (
        ("a continuation", refused(OPEN, more(HELLO, rsv=bit))),
        ("an empty last fragment", refused(OPEN, more(rsv=bit))),
        ("a ping", refused(ping(rsv=bit))),
        ("a ping between fragments", refused(OPEN, ping(HELLO, rsv=bit))),
        ("a pong", refused(pong(HELLO, rsv=bit))),
        ("a close", refused(close(1000, rsv=bit))),
        ("a first fragment", refused(text(HELLO, fin=False, rsv=bit))),
        ("a binary message without payload", refused(binary(rsv=bit))))
])


# -- X.4: the first wrong byte decides, whatever would follow

def first_bytes():
    for byte, what in (
            (0xc1, "RSV1 on a text"), (0xa2, "RSV2 on a binary message"),
            (0x99, "RSV3 and an opcode"), (0x83, "opcode 3"),
            (0x8b, "opcode 11"), (0x80, "a continuation of nothing"),
            (0x09, "a fragment of a ping"), (0x08, "a fragment of a close")):
        yield f"one byte: {what}", refused(Send(bytes([byte])))
    for head, what in (
            (b"\x81\x05", "unmasked"), (b"\x89\xfe", "ping beyond 125"),
            (b"\x8a\xff", "pong beyond 125"), (b"\x88\x81", "close of one")):
        yield f"two bytes: {what}", refused(Send(head))
    yield ("two bytes after a fragment: a text within a text",
           refused(OPEN, Send(b"\x81\x85")))


FIRST = number("X.4", [
    *first_bytes(),
    ("a length of 64 bits that is too long, at its first byte",
     refused(Send(b"\x82\xff\x80\0\0\0\0\0\0\0"))),
    ("a wrong byte of UTF-8 in the first of many",
     refused(Send(frame(TEXT, b"\xff" + b"*" * 65535)[:15]),
             end=fails(1007))),
    ("frames after our close are not heard, be they bad",
     script(close(), send(3, HELLO, rsv=7), end=answers(1000))),
    ("half a frame after our close",
     script(close(), Send(frame(TEXT, HELLO)[:4]), end=answers(1000))),
    ("a close between fragments", script(OPEN, close(), end=answers(1000))),
])

CASES = MASKS + LENGTHS + BITS + FIRST
