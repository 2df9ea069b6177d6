"""What categories 12 and 13 send: five texts and pictures of the kinds and
the sizes that the catalogue uses, made here, the same every time."""

import functools
import json
import random

WORDS = """der die und in zu den das nicht von sie ist des sich mit dem dass er
es ein ich auf so eine auch als an nach wie im für man aber aus durch wenn nur
war noch werden bei hat wir was wird sein einen welche sind oder zur um haben
einer mir über ihm diese einem ihr uns da zum kann doch vor dieser mich ihn du
hatte seine mehr am denn nun unter sehr selbst schon hier bis habe ihre dann
Faust Geist Teufel Himmel Erde Seele Nacht Licht Macht Wesen Kraft Garten Welt
Streben Weisheit Gretchen Mephisto Wagner Pudel Keller Küche Wald Höhle Dom
""".split()


def sentence(chance, least=4, most=12):
    return " ".join(chance.choices(WORDS, k=chance.randint(least, most)))


def cut(parts, size):
    """Bytes of the parts one after another, exactly so many."""
    data = bytearray()
    while len(data) < size:
        data += next(parts)
    return bytes(data[:size])


def json_parts(chance):
    while True:
        record = {
            "id": chance.getrandbits(32), "name": sentence(chance, 2, 3),
            "tags": chance.choices(WORDS, k=4), "note": sentence(chance),
            "position": [round(chance.uniform(-180, 180), 6)
                         for _ in range(2)],
            "active": chance.random() < 0.5, "parent": None}
        yield json.dumps(record, indent=1).encode() + b",\n"


def html_parts(chance):
    while True:
        yield (f'<div class="row r{chance.randrange(8)}"><a href="/'
               f'{chance.getrandbits(40):x}.html">'
               f'{sentence(chance, 2, 4)}</a>\n<p>{sentence(chance)}.'
               '</p></div>\n').encode("ascii", "xmlcharrefreplace")


def verse_parts(chance):
    while True:
        yield sentence(chance, 4, 8).capitalize().encode() + b",\r\n"


def picture_parts(chance):
    """Soft grey values with some noise, as in a photograph."""
    yield b"BM" + bytes(1076)
    grey = 128
    while True:
        row = bytearray()
        for _ in range(512):
            grey = min(255, max(0, grey + chance.randint(-6, 6)))
            row.append(grey)
        yield bytes(row)


def document_parts(chance):
    """Streams that are compressed already, with texts between."""
    for i in range(1 << 30):
        length = chance.randrange(2000, 30000)
        yield (b"endstream\nendobj\n%d 0 obj\n<</Length %d/Filter"
               b"/FlateDecode>>\nstream\n" % (i, length) +
               chance.randbytes(length))


# Name, message kind, size, maker: 12.1 to 12.5 in this order.
KINDS = (("JSON", "text", 194056, json_parts),
         ("picture", "binary", 263222, picture_parts),
         ("German text", "binary", 222218, verse_parts),
         ("HTML", "text", 263527, html_parts),
         ("document", "binary", 1042328, document_parts))


@functools.lru_cache(maxsize=None)
def corpus(i):
    name, _, size, parts = KINDS[i]
    return cut(parts(random.Random(name)), size)


def slices(data, length):
    """Endless messages of this length, round and round through the data."""
    at, double = 0, data + data[:length]
    while True:
        yield double[at:at + length]
        at = (at + length) % len(data)
