#!/usr/bin/env bats
# permessage-deflate (RFC 7692).  The forms of offers are tested in
# tests/unit/test_deflate.c, streams byte by byte there and in conformance/.

load lib/common

setup_file()
{
	export DEFLATE='route "/chat" { kind = chat deflate = yes }
	    route "/plain" { kind = chat }
	    route "/echo" { kind = echo deflate = yes }
	    limits { message-rate = 0 }'
}

@test "nothing is compressed that was not agreed on" {
	start_server -o "$DEFLATE"
	peer <<-'PY'
	offer = "permessage-deflate; client_max_window_bits"
	for path, deflate in (("/echo", None), ("/plain", offer)):
	    peer = Peer(path, deflate=deflate)
	    eq(peer.terms, None)
	    if path == "/echo":
	        peer.send(TEXT, "x" * 5000)
	        eq(peer.hear_text(), "x" * 5000)    # RSV1 would be an error
	    peer.send(TEXT, deflated("x" * 5000), rsv=4)
	    peer.expect_close(1002, skip_data=True)
	PY
}

@test "messages are compressed both ways, small ones stay plain" {
	start_server -o "$DEFLATE"
	peer <<-'PY'
	peer = Peer("/echo", deflate="permessage-deflate")
	eq(peer.terms, "permessage-deflate; server_no_context_takeover; "
	    "client_no_context_takeover")
	for size in 0, 1, 255, 256, 1000, 65536:
	    text = ("zwölf Boxkämpfer " * 4000).encode()[:size].decode(
	        errors="ignore")
	    for opcode, payload in (TEXT, text.encode()), (BINARY, text.encode()):
	        peer.send(opcode, deflated(payload), rsv=4)
	        eq(peer.hear_data(), (opcode, payload))
	        eq(peer.compressed, len(payload) >= 256, f"{size} compressed")
	        peer.send(opcode, payload)
	        eq(peer.hear_data(), (opcode, payload))
	PY
}

@test "deflate-min-size says what is small" {
	start_server -o "$DEFLATE" -o 'route "/echo" { deflate-min-size = 10 }'
	peer <<-'PY'
	peer = Peer("/echo", deflate="permessage-deflate")
	for size in 9, 10, 11:
	    peer.send(TEXT, "x" * size)
	    peer.hear_text()
	    eq(peer.compressed, size >= 10, size)
	PY
}

@test "one room hears the same in every form" {
	start_server -o "$DEFLATE"
	peer <<-'PY'
	offers = [None, "permessage-deflate"] + [
	    f"permessage-deflate; server_max_window_bits={bits}"
	    for bits in range(9, 16)] + ["permessage-deflate"]
	room = []
	for offer in offers:
	    room.append(Chatter(deflate=offer))
	for i, size in enumerate((10, 300, 5000, 50000)):
	    text = f"{i} " + "".join(random.choices("abc def\u00e4", k=size))
	    room[i].say(text)
	    for one, offer in zip(room, offers):
	        one.expect(f"[user{i}]: {text}")
	        eq(one.compressed, offer is not None and size >= 256)
	# Who leaves and who comes changes nothing for the others.
	room.pop(1).send_close()
	room.append(Chatter(deflate=offers[3]))
	room[0].say("y" * 1000)
	for one in room:
	    one.expect("[user0]: " + "y" * 1000)
	PY
}

@test "a line repeated to who joins is compressed, too" {
	start_server -o "$DEFLATE" -o 'route "/chat" { replay = 3 }'
	peer <<-'PY'
	first = Chatter()
	lines = ["a" * 1000, "b", "c" * 20000]
	for line in lines:
	    first.say(line)
	    first.hear()
	second = Chatter(deflate="permessage-deflate")
	for line in lines:
	    second.expect(f"[user0]: {line}")
	    eq(second.compressed, len(line) > 256)
	PY
}

@test "a client keeps its window only when that is agreed" {
	start_server -o "$DEFLATE" \
		-o 'route "/keeps" { kind = echo deflate = yes
		    deflate-context-takeover = yes }'
	peer <<-'PY'
	text = random.randbytes(400).hex()
	peer = Peer("/keeps", deflate="permessage-deflate")
	eq(peer.terms, "permessage-deflate; server_no_context_takeover")
	stream = deflate_stream()
	sizes = []
	for _ in range(5):
	    data = deflated(text, stream=stream)
	    sizes.append(len(data))
	    peer.send(TEXT, data, rsv=4)
	    eq(peer.hear_text(), text)
	assert sizes[1] < sizes[0] / 10, sizes

	# Refused here: what points back into an earlier message is corrupt.
	peer = Peer("/echo", deflate="permessage-deflate")
	assert "client_no_context_takeover" in peer.terms
	stream = deflate_stream()
	peer.send(TEXT, deflated(text, stream=stream), rsv=4)
	eq(peer.hear_text(), text)
	peer.send(TEXT, deflated(text, stream=stream), rsv=4)
	peer.expect_close(1007)
	PY
}

@test "fragments, a byte at a time, with pings between" {
	start_server -o "$DEFLATE"
	peer <<-'PY'
	peer = Peer("/echo", deflate="permessage-deflate")
	text = "fragments \u2603 " * 500
	data = deflated(text)
	step = len(data) // 10 + 1
	parts = [data[i:i + step] for i in range(0, len(data), step)]
	raw = b""
	for i, part in enumerate(parts):
	    raw += frame(TEXT if i == 0 else CONT, part, rsv=4 if i == 0 else 0,
	        fin=i == len(parts) - 1)
	    raw += frame(PING, b"%d" % i)
	for byte in raw:
	    peer.send_raw(bytes([byte]))
	pongs = 0
	while True:
	    got = peer.hear_frame()
	    if got.opcode == PONG:
	        eq(got.payload, b"%d" % pongs)
	        pongs += 1
	    else:
	        eq(got.payload.decode(), text)
	    if pongs == len(parts):
	        break
	PY
}

@test "the size counts inflated bytes: a bomb is 1009" {
	start_server -o "$DEFLATE"
	peer "$(worker_pids | head -n 1)" <<-'PY'
	def rss():
	    return sum(int(re.search(r"VmRSS:\s+(\d+)", open(
	        f"/proc/{pid}/status").read())[1]) for pid in
	        map(int, sys.argv[1:]))
	peer = Peer("/echo", deflate="permessage-deflate")
	peer.send(BINARY, deflated(bytes(65536)), rsv=4)
	eq(peer.hear_data(), (BINARY, bytes(65536)))
	peer.send(BINARY, deflated(bytes(65537)), rsv=4)
	peer.expect_close(1009)
	before = rss()
	bomb = deflated(bytes(60 << 20))
	for _ in range(20):
	    peer = Peer("/echo", deflate="permessage-deflate")
	    peer.send(BINARY, bomb, rsv=4)
	    peer.expect_close(1009)
	assert rss() - before < 16 << 10, "a bomb took memory"
	PY
}

@test "corrupt and cut streams and bad UTF-8 are 1007" {
	start_server -o "$DEFLATE"
	peer <<-'PY'
	for data in (b"\xff\xff\xff", deflated("x" * 500)[:-3],
	        deflated(b"\xc3\x28" * 300)):
	    peer = Peer("/echo", deflate="permessage-deflate")
	    peer.send(TEXT, data, rsv=4)
	    peer.expect_close(1007)
	for rsv in 1, 2, 6, 5:
	    peer = Peer("/echo", deflate="permessage-deflate")
	    peer.send(TEXT, deflated("x"), rsv=rsv)
	    peer.expect_close(1002)
	peer = Peer("/echo", deflate="permessage-deflate")
	peer.send(TEXT, deflated("x" * 100), rsv=4, fin=False)
	peer.send(CONT, b"", rsv=4)
	peer.expect_close(1002)
	peer = Peer("/echo", deflate="permessage-deflate")
	peer.send(PING, b"", rsv=4)
	peer.expect_close(1002)
	PY
}

@test "a field that cannot be understood is 400" {
	start_server -o "$DEFLATE"
	peer <<-'PY'
	for offer in "permessage-deflate; =", "permessage-deflate;", ";;":
	    try:
	        Peer("/echo", deflate=offer)
	    except Refused as refused:
	        eq(refused.answer.status, 400, offer)
	    else:
	        raise AssertionError(offer)
	PY
}

@test "a slow reader gets compressed lines whole and in order" {
	start_server -o "$DEFLATE" -o 'limits { backlog = 0 }'
	peer <<-'PY'
	slow = Chatter(receive_buffer=4096, deflate="permessage-deflate")
	plain = Chatter(receive_buffer=4096)
	talker = Chatter(deflate="permessage-deflate; server_max_window_bits=9")
	lines = [f"{i} " + random.randbytes(9000).hex() for i in range(300)]
	for line in lines:
	    talker.say(line)
	    talker.expect(f"[user2]: {line}")
	for one in slow, plain:
	    for line in lines:
	        one.expect(f"[user2]: {line}")
	    eq(one.compressed, one is slow)
	PY
}

@test "foreign clients: websockets and ws compress with us" {
	need_node_module ws
	start_server -o "$DEFLATE"
	python - <<-'PY'
	import asyncio, os, websockets
	async def main():
	    url = f"ws://127.0.0.1:{os.environ['PORT']}/echo"
	    async with websockets.connect(url) as ws:
	        assert "permessage-deflate" in str(
	            ws.response_headers["Sec-WebSocket-Extensions"])
	        for n in 0, 1, 1000, 65000:
	            await ws.send("x" * n)
	            assert await ws.recv() == "x" * n
	asyncio.run(main())
	PY
	NODE_PATH=$WSCHATD_NODE_MODULES PORT=$PORT timeout 20 node - <<-'JS'
	const WebSocket = require("ws");
	const ws = new WebSocket(`ws://127.0.0.1:${process.env.PORT}/echo`,
	    { perMessageDeflate: { threshold: 0 } });
	const texts = ["a", "b".repeat(1000), "c".repeat(65000)];
	let heard = 0;
	ws.on("open", () => {
	    if (!ws.extensions.includes("permessage-deflate")) process.exit(2);
	    texts.forEach((text) => ws.send(text));
	});
	ws.on("message", (data) => {
	    if (data.toString() !== texts[heard++]) process.exit(3);
	    if (heard === texts.length) process.exit(0);
	});
	ws.on("error", (e) => { console.log(e); process.exit(4); });
	JS
}
