"""Categories 1 to 5 and 10 of the catalogue: framing, pings, reserved bits,
opcodes, fragments, and what an automatic fragmenter sends."""

from case import (FRAMEWISE, Case, Hear, binary, fails, more, number, ping,
                  pong, script, send, text)
from peer import BINARY, CLOSE, CONT, PING, PONG, TEXT

HELLO = b"Hello, world!"
LENGTHS = (0, 125, 126, 127, 128, 65535, 65536)
PROTOCOL = fails(1002)


# -- 1: framing

def echo_rows(kind, opcode, octet):
    for length, chop in [(n, 0) for n in LENGTHS] + [(65536, 997)]:
        payload = octet * length
        yield (f"{kind} message of {length} bytes" +
               (f" in chops of {chop}" if chop else ""),
               script(send(opcode, payload, chop=chop),
                      hears=[(kind, payload)]))


FRAMING = (number("1.1", echo_rows("text", TEXT, b"*")) +
           number("1.2", echo_rows("binary", BINARY, b"\xfe")))


# -- 2: pings and pongs

def ten_pings(chop):
    payloads = [b"payload-%d" % i for i in range(10)]
    return script(*(ping(each, chop=chop) for each in payloads),
                  hears=[("pong", each) for each in payloads])


OCTETS = bytes.fromhex("00fffefdfcfb00ff")
UNSOLICITED = b"unsolicited pong payload"
PINGS = number("2", [
    ("ping without payload", script(ping(), hears=[("pong", b"")])),
    ("ping with a text", script(ping(HELLO), hears=[("pong", HELLO)])),
    ("ping with bytes that are no UTF-8",
     script(ping(OCTETS), hears=[("pong", OCTETS)])),
    ("ping of 125 bytes",
     script(ping(b"\xfe" * 125), hears=[("pong", b"\xfe" * 125)])),
    ("ping of 126 bytes", script(ping(b"\xfe" * 126), end=PROTOCOL)),
    ("ping of 125 bytes, octet-wise",
     script(ping(b"\xfe" * 125, chop=1), hears=[("pong", b"\xfe" * 125)])),
    ("unsolicited pong without payload", script(pong())),
    ("unsolicited pong with payload", script(pong(UNSOLICITED))),
    ("unsolicited pong, then a ping",
     script(pong(UNSOLICITED), ping(b"ping payload"),
            hears=[("pong", b"ping payload")])),
    ("ten pings", ten_pings(0)),
    ("ten pings, octet-wise", ten_pings(1)),
])


# -- 3: reserved bits

def after_echo(*wrong, chop=0):
    """A good message, which is echoed, then what is wrong, then a ping,
    which is not answered."""
    return script(text(HELLO, chop=chop), *wrong, ping(chop=chop),
                  hears=[("text", HELLO)], end=PROTOCOL)


RESERVED = number("3", [
    ("RSV3 on a text", script(text(HELLO, rsv=1), end=PROTOCOL)),
    ("RSV2 on the second of two texts, in one chop",
     after_echo(text(HELLO, rsv=2))),
    ("RSV2 and RSV3 on the second of two texts, frame-wise",
     after_echo(text(HELLO, rsv=3, chop=FRAMEWISE), chop=FRAMEWISE)),
    ("RSV1 on the second of two texts, octet-wise",
     after_echo(text(HELLO, rsv=4, chop=1), chop=1)),
    ("RSV1 and RSV3 on a binary message",
     script(binary(OCTETS, rsv=5), end=PROTOCOL)),
    ("RSV1 and RSV2 on a ping", script(ping(HELLO, rsv=6), end=PROTOCOL)),
    ("all reserved bits on a close",
     script(send(CLOSE, rsv=7), end=PROTOCOL)),
])


# -- 4: opcodes

def opcode_rows(first, what):
    for i in range(5):
        opcode, payload = first + i, HELLO if i in (1, 3, 4) else b""
        title = f"reserved {what} opcode {opcode}, " + \
            ("with payload" if payload else "empty")
        if i < 2:
            yield title, script(send(opcode, payload), end=PROTOCOL)
            continue
        chop = 1 if i == 4 else 0
        yield (title + " after a text" + (", octet-wise" if chop else ""),
               after_echo(send(opcode, payload, chop=chop), chop=chop))


OPCODES = (number("4.1", opcode_rows(3, "non-control")) +
           number("4.2", opcode_rows(11, "control")))


# -- 5: fragments

PARTS = b"fragment1", b"fragment2", b"fragment3", b"fragment4", b"fragment5"
CHOPS = (("in one chop", 0), ("frame-wise", FRAMEWISE), ("octet-wise", 1))
LOOSE = b"non-continuation payload"


def in_two(opcode):
    return script(send(opcode, PARTS[0], fin=False), more(PARTS[1]),
                  end=PROTOCOL)


def two_texts(chop):
    return script(text(PARTS[0], fin=False, chop=chop),
                  more(PARTS[1], chop=chop),
                  hears=[("text", PARTS[0] + PARTS[1])])


def ping_between(chop):
    return script(text(PARTS[0], fin=False, chop=chop),
                  ping(b"ping payload", chop=chop),
                  more(PARTS[1], chop=chop),
                  hears=[("pong", b"ping payload"),
                         ("text", PARTS[0] + PARTS[1])])


def nothing_to_continue(fin, chop):
    return script(more(LOOSE, fin=fin, chop=chop), text(HELLO, chop=chop),
                  end=PROTOCOL)


def loose_twice(fin):
    return script(*(more(PARTS[0], fin=fin), text(PARTS[1], fin=False),
                    more(PARTS[2])) * 2, end=PROTOCOL)


def answered_between(chop):
    """The first ping is answered before the last fragments are sent."""
    first, second = b"pongme 1!", b"pongme 2!"
    return script(
        text(PARTS[0], fin=False, chop=chop),
        more(PARTS[1], fin=False, chop=chop), ping(first, chop=chop),
        Hear(("pong", first)),
        more(PARTS[2], fin=False, chop=chop),
        more(PARTS[3], fin=False, chop=chop), ping(second, chop=chop),
        more(PARTS[4], chop=chop),
        hears=[("pong", second), ("text", b"".join(PARTS))])


FRAGMENTS = number("5", [
    ("ping in two fragments", in_two(PING)),
    ("pong in two fragments", in_two(PONG)),
    *((f"text in two fragments, {how}", two_texts(chop))
      for how, chop in CHOPS),
    *((f"ping between two fragments, {how}", ping_between(chop))
      for how, chop in CHOPS),
    *((f"continuation with FIN of nothing, then a text, {how}",
       nothing_to_continue(True, chop)) for how, chop in CHOPS),
    *((f"continuation without FIN of nothing, then a text, {how}",
       nothing_to_continue(False, chop)) for how, chop in CHOPS),
    ("text in two fragments, then a continuation of nothing, then a text",
     script(text(PARTS[0], fin=False), more(PARTS[1]),
            more(PARTS[2], fin=False), text(PARTS[3]),
            hears=[("text", PARTS[0] + PARTS[1])], end=PROTOCOL)),
    ("twice: continuation without FIN of nothing, then text in two",
     loose_twice(False)),
    ("twice: continuation with FIN of nothing, then text in two",
     loose_twice(True)),
    ("text in two fragments that both say text",
     script(text(PARTS[0], fin=False), text(PARTS[1]), end=PROTOCOL)),
    ("text in five fragments, each ping answered at once",
     answered_between(0)),
    ("text in five fragments, each ping answered at once, frame-wise",
     answered_between(FRAMEWISE)),
])


# -- 10: what an automatic fragmenter sends

def auto_fragments(payload, size):
    parts = [payload[at:at + size] for at in range(0, len(payload), size)]
    last = len(parts) - 1
    return [send(TEXT if i == 0 else CONT, part, fin=i == last)
            for i, part in enumerate(parts)]


STARS = b"*" * 65536
AUTO = [Case("10.1.1", "text of 65536 bytes in fragments of 1300",
             script(*auto_fragments(STARS, 1300), hears=[("text", STARS)]))]

CASES = FRAMING + PINGS + RESERVED + OPCODES + FRAGMENTS + AUTO
