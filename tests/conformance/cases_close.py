"""Category 7 of the catalogue: the closing handshake.  The client closes;
the server answers with the same code or a normal one, says nothing more, and
ends TCP."""

from case import (Case, answers, close, fails, more, number, observe, ping,
                  script, send, text)
from peer import CLOSE, NO_CODE

HELLO = b"Hello World!"
NORMAL = answers(1000)
BROKEN = fails(1002)
LONG = b"BAsd7&jh23" * (256 * 1024 // 10 + 1)

BASIC = number("7.1", [
    ("a message, then close", script(text(HELLO), hears=[("text", HELLO)])),
    ("two close frames", script(close(), send(CLOSE), end=NORMAL)),
    ("a ping after the close", script(close(), ping(), end=NORMAL)),
    ("a text after the close", script(close(), text(HELLO), end=NORMAL)),
    ("a fragment, the close, the other fragment",
     script(text(b"fragment1", fin=False), close(), more(b"fragment2"),
            end=NORMAL)),
]) + [Case("7.1.6", "256 KiB and a text, the close, a ping",
           observe(text(LONG[:256 * 1024]), text(HELLO), close(), ping()),
           is_informational=True)]

PAYLOADS = number("7.3", [
    ("close without payload",
     script(close(None), end=answers(1000, NO_CODE))),
    ("close with one byte", script(send(CLOSE, b"a"), end=BROKEN)),
    ("close with a code", script(close(1000), end=NORMAL)),
    ("close with a code and a reason",
     script(close(1000, b"Hello World!"), end=NORMAL)),
    ("close with the longest reason",
     script(close(1000, b"*" * 123), end=NORMAL)),
    ("close with a reason too long",
     script(close(1000, b"*" * 124), end=BROKEN)),
])

NOT_UTF8 = bytes.fromhex("cebae1bdb9cf83cebcceb5eda080") + b"edited"
REASON = number("7.5", [
    ("close with a reason that is no UTF-8",
     script(close(1000, NOT_UTF8), end=fails(1007))),
])

GOOD = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999,
        4000, 4999)
BAD = (0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999)

CODES = number("7.7", [
    (f"close with the valid code {code}",
     script(close(code), end=answers(1000, code))) for code in GOOD
]) + number("7.9", [
    (f"close with the invalid code {code}", script(close(code), end=BROKEN))
    for code in BAD
])

UNDEFINED = number("7.13", [
    (f"close with the undefined code {code}", observe(close(code)))
    for code in (5000, 65535)
], is_informational=True)

CASES = BASIC + PAYLOADS + REASON + CODES + UNDEFINED
