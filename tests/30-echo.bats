#!/usr/bin/env bats
# WebSocket itself (RFC 6455), on the route that sends everything back.

load lib/common

@test "text and binary come back unchanged" {
	start_server
	peer <<-'PY'
	peer = Peer("/echo")
	for opcode, payload in (
	        (TEXT, b"hello"), (BINARY, bytes(range(256))),
	        (TEXT, "z\u00e4h \u2603 \U0001f680\r\n\u202e\0".encode()),
	        (BINARY, b"\n")):
	    peer.send(opcode, payload)
	    eq(peer.hear_data(), (opcode, payload))
	PY
}

@test "empty messages come back" {
	start_server
	peer <<-'PY'
	peer = Peer("/echo")
	for opcode in TEXT, BINARY:
	    peer.send(opcode, b"")
	    eq(peer.hear_data(), (opcode, b""))
	PY
}

@test "every length around the forms of the length field comes back" {
	start_server
	peer <<-'PY'
	peer = Peer("/echo")
	for length in 1, 124, 125, 126, 127, 128, 65534, 65535, 65536:
	    payload = random.randbytes(length)
	    peer.send(BINARY, payload)
	    eq(peer.hear_data(), (BINARY, payload), length)
	PY
}

@test "64 KiB pass and one byte more is 1009" {
	start_server
	peer <<-'PY'
	peer = Peer("/echo")
	peer.send(TEXT, b"x" * 65536)
	eq(peer.hear_data(), (TEXT, b"x" * 65536))
	peer.send(TEXT, b"x" * 65537)
	peer.expect_close(1009)
	PY
}

@test "the size counts for each message, not for all together" {
	start_server -o 'limits { message-rate = 0 }'
	peer <<-'PY'
	peer = Peer("/echo")
	lengths = 65536, 65536, 1, 40000, 40000, 65536
	peer.send_raw(b"".join(frame(BINARY, b"x" * n) for n in lengths))
	eq([len(peer.hear_data()[1]) for _ in lengths], list(lengths))
	PY
}

@test "a message too big is refused at its head, before it has come" {
	start_server
	peer <<-'PY'
	for length in 65537, 2**32 + 1, 2**63 - 1:
	    peer = Peer("/echo")
	    peer.send_raw(head(BINARY, length) + b"mask")
	    peer.expect_close(1009)
	PY
}

@test "fragments that are too big together are 1009" {
	start_server
	peer <<-'PY'
	peer = Peer("/echo")
	peer.send(BINARY, b"x" * 40000, fin=False)
	peer.send(CONT, b"x" * 40000)
	peer.expect_close(1009)
	PY
}

@test "the message size is a setting of the route" {
	start_server -o 'route "/echo" { limits { message-size = "1K" } }'
	peer <<-'PY'
	peer = Peer("/echo")
	peer.send(BINARY, b"x" * 1024)
	eq(peer.hear_data(), (BINARY, b"x" * 1024))
	peer.send(BINARY, b"x" * 1025)
	peer.expect_close(1009)
	PY
}

@test "the shipped echo route takes a megabyte in many fragments" {
	printf 'site = "%s"\n' "$SITE" >"$CONFIG"
	start_server
	peer <<-'PY'
	peer = Peer("/echo")
	part = random.randbytes(8192)
	peer.send(BINARY, part, fin=False)
	for _ in range(126):
	    peer.send(CONT, part, fin=False)
	peer.send(CONT, part)
	eq(peer.hear_data() == (BINARY, part * 128), True, "it came back")
	PY
}

@test "fragments come back as one message" {
	start_server
	peer <<-'PY'
	peer = Peer("/echo")
	peer.send(TEXT, b"one ", fin=False)
	peer.send(CONT, b"", fin=False)
	peer.send(CONT, b"two ", fin=False)
	peer.send(CONT, b"three")
	eq(peer.hear_data(), (TEXT, b"one two three"))
	PY
}

@test "a ping between fragments is answered at once" {
	start_server
	peer <<-'PY'
	peer = Peer("/echo")
	peer.send(TEXT, b"one ", fin=False)
	peer.send(PING, b"now")
	peer.expect_pong(b"now")
	peer.send(CONT, b"two ", fin=False)
	peer.send(PING, b"and now")
	peer.expect_pong(b"and now")
	peer.send(CONT, b"three")
	eq(peer.hear_data(), (TEXT, b"one two three"))
	PY
}

@test "a character may be split between fragments" {
	start_server
	peer <<-'PY'
	peer = Peer("/echo")
	text = "a\u20ac\U0001f680".encode()
	for byte in range(len(text)):
	    peer.send(TEXT if byte == 0 else CONT, text[byte:byte + 1],
	              fin=byte == len(text) - 1)
	eq(peer.hear_data(), (TEXT, text))
	PY
}

@test "a frame that comes byte by byte is understood" {
	start_server
	peer <<-'PY'
	peer = Peer("/echo")
	for byte in frame(TEXT, b"x" * 130):
	    peer.send_raw(bytes([byte]))
	eq(peer.hear_data(), (TEXT, b"x" * 130))
	PY
}

@test "a message in the same packet as the handshake is heard" {
	start_server
	peer <<-'PY'
	peer = Peer("/echo", along=frame(TEXT, "early"))
	eq(peer.hear_text(), "early")
	PY
}

@test "a thousand messages in one go come back in order" {
	start_server -o 'limits { message-rate = 0 }'
	peer <<-'PY'
	peer = Peer("/echo")
	peer.send_raw(b"".join(frame(TEXT, str(i)) for i in range(1000)))
	for i in range(1000):
	    eq(peer.hear_text(), str(i))
	PY
}

@test "bad UTF-8 is 1007" {
	start_server
	peer <<-'PY'
	bad = {"lone continuation": b"a\x80", "overlong": b"\xc0\xaf",
	       "overlong 3": b"\xe0\x80\xaf", "surrogate": b"\xed\xa0\x80",
	       "beyond Unicode": b"\xf4\x90\x80\x80", "no such byte": b"\xff",
	       "cut short": b"abc\xe2\x82", "far in": b"a" * 1000 + b"\xc3("}
	for what, payload in bad.items():
	    peer = Peer("/echo")
	    peer.send(TEXT, payload)
	    try:
	        peer.expect_close(1007)
	    except AssertionError as error:
	        raise AssertionError(f"{what}: {error}") from None
	PY
}

@test "bad UTF-8 is 1007 before the message is complete" {
	start_server
	peer <<-'PY'
	peer = Peer("/echo")
	peer.send(TEXT, b"good so far \xed\xa0", fin=False)
	peer.expect_close(1007)
	PY
}

@test "bad UTF-8 in a binary message is nobody's business" {
	start_server
	peer <<-'PY'
	peer = Peer("/echo")
	peer.send(BINARY, b"\xff\xfe\xed\xa0\x80")
	eq(peer.hear_data(), (BINARY, b"\xff\xfe\xed\xa0\x80"))
	PY
}

@test "a frame that is not masked is 1002" {
	start_server
	peer <<-'PY'
	for opcode in TEXT, BINARY, PING, CLOSE:
	    peer = Peer("/echo")
	    peer.send(opcode, b"\x03\xe8", mask=False)
	    peer.expect_close(1002)
	PY
}

@test "reserved bits are 1002" {
	start_server
	peer <<-'PY'
	for rsv in 1, 2, 4, 7:
	    for opcode in TEXT, PING:
	        peer = Peer("/echo")
	        peer.send(opcode, b"x", rsv=rsv)
	        peer.expect_close(1002)
	PY
}

@test "reserved opcodes are 1002" {
	start_server
	peer <<-'PY'
	for opcode in 3, 4, 7, 0xB, 0xF:
	    peer = Peer("/echo")
	    peer.send(opcode, b"")
	    peer.expect_close(1002)
	PY
}

@test "a continuation of nothing is 1002" {
	start_server
	peer <<-'PY'
	peer = Peer("/echo")
	peer.send(CONT, b"x")
	peer.expect_close(1002)
	PY
}

@test "a message that begins within another is 1002" {
	start_server
	peer <<-'PY'
	peer = Peer("/echo")
	peer.send(TEXT, b"one", fin=False)
	peer.send(TEXT, b"two")
	peer.expect_close(1002)
	PY
}

@test "a control frame in fragments or of more than 125 bytes is 1002" {
	start_server
	peer <<-'PY'
	for opcode in PING, PONG, CLOSE:
	    peer = Peer("/echo")
	    peer.send(opcode, b"", fin=False)
	    peer.expect_close(1002)
	    peer = Peer("/echo")
	    peer.send(opcode, close_payload(1000) + b"x" * 124)
	    peer.expect_close(1002)
	PY
}

@test "a length not in its shortest form is 1002" {
	start_server
	peer <<-'PY'
	for length, form in (5, 16), (5, 64), (300, 64):
	    peer = Peer("/echo")
	    peer.send(BINARY, b"x" * length, form=form)
	    peer.expect_close(1002)
	PY
}

@test "a length with its highest bit set is refused" {
	start_server
	peer <<-'PY'
	peer = Peer("/echo")
	peer.send_raw(head(BINARY, 2**64 - 1) + b"mask")
	got = peer.hear_frame()
	eq(got.opcode, CLOSE)
	assert peer.read_close(got)[0] in (1002, 1009), got
	PY
}

@test "a ping is answered with its payload" {
	start_server
	peer <<-'PY'
	peer = Peer("/echo")
	for payload in b"", b"x", bytes(range(125)):
	    peer.send(PING, payload)
	    peer.expect_pong(payload)
	PY
}

@test "a pong nobody asked for is ignored" {
	start_server
	peer <<-'PY'
	peer = Peer("/echo")
	peer.send(PONG, b"surprise")
	peer.send_text("still here")
	eq(peer.hear_text(), "still here")
	PY
}

# Not only when the time for closing is over.
LATE='limits { close-time = 600 }'

@test "a close frame is answered with its code, and the server hangs up" {
	start_server -o "$LATE"
	peer <<-'PY'
	for code in 1000, 1001, 1011, 3000, 4000, 4999:
	    peer = Peer("/echo")
	    peer.send_close(code, "bye")
	    peer.expect_close(code, answer=False)
	    peer.expect_end()
	PY
}

@test "a close frame without a code is answered without one" {
	start_server -o "$LATE"
	peer <<-'PY'
	peer = Peer("/echo")
	peer.send(CLOSE)
	got = peer.hear_frame()
	eq((got.opcode, got.payload), (CLOSE, b""))
	peer.expect_end()
	PY
}

@test "a close frame that is malformed is 1002" {
	start_server
	peer <<-'PY'
	payloads = [b"\x03"] + [close_payload(code) for code in
	            (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535)]
	for payload in payloads:
	    peer = Peer("/echo")
	    peer.send(CLOSE, payload)
	    peer.expect_close(1002, answer=False)
	    peer.expect_end()
	PY
}

@test "a close frame whose text is no UTF-8 is 1007" {
	start_server
	peer <<-'PY'
	peer = Peer("/echo")
	peer.send(CLOSE, close_payload(1000) + b"\xff")
	peer.expect_close(1007, answer=False)
	PY
}

@test "what comes after a close frame is not read" {
	start_server -o "$LATE"
	peer <<-'PY'
	peer = Peer("/echo")
	peer.send_raw(frame(CLOSE, close_payload(1000)) + frame(TEXT, "more"))
	peer.expect_close(1000, answer=False)
	peer.expect_end()
	PY
}

@test "what was sent before a close frame is still answered" {
	start_server
	peer <<-'PY'
	peer = Peer("/echo")
	peer.send_raw(frame(TEXT, "last words")
	              + frame(CLOSE, close_payload(1000)))
	eq(peer.hear_text(), "last words")
	peer.expect_close(1000, answer=False)
	PY
}

@test "a client that ends without a close frame is hung up on" {
	start_server
	peer <<-'PY'
	peer = Peer("/echo")
	peer.sock.shutdown(socket.SHUT_WR)
	eq(peer.hear_frame(), None, "the end")
	PY
}

@test "who does not answer a close frame is cut off" {
	start_server -o 'limits { close-time = 600 }' \
		-o 'route "/echo" { limits { close-time = 0.4 } }'
	peer <<-'PY'
	peer = Peer("/echo")
	peer.send(0x3, b"")
	peer.expect_close(1002, answer=False)
	peer.expect_end()
	PY
}

@test "a silent client is pinged, and lives while it answers" {
	start_server -o 'limits { ping-interval = 0.2 ping-timeout = 2 }'
	peer <<-'PY'
	peer, mute = Peer("/echo"), Peer("/echo")
	begin, pings = time.monotonic(), 0
	def is_mute_closed():
	    return bool(select.select([mute.sock], [], [], 0)[0]) and \
	        mute.hear_frame().opcode == CLOSE
	# Longer than somebody else's silence is borne.
	while pings < 4 or not is_mute_closed():
	    got = peer.hear_frame()
	    eq(got.opcode, PING, "what silence brings")
	    peer.send(PONG, got.payload)
	    pings += 1
	    if pings == 4:
	        assert time.monotonic() - begin > 0.5, "pinged too early"
	peer.send_text("still here")
	eq(peer.hear_text(), "still here")
	PY
}

@test "a client that answers no ping is closed with 1011" {
	start_server -o 'limits { ping-interval = 0.2 ping-timeout = 0.3 }'
	peer <<-'PY'
	peer = Peer("/echo")
	peer.answer_pings = False
	begin = time.monotonic()
	peer.expect_close(1011)
	assert time.monotonic() - begin > 0.4, "gave up too early"
	PY
}

@test "ping-interval = 0 switches pings off" {
	start_server -o 'limits { ping-interval = 0 ping-timeout = 0.1 }'
	peer <<-'PY'
	peer = Peer("/echo")
	try:
	    got = peer.hear_frame(1)
	except Silence:
	    got = None
	    peer.send_text("still here")
	    eq(peer.hear_text(), "still here")
	eq(got, None, "what came")
	PY
}

@test "a flood of control frames is 1008" {
	start_server
	peer <<-'PY'
	peer = Peer("/echo")
	peer.send_raw(frame(PONG, b"x") * 200)
	peer.expect_close(1008)
	peer = Peer("/echo")
	peer.send_raw(frame(PING, b"x") * 200)
	peer.expect_close(1008, skip_data=True)
	PY
}

@test "twenty control frames at once are no flood" {
	start_server
	peer <<-'PY'
	peer = Peer("/echo")
	peer.send_raw(b"".join(frame(PING, str(i)) for i in range(20)))
	for i in range(20):
	    peer.expect_pong(str(i).encode())
	peer.send_text("fine")
	eq(peer.hear_text(), "fine")
	PY
}

@test "control-rate = 0 switches the flood limit off" {
	start_server -o 'limits { control-rate = 0 }'
	peer <<-'PY'
	peer = Peer("/echo")
	peer.send_raw(frame(PONG, b"x") * 500 + frame(TEXT, "fine"))
	eq(peer.hear_text(), "fine")
	PY
}

@test "64 fragments are accepted and one more is 1008" {
	start_server
	peer <<-'PY'
	peer = Peer("/echo")
	peer.send(TEXT, b"0", fin=False)
	for i in range(62):
	    peer.send(CONT, b"x", fin=False)
	peer.send(CONT, b"e")
	eq(peer.hear_data(), (TEXT, b"0" + b"x" * 62 + b"e"))
	peer.send(TEXT, b"0", fin=False)
	for i in range(64):
	    peer.send(CONT, b"x", fin=False)
	peer.expect_close(1008)
	PY
}

@test "a message that is never finished is 1008 when its time is over" {
	start_server -o 'limits { message-time = 0.3 }'
	peer <<-'PY'
	peer = Peer("/echo")
	begin = time.monotonic()
	peer.send(TEXT, b"to be cont", fin=False)
	peer.expect_close(1008)
	assert time.monotonic() - begin > 0.2, "gave up too early"
	PY
}
