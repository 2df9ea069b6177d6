"""Category 6 of the catalogue: UTF-8.  Text is judged as it arrives: a wrong
byte closes the connection before the message, or even its frame, is whole.

The sequences are those of Markus Kuhn's stress test for decoders, as the
catalogue numbers them.
"""

from case import Hear, Quiet, fails, more, number, ping, script, text, Send
from peer import frame, TEXT

BAD = fails(1007)

KOSME = bytes.fromhex("ceba" "e1bdb9" "cf83" "cebc" "ceb5")
EDITED = b"edited"
GREETING = "Hello-\u00b5@\u00df\u00f6\u00e4\u00fc\u00e0\u00e1-UTF-8!!".encode()


def echo(*sends, payload):
    return script(*sends, hears=[("text", payload)])


def in_frames(parts):
    last = len(parts) - 1
    return [(text if i == 0 else more)(part, fin=i == last)
            for i, part in enumerate(parts)]


def octets(payload):
    return in_frames([payload[i:i + 1] for i in range(len(payload))])


# -- 6.1 to 6.3

MIDDLE = b"middle frame payload"
EMPTY = number("6.1", [
    ("text without payload", echo(text(), payload=b"")),
    ("three empty fragments", echo(*in_frames([b""] * 3), payload=b"")),
    ("three fragments, only the middle one not empty",
     echo(*in_frames([b"", MIDDLE, b""]), payload=MIDDLE)),
])

HALF = GREETING.index("\u00fc".encode())
VALID = number("6.2", [
    ("valid text in one frame", echo(text(GREETING), payload=GREETING)),
    ("valid text in two, cut between characters",
     echo(*in_frames([GREETING[:HALF], GREETING[HALF:]]),
          payload=GREETING)),
    ("valid text in fragments of one byte",
     echo(*octets(GREETING), payload=GREETING)),
    ("valid Greek in fragments of one byte",
     echo(*octets(KOSME), payload=KOSME)),
])

SURROGATE = KOSME + b"\xed\xa0\x80" + EDITED
INVALID = number("6.3", [
    ("a surrogate within a text", script(text(SURROGATE), end=BAD)),
    ("a surrogate, fragments of one byte",
     script(*octets(SURROGATE), end=BAD)),
])


# -- 6.4: fail fast.  The rest of the message is never sent: who waits for it
# -- does not answer.

TOO_HIGH = b"\xf4\x90\x80\x80"          # U+110000
WHOLE = KOSME + TOO_HIGH + EDITED
WRONG_AT = len(KOSME) + 1               # the byte 0x90


def fast_in_frames(first, second):
    """The pong says that the first fragment was taken."""
    return script(text(first, fin=False), ping(b"still open?"),
                  Hear(("pong", b"still open?")), more(second, fin=False),
                  end=BAD)


def fast_in_chops(first, second):
    def play(dial):
        data = frame(TEXT, WHOLE)
        head = len(data) - len(WHOLE)
        middle = head + len(first)
        return script(Send(data[:middle], len(data)), Quiet(),
                      Send(data[middle:middle + len(second)], len(data)),
                      end=BAD)(dial)
    return play


FAST = number("6.4", [
    ("code point too high in the second frame",
     fast_in_frames(KOSME, TOO_HIGH)),
    ("second frame ends with the wrong byte",
     fast_in_frames(WHOLE[:WRONG_AT], WHOLE[WRONG_AT:WRONG_AT + 1])),
    ("code point too high in the second chop of one frame",
     fast_in_chops(KOSME, TOO_HIGH)),
    ("second chop of one frame ends with the wrong byte",
     fast_in_chops(WHOLE[:WRONG_AT], WHOLE[WRONG_AT:WRONG_AT + 1])),
])


# -- 6.5 to 6.23: each sequence as a message of its own

def spaced(first, last):
    """Start bytes, a space after each; the last is left out, as there."""
    return " ".join(f"{byte:02x}" + " 20" for byte in range(first, last))


CUT_SHORT = ("c0", "e080", "f08080", "f8808080", "fc80808080",
             "df", "efbf", "f7bfbf", "fbbfbfbf", "fdbfbfbfbf")


def non_characters():
    """U+FFFE, U+FFFF and the last two code points of the other planes that
    the catalogue names."""
    yield from ("efbfbe", "efbfbf")
    for plane in range(1, 17):
        for low in (0xfffe, 0xffff):
            yield chr(plane << 16 | low).encode().hex()


SEQUENCES = (
    ("valid", ["68656c6c6f24776f726c64", "68656c6c6fc2a2776f726c64",
               "68656c6c6fe282ac776f726c64", "68656c6c6ff0a4ada2776f726c64",
               KOSME.hex()]),
    ("prefix of a valid text",
     [KOSME[:i].hex() for i in range(1, len(KOSME) + 1)]),
    ("first of its length", ["00", "c280", "e0a080", "f0908080"]),
    ("first of 5 or 6 bytes", ["f888808080", "fc8480808080"]),
    ("last of its length", ["7f", "dfbf", "efbfbf", "f48fbfbf"]),
    ("last of 4, 5 or 6 bytes",
     ["f7bfbfbf", "fbbfbfbfbf", "fdbfbfbfbfbf"]),
    ("boundary", ["ed9fbf", "ee8080", "efbfbd", "f48fbfbf", "f4908080"]),
    ("unexpected continuation",
     ["80", "bf", "80bf", "80bf80", "80bf80bf", "80bf80bf80",
      "80bf80bf80bf", bytes(range(0x80, 0xbf)).hex()]),
    ("lonely start", [spaced(0xc0, 0xdf), spaced(0xe0, 0xef),
                      spaced(0xf0, 0xf7), spaced(0xf8, 0xfb),
                      spaced(0xfc, 0xfd)]),
    ("last continuation missing", CUT_SHORT),
    ("incomplete ones in a row", ["".join(CUT_SHORT)]),
    ("impossible byte", ["fe", "ff", "fefeffff"]),
    ("overlong slash",
     ["c0af", "e080af", "f08080af", "f8808080af", "fc80808080af"]),
    ("highest overlong",
     ["c1bf", "e09fbf", "f08fbfbf", "f887bfbfbf", "fc83bfbfbfbf"]),
    ("overlong NUL",
     ["c080", "e08080", "f0808080", "f880808080", "fc8080808080"]),
    ("single surrogate", ["eda080", "edadbf", "edae80", "edafbf", "edb080",
                          "edbe80", "edbfbf"]),
    ("paired surrogates",
     [high + low for high in ("eda080", "edadbf", "edae80", "edafbf")
      for low in ("edb080", "edbfbf")]),
    ("non-character, valid", list(non_characters())),
    ("special, valid", [f"efbf{low:02x}" for low in range(0xb9, 0xc0)]),
)


def is_utf8(data):
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def sequence_rows(name, texts):
    for each in texts:
        data = bytes.fromhex(each)
        good = is_utf8(data)
        yield (f"{name}, to be {'echoed' if good else 'refused'}: "
               f"{data[:8].hex()}{'…' if len(data) > 8 else ''}",
               echo(text(data), payload=data) if good else
               script(text(data), end=BAD))


CASES = EMPTY + VALID + INVALID + FAST
for _i, (_name, _texts) in enumerate(SEQUENCES, 5):
    CASES += number(f"6.{_i}", sequence_rows(_name, _texts))
