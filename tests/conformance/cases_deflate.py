"""Categories 12 and 13 of the catalogue: permessage-deflate.  Messages of
several kinds and sizes, whole and in fragments of what was compressed, each
after the echo of the one before; 13 with every form of the offer."""

import itertools

from case import expect, finish, number
from cases_limits import GUARD, fragmented
from data import KINDS, corpus, slices
from peer import BINARY, TEXT

# Length of a message, size of its fragments (0: one frame).
SIZES = [(n, 0) for n in (16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536,
                          131072)] + \
    [(n, 256) for n in (8192, 16384, 32768, 65536, 131072)] + \
    [(131072, n) for n in (1024, 4096, 32768)]

RSV1 = 4


def offer(forgets=False, bits=0):
    """As the catalogue's client offers: its own side is open to anything,
    the server's is limited."""
    return "; ".join(
        ["permessage-deflate", "client_no_context_takeover",
         "client_max_window_bits"] +
        ["server_no_context_takeover"] * forgets +
        [f"server_max_window_bits={bits}"] * (bits > 0))


OFFERS = (
    offer(),
    offer(forgets=True),
    offer(bits=9),
    offer(bits=15),
    offer(forgets=True, bits=9),
    offer(forgets=True, bits=15),
    ", ".join((offer(forgets=True, bits=9), offer(forgets=True), offer())),
)


def exchange(kind, length, fragment, offered):
    def play(dial):
        peer = dial.deflating(offered, GUARD)
        name = KINDS[kind][1]
        opcode = TEXT if name == "text" else BINARY
        messages = slices(corpus(kind), length)
        for payload in itertools.islice(messages, dial.options.messages):
            # The level is the client's affair; 1 is quick.
            packed = peer.extension.deflate(payload, level=1)
            peer.write(fragmented(opcode, packed, fragment, RSV1))
            expect(peer, (name, payload))
        finish(peer, dial.options)
    return play


def rows(kind, offered, what):
    for length, fragment in SIZES:
        yield (f"{what}, messages of {length} bytes" +
               (f" in fragments of {fragment}" if fragment else ""),
               exchange(kind, length, fragment, offered))


CASES = []
for _kind, (_name, *_) in enumerate(KINDS):
    CASES += number(f"12.{_kind + 1}", rows(_kind, OFFERS[0], _name),
                    needs_deflate=True)
for _i, _offered in enumerate(OFFERS, 1):
    CASES += number(f"13.{_i}", rows(0, _offered, f"offer {_i}"),
                    needs_deflate=True)
