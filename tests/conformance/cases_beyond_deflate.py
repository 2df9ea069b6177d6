"""Category X, second part: permessage-deflate where the catalogue does not
go.  Streams as RFC 7692 allows and forbids them, bombs, and offers to accept
or to decline.  A stream that cannot be inflated is closed with 1007."""

import random
import struct
import zlib

from case import (DEFLATE, Hear, Send, answers, close, expect, fails, finish,
                  more, number, ping, play_steps, script, send, text)
from fault import Fault
from peer import BINARY, CLOSE, CONT, PONG, TEXT, frame

RSV1 = 4
HELLO = ("text", b"Hello")
BROKEN, TOO_BIG, PROTOCOL = fails(1007), fails(1009), fails(1002)


def pack(payload, level=6, flush=zlib.Z_SYNC_FLUSH, strategy=0, cut=4):
    stream = zlib.compressobj(level, zlib.DEFLATED, -15, 8, strategy)
    data = stream.compress(payload) + stream.flush(flush)
    return data[:-cut] if cut else data


def packed(data, opcode=TEXT, **how):
    """A frame whose payload is this stream."""
    return send(opcode, data, rsv=RSV1, **how)


def hexed(digits, **how):
    return packed(bytes.fromhex(digits), **how)


def play(*steps, hears=(), end=None):
    how = {"end": end} if end else {}
    return script(*steps, hears=hears, offer=DEFLATE, **how)


# -- X.5: streams that are right.  The first are the examples of RFC 7692 7.2.3.

LONG = b"".join(b"%d bottles of beer on the wall, " % i for i in range(4000))


def takeover(dial):
    """A second message that refers to the first: an echo if the client may
    keep its window, and a distance too far back if it must not."""
    peer = dial.deflating()
    play_steps(peer, [hexed("f248cdc9c90700"), hexed("f200110000")])
    if peer.extension.client_forgets:
        expect(peer, HELLO)
        finish(peer, dial.options, BROKEN)
    else:
        expect(peer, HELLO, HELLO)
        finish(peer, dial.options)


def comes_back_deflated(dial):
    peer = dial.deflating()
    play_steps(peer, [packed(pack(LONG))])
    expect(peer, ("text", LONG))
    if not peer.deflated:
        raise Fault("a long text to come back deflated", "plain")
    finish(peer, dial.options)


def at_limit(dial):
    peer = dial.deflating(patience=60)
    payload = bytes(dial.options.message_size)
    play_steps(peer, [packed(pack(payload), BINARY)])
    expect(peer, ("binary", payload))
    finish(peer, dial.options)


def one_by_one(data):
    last = len(data) - 1
    return [send(CONT if i else TEXT, data[i:i + 1], fin=i == last,
                 rsv=0 if i else RSV1) for i in range(len(data))]


SHORT = pack(b"Hello")
GOOD = number("X.5", [
    ("a fixed block", play(hexed("f248cdc9c90700"), hears=[HELLO])),
    ("a message in two frames",
     play(hexed("f248cd", fin=False), more(bytes.fromhex("c9c90700")),
          hears=[HELLO])),
    ("a second message that refers to the first", takeover),
    ("a stored block", play(hexed("000500faff48656c6c6f00"),
                            hears=[HELLO])),
    ("a final block", play(hexed("f348cdc9c9070000"), hears=[HELLO])),
    ("a final block, then a message",
     play(hexed("f348cdc9c9070000"), hexed("f248cdc9c90700"),
          hears=[HELLO] * 2)),
    ("a final block, then another block of the message",
     play(hexed("f348cdc9c90700" "f248cdc9c90700"),
          hears=[("text", b"HelloHello")])),
    ("two blocks and a flush between",
     play(hexed("f24805000000ffffcac9c90700"), hears=[HELLO])),
    ("an empty message", play(hexed("00"), hears=[("text", b"")])),
    ("an empty binary message",
     play(hexed("00", opcode=BINARY), hears=[("binary", b"")])),
    ("an empty message in a final block",
     play(hexed("030000"), hears=[("text", b"")])),
    ("an empty message, then another",
     play(hexed("00"), hexed("f248cdc9c90700"),
          hears=[("text", b""), HELLO])),
    ("empty fragments around one that is not",
     play(packed(b"", fin=False), more(SHORT, fin=False), more(),
          hears=[HELLO])),
    ("fragments of one byte", play(*one_by_one(SHORT), hears=[HELLO])),
    ("octet-wise", play(packed(SHORT, chop=1), hears=[HELLO])),
    ("a ping between fragments",
     play(packed(SHORT[:3], fin=False), ping(b"p"), more(SHORT[3:]),
          hears=[("pong", b"p"), HELLO])),
    ("a plain message", play(text(b"plain"), hears=[("text", b"plain")])),
    ("plain fragments between deflated messages",
     play(packed(SHORT), text(b"Hel", fin=False), more(b"lo"),
          packed(SHORT), hears=[HELLO] * 3)),
    ("stored blocks of a long text",
     play(packed(pack(LONG, level=0)), hears=[("text", LONG)])),
    ("fixed blocks of a long text",
     play(packed(pack(LONG, strategy=zlib.Z_FIXED)),
          hears=[("text", LONG)])),
    ("dynamic blocks of a long text, in fragments of 100",
     play(*(send(CONT if at else TEXT, pack(LONG)[at:at + 100],
                 rsv=0 if at else RSV1, fin=at + 100 >= len(pack(LONG)))
            for at in range(0, len(pack(LONG)), 100)),
          hears=[("text", LONG)])),
    ("many empty stored blocks",
     play(packed(b"\x00\x00\x00\xff\xff" * 500 + SHORT), hears=[HELLO])),
    ("a character cut by fragments and by blocks",
     play(packed(pack(b"\xe2\x82", cut=0), fin=False),
          more(pack(b"\xac")), hears=[("text", b"\xe2\x82\xac")])),
    ("a long text comes back deflated", comes_back_deflated),
    ("zeros, as many as the limit allows", at_limit),
    ("close between deflated fragments",
     play(packed(SHORT[:3], fin=False), close(), end=answers(1000))),
], needs_deflate=True)


# -- X.6: streams that are wrong

def stored(length, payload, check=None):
    check = length ^ 0xffff if check is None else check
    return b"\x00" + struct.pack("<HH", length, check) + payload


def zeros(megabytes):
    """So many MiB of zeros, a kilobyte each: the flush makes every part
    stand alone."""
    return pack(bytes(1 << 20), 9, zlib.Z_FULL_FLUSH, cut=0) * megabytes


def bomb(extra, **how):
    """More MiB than the limit allows; without FIN: who waits for the rest
    does not answer."""
    def explode(dial):
        peer = dial.deflating()
        data = zeros((dial.options.message_size >> 20) + extra)
        play_steps(peer, [packed(data, BINARY, **how)])
        finish(peer, dial.options, TOO_BIG)
    return explode


def bomb_in_fragments(dial):
    peer = dial.deflating()
    count = (dial.options.message_size >> 20) + 1
    play_steps(peer, [send(CONT if i else BINARY, zeros(1), fin=False,
                           rsv=0 if i else RSV1) for i in range(count)])
    finish(peer, dial.options, TOO_BIG)


def over_by_one(dial):
    peer = dial.deflating()
    play_steps(peer, [
        packed(pack(bytes(dial.options.message_size + 1)), BINARY)])
    finish(peer, dial.options, TOO_BIG)


def refused(*steps, end=BROKEN):
    return play(*steps, end=end)


SURROGATE = b"\xed\xa0\x80"
BAD = number("X.6", [
    ("a block of the reserved type", refused(hexed("06"))),
    ("a block of the reserved type, more to come",
     refused(hexed("06ffff", fin=False))),
    ("noise", refused(packed(b"\xff" * 64))),
    ("a stored block whose check is wrong",
     refused(packed(stored(5, b"Hello", check=0)))),
    ("a distance too far back", refused(hexed("f200110000"))),
    ("bad code lengths", refused(hexed("fcffffffffffffffff"))),
    ("a wrong block in the second fragment",
     refused(packed(pack(b"Hello", cut=0), fin=False), more(b"\x06"))),
    ("a wrong block after a good message",
     play(packed(SHORT), Hear(HELLO), packed(b"\x06"), end=BROKEN)),
    ("a wrong block right after a good message, in one chop",
     play(packed(SHORT), packed(b"\x06"), hears=[HELLO], end=BROKEN)),
    ("a stored block cut short",
     refused(packed(stored(100, b"*" * 50), BINARY))),
    ("a stored block cut in its length", refused(hexed("0005"))),
    ("a long text cut in the middle",
     refused(packed(pack(LONG)[:len(pack(LONG)) // 2]))),
    ("a stream that ends within its first block",
     refused(packed(pack(LONG)[:20]))),
    ("a plain text that says it is deflated",
     refused(packed(b"Hello, world!"))),
    ("with the header of zlib", refused(packed(zlib.compress(LONG)))),
    ("with the header of gzip",
     refused(packed(bytes.fromhex("1f8b0800000000000003")))),
    ("deflated text that is no UTF-8", refused(packed(pack(SURROGATE)))),
    ("deflated text that ends within a character",
     refused(packed(pack(b"\xe2\x82")))),
    ("deflated text that is no UTF-8, more to come",
     refused(packed(pack(SURROGATE, cut=0), fin=False))),
    ("deflated text that is no UTF-8 in the second fragment",
     refused(packed(pack(b"\xe2", cut=0), fin=False),
             more(pack(b"\x28", cut=0), fin=False))),
    ("zeros, one more than the limit", over_by_one),
    ("a bomb of one MiB too much, more to come", bomb(1, fin=False)),
    ("a bomb of a GiB", bomb(1024)),
    ("a bomb in fragments", bomb_in_fragments),
    ("RSV1 on a continuation",
     refused(packed(SHORT[:3], fin=False), send(CONT, SHORT[3:], rsv=RSV1),
             end=PROTOCOL)),
    ("RSV1 on a continuation of a plain message",
     refused(text(b"Hel", fin=False), send(CONT, SHORT, rsv=RSV1),
             end=PROTOCOL)),
    ("RSV1 on a ping", refused(ping(b"p", rsv=RSV1), end=PROTOCOL)),
    ("RSV1 on a pong", refused(send(PONG, rsv=RSV1), end=PROTOCOL)),
    ("RSV1 on a close",
     refused(send(CLOSE, b"\x03\xe8", rsv=RSV1), end=PROTOCOL)),
    ("RSV1 and RSV2", refused(send(TEXT, SHORT, rsv=6), end=PROTOCOL)),
    ("RSV3", refused(send(TEXT, SHORT, rsv=1), end=PROTOCOL)),
    ("an unmasked deflated text",
     refused(packed(SHORT, masked=False), end=PROTOCOL)),
    ("a deflated text of 2^63 bytes",
     refused(Send(frame(TEXT, rsv=RSV1, form=64, declared=1 << 63)),
             end=PROTOCOL)),
    ("a deflated text of 2^63 - 1 bytes",
     refused(Send(frame(TEXT, rsv=RSV1, form=64, declared=(1 << 63) - 1)),
             end=TOO_BIG)),
], needs_deflate=True)


# -- X.7: offers

def far_apart(bits):
    """Noise twice: what is the same lies a little beyond the window."""
    return random.Random(bits).randbytes((1 << bits) * 5 // 4) * 2


def accepted(offer, bits=None):
    """The answer is one to the offer (the peer sees to that), the server's
    window has at most so many bits but is one that zlib has, and the streams
    work."""
    def negotiate(dial):
        peer = dial.deflating(offer)
        if bits and not 9 <= peer.extension.server_bits <= bits:
            raise Fault(f"{BITS} from 9 to {bits} in the answer",
                        peer.answer_field)
        for payload in (far_apart(bits or 15), b"", LONG):
            peer.send(BINARY, peer.extension.deflate(payload), rsv=RSV1)
            expect(peer, ("binary", payload))
        finish(peer, dial.options)
    return negotiate


def declined(offer):
    """No extension in the answer, and RSV1 is as wrong as ever."""
    def negotiate(dial):
        peer = dial(offer)
        if peer.answer_field is not None:
            raise Fault("no extension in the answer", peer.answer_field)
        play_steps(peer, [text(b"Hello"), Hear(HELLO), packed(SHORT)])
        finish(peer, dial.options, PROTOCOL)
    return negotiate


def malformed(offer):
    """RFC 6455 9.1: the handshake fails."""
    def negotiate(dial):
        try:
            peer = dial(offer)
        except Fault as fault:
            if fault.got != "400":
                raise Fault("status 400", fault.got) from fault
            return
        raise Fault("status 400", f"101, extension {peer.answer_field}")
    return negotiate


def offered(parameters):
    return f"{DEFLATE}; {parameters}"


BITS = "server_max_window_bits"
DECLINED = (
    f"{BITS}=8", "unknown", "unknown=1", f"{BITS}", f"{BITS}=7",
    f"{BITS}=16", f"{BITS}=0", f"{BITS}=09", f"{BITS}=-9", f"{BITS}=9x",
    f"{BITS}=100", f"{BITS}=9; {BITS}=9", f"{BITS}=10; {BITS}=11",
    "client_max_window_bits=7", "client_max_window_bits=16",
    "client_max_window_bits=010",
    "client_max_window_bits; client_max_window_bits",
    "server_no_context_takeover=1", "server_no_context_takeover=true",
    "client_no_context_takeover=0",
    "server_no_context_takeover; server_no_context_takeover",
    "client_no_context_takeover; client_no_context_takeover",
)
# An offer, or one for each field; the most bits that the answer may have.
ACCEPTED = (
    (DEFLATE, None),
    *((offered(f"{BITS}={n}"), n) for n in range(9, 16)),
    (offered("server_no_context_takeover"), None),
    (offered("client_no_context_takeover"), None),
    (offered("client_max_window_bits"), None),
    *((offered(f"client_max_window_bits={n}"), None) for n in (9, 12, 15)),
    (offered(f'{BITS}="10"'), 10),
    (offered('client_max_window_bits="11"'), None),
    (f"{DEFLATE};{BITS}=9;client_max_window_bits", 9),
    (f"{DEFLATE} ;\t{BITS}=9 ,", 9),
    (f", ,{DEFLATE}", None),
    (f"x-unknown, {DEFLATE}", None),
    (f'x-unknown; a="1"; b=2; c, {DEFLATE}; {BITS}=12', 12),
    (f"{offered(BITS + '=8')}, {offered(BITS + '=9')}", 9),
    (f"{offered('unknown')}, {DEFLATE}", None),
    (f"{offered(BITS + '=11')}, {DEFLATE}", 11),
    (["x-unknown", DEFLATE], None),
    ([offered(BITS + "=8"), offered(BITS + "=13")], 13),
)
MALFORMED = ("=", f"{DEFLATE};", f"{DEFLATE}; =9", f"{DEFLATE}; {BITS}=",
             f'{DEFLATE}; {BITS}="9', f"{DEFLATE} {BITS}", f'"{DEFLATE}"',
             f'{DEFLATE}; {BITS}=""', f'x-unknown; a="1, 2", {DEFLATE}')

OFFERS = number("X.7", [
    *((f"accepted: {offer}", accepted(offer, bits))
      for offer, bits in ACCEPTED),
    *((f"declined: {each}", declined(offered(each))) for each in DECLINED),
    ("declined: another extension", declined("x-unknown")),
    ("declined: one like it", declined("permessage-deflate2")),
    ("declined: two that are wrong",
     declined(f"{offered(BITS + '=8')}, {offered('unknown')}")),
    *((f"malformed: {each}", malformed(each)) for each in MALFORMED),
], needs_deflate=True)

CASES = GOOD + BAD + OFFERS
