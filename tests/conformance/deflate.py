"""permessage-deflate (RFC 7692), the client's side: what was agreed, and the
two streams.  agree() judges the server's answer by the offers."""

import re
import zlib

from fault import Fault

NAME = "permessage-deflate"
TAIL = b"\x00\x00\xff\xff"
CLOSELY = 8                     # messages judged so
FLAGS = ("server_no_context_takeover", "client_no_context_takeover")
BITS = ("server_max_window_bits", "client_max_window_bits")


def parse(field):
    """[(name, [(parameter, value or None)])] of a field, as RFC 6455 9.1."""
    found = []
    for element in re.findall(r'(?:[^,"]|"[^"]*")+', field):
        name, *rest = re.findall(r'(?:[^;"]|"[^"]*")+', element)
        parameters = []
        for each in rest:
            key, equals, value = (part.strip() for part in
                                  each.partition("="))
            parameters.append((key, value.strip('"') if equals else None))
        found.append((name.strip(), parameters))
    return found


def agree(offers, answer):
    """The Extension of an answer; None when there is none."""
    if answer is None:
        return None
    offered = [dict(parameters) for offer in offers
               for name, parameters in parse(offer) if name == NAME]
    elements = parse(answer)
    if len(elements) != 1 or elements[0][0] != NAME or not offered:
        raise Fault("one extension, and one that was offered", answer)
    parameters = dict(elements[0][1])
    if len(parameters) != len(elements[0][1]):
        raise Fault("each parameter once in the answer", answer)
    for name, value in parameters.items():
        good = value is None if name in FLAGS else name in BITS and \
            re.fullmatch("[89]|1[0-5]", value or "")
        if not good:
            raise Fault("known parameters with good values", answer)
    if not any(answers(offer, parameters) for offer in offered):
        raise Fault(f"an answer to one of {offers}", answer)
    return Extension(parameters)


def answers(offer, given):
    """Whether the answer is one that RFC 7692 7.1 allows to this offer."""
    bits, asked = given.get(BITS[0]), offer.get(BITS[0])
    if BITS[0] in offer and (bits is None or not asked.isdigit() or
                             int(bits) > int(asked)):
        return False
    if FLAGS[0] in offer and FLAGS[0] not in given:
        return False
    if BITS[1] in given:
        if BITS[1] not in offer:
            return False
        limit = offer[BITS[1]]
        return limit is None or int(given[BITS[1]]) <= int(limit)
    return True


class Extension:
    def __init__(self, parameters):
        self.parameters = parameters
        self.server_bits = int(parameters.get(BITS[0], 15))
        self.client_bits = int(parameters.get(BITS[1], 15))
        self.server_forgets = FLAGS[0] in parameters
        self.client_forgets = FLAGS[1] in parameters
        self.deflater = self.inflater = None
        self.inflated = 0

    def deflate(self, payload, level=6):
        """One message, without its tail."""
        if self.deflater is None or self.client_forgets:
            # zlib cannot do 8 without its header; its 9 would be too far.
            bits = max(self.client_bits, 9)
            self.deflater = zlib.compressobj(
                level if bits == self.client_bits else 0, zlib.DEFLATED,
                -bits)
        data = self.deflater.compress(payload)
        data += self.deflater.flush(zlib.Z_SYNC_FLUSH)
        assert data.endswith(TAIL)
        return data[:-4]

    def inflate(self, data):
        """One message from the server, whose first are judged closely: see
        _inflate_closely()."""
        if self.inflater is None or self.server_forgets:
            self.inflater = zlib.decompressobj(-self.server_bits)
        is_close = self.server_bits < 15 and self.inflated < CLOSELY
        self.inflated += 1
        whole, data = b"", data + TAIL
        while True:
            try:
                whole += self._inflate_closely(data) if is_close else \
                    self.inflater.decompress(data)
            except zlib.error as error:
                raise Fault("a stream as it was agreed",
                            str(error)) from error
            if not self.inflater.eof:
                return whole
            data = self.inflater.unused_data
            self.inflater = zlib.decompressobj(-self.server_bits)

    def _inflate_closely(self, data):
        """zlib takes any distance within what one call gives out.  Little
        at a time, so that one beyond the window is found."""
        parts, little = [], 1 << self.server_bits >> 3
        while data and not self.inflater.eof:
            parts.append(self.inflater.decompress(data, little))
            data = self.inflater.unconsumed_tail
        return b"".join(parts)
