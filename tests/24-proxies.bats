#!/usr/bin/env bats
# Who a client is behind proxies: the PROXY protocol and the fields that HTTP
# proxies write.  Headers byte by byte: tests/unit/test_proxy.c and
# test_forwarded.c.

load lib/common

# start_behind ARGS...: PORT is a plain listener, BEHIND one with the PROXY
# protocol.
start_behind()
{
	launch_server -c "$CONFIG" -o 'listen "127.0.0.1:0" {}
	    listen "127.0.0.1:00" { proxy-protocol = yes }' "$@"
	await_server || return
	BEHIND=$(listening_ports | sed -n 2p)
	export BEHIND
}

# The address in the line of the last refusal.
refused_address()
{
	sed -n 's/.*msg=refused.* address=\([^ ]*\).*/\1/p' "$LOG" | tail -n 1
}

refused_from()
{
	[[ $(refused_address) == "$1" ]]
}

@test "PROXY headers of both versions tell the client's address" {
	start_behind
	peer <<-'PY'
	import ipaddress
	SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
	def v2(source, port, tlv=b""):
	    source = ipaddress.ip_address(source).packed
	    body = source + source + struct.pack("!HH", port, 443) + tlv
	    family = 0x11 if len(source) == 4 else 0x21
	    return SIGNATURE + struct.pack("!BBH", 0x21, family,
	        len(body)) + body
	headers = {
	    "192.0.2.1:1234": b"PROXY TCP4 192.0.2.1 192.0.2.2 1234 443\r\n",
	    "[2001:db8::1]:99": b"PROXY TCP6 2001:db8::1 2001:db8::2 99 443\r\n",
	    "192.0.2.3:5": v2("192.0.2.3", 5),
	    "[2001:db8::4]:6": v2("2001:db8::4", 6, b"\x04\0\x03abc"),
	}
	def addresses():
	    return re.findall(r"msg=refused.* address=(\S+)",
	        open("log").read())
	behind = int(os.environ["BEHIND"])
	for address, header in headers.items():
	    # In one piece, byte by byte, and cut at every place.
	    ways = [[header + plain_head(target="/nothing")],
	        [bytes([b]) for b in header + plain_head(target="/nothing")]]
	    ways += [[header[:i], header[i:] + plain_head(target="/nothing")]
	        for i in range(1, len(header), 7)]
	    for pieces in ways:
	        before = len(addresses())
	        with connect_tcp(port=behind) as sock:
	            for piece in pieces:
	                sock.sendall(piece)
	            eq(Answer(read_to_end(sock)).status, 404)
	        eq(eventually(lambda: addresses()[before:], "a line"), [address])
	# The proxy's own checks: the socket's peer.
	for header in b"PROXY UNKNOWN\r\n", SIGNATURE + b"\x20\0\0\0":
	    with connect_tcp(port=behind) as sock:
	        sock.sendall(header + plain_head(target="/nothing"))
	        own = "%s:%d" % sock.getsockname()
	        eq(Answer(read_to_end(sock)).status, 404)
	    eventually(lambda: addresses()[-1] == own, own)
	PY
}

@test "without a PROXY header, or with a bad one, there is no answer" {
	start_behind
	peer <<-'PY'
	behind = int(os.environ["BEHIND"])
	for data in (plain_head(), b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
	        b"PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n", b"\x16\x03\x01"):
	    with connect_tcp(port=behind) as sock:
	        sock.sendall(data)
	        eq(read_to_end(sock), b"", data)
	PY
	run grep -c 'why=proxy-header' "$LOG"
	assert_output 4
}

@test "a PROXY header on a plain listener is a bad request" {
	start_behind
	peer <<-'PY'
	answer = request(b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + plain_head())
	assert answer.status in (400, 501), answer.status
	PY
}

@test "a WebSocket's frames may come with header and head" {
	start_behind
	peer <<-'PY'
	with connect_tcp(port=int(os.environ["BEHIND"])) as sock:
	    sock.sendall(b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" +
	        upgrade_head("/echo") + frame(TEXT, "along"))
	    data = b""
	    while not data.endswith(b"\x81\x05along"):
	        more = sock.recv(4096)
	        assert more, data
	        data += more
	PY
}

@test "who does not send the PROXY header is gone at the deadline" {
	start_behind -o 'limits { handshake-time = 0.2 }'
	peer <<-'PY'
	for start in b"", b"PROX", b"\r\n\r\n\0\r\nQUIT\n\x21":
	    with connect_tcp(port=int(os.environ["BEHIND"])) as sock:
	        sock.sendall(start)
	        eq(read_to_end(sock), b"")
	PY
	run grep -c 'why=proxy-header .*error="took too long"' "$LOG"
	assert_output 3
}

@test "X-Forwarded-For counts from trusted proxies alone" {
	start_server -o 'trusted-proxies = { "127.0.0.0/8", "10.0.0.0/8" }'
	run http_field 'X-Forwarded-For: 192.0.2.7'
	wait_until refused_from 192.0.2.7
	http_field 'X-Forwarded-For: 6.6.6.6, 192.0.2.8, 10.1.1.1'
	wait_until refused_from 192.0.2.8
	http_field 'X-Forwarded-For: 2001:db8::9'
	wait_until refused_from 2001:db8::9
	# The other field is not looked at.
	http_field 'Forwarded: for=192.0.2.9'
	wait_until grep -q 'address=127.0.0.1:' "$LOG"
}

@test "Forwarded counts when it is the proxies' field" {
	start_server -o 'trusted-proxies = "127.0.0.1"' \
		-o 'forwarded-by = forwarded'
	http_field 'Forwarded: for=6.6.6.6, for="[2001:db8::7]:81";proto=https'
	wait_until refused_from 2001:db8::7
	http_field 'X-Forwarded-For: 192.0.2.7'
	wait_until grep -q 'address=127.0.0.1:' "$LOG"
}

@test "without trusted proxies nobody says who he is" {
	start_server
	http_field 'X-Forwarded-For: 192.0.2.7'
	wait_until grep -q 'address=127.0.0.1:' "$LOG"
	run ! grep -q 192.0.2.7 "$LOG"
}

# http_field FIELD: a request that is refused, with this field.
http_field()
{
	FIELD=$1 peer <<-'PY'
	eq(get("/nothing", fields=[os.environ["FIELD"]]).status, 404)
	PY
}

@test "connections are limited by the real address" {
	start_behind -o 'trusted-proxies = "127.0.0.1"' \
		-o 'limits { connections-per-address = 2 }'
	peer <<-'PY'
	def come(address, path="/chat"):
	    return Peer(path, fields=[f"X-Forwarded-For: {address}"])
	def joined(one):
	    assert one.hear_text().startswith("You are connected!")
	    return one
	first = [joined(come("192.0.2.1")) for _ in range(2)]
	third = come("192.0.2.1")
	assert "address" in third.expect_close(1013)
	come("192.0.2.1", "/echo").expect_close(1013)
	others = [joined(come(f"192.0.2.{i}")) for i in range(2, 12)]
	# One of a network of IPv6 is as good as the other.
	six = [joined(come(f"2001:db8::{i}")) for i in range(2)]
	come("2001:db8::abc").expect_close(1013)
	joined(come("2001:db8:0:1::"))
	# Who leaves makes a place.
	first.pop().send_close()
	def place():
	    one = come("192.0.2.1")
	    try:
	        return joined(one)
	    except Closed:
	        return None
	eventually(place, "a place again")
	PY
}

@test "one too many is one line, whatever he has said already" {
	start_behind -o 'trusted-proxies = "127.0.0.1"' \
		-o 'limits { connections-per-address = 1 }'
	peer <<-'PY'
	field = "X-Forwarded-For: 192.0.2.1"
	one = Chatter(fields=[field])
	Peer("/chat", fields=[field], along=b"".join(
	    frame(TEXT, f"{n}") for n in range(50))).expect_close(1013)
	PY
	run grep -c -e 'why=too-many-of-address' -e 'level=warning' "$LOG"
	assert_output 1
}

@test "the real addresses still count after the broker was killed" {
	start_behind -o 'trusted-proxies = "127.0.0.1"' \
		-o 'limits { connections-per-address = 2 }'
	peer "$(broker_pid)" <<-'PY'
	def come(address):
	    return Chatter(fields=[f"X-Forwarded-For: {address}"])
	two = [come("192.0.2.1") for _ in range(2)]
	os.kill(int(sys.argv[1]), signal.SIGKILL)
	come("192.0.2.2")
	one = Peer("/chat", fields=["X-Forwarded-For: 192.0.2.1"])
	one.expect_close(1013)
	PY
}

@test "what a proxy on this machine brings is not exempt" {
	start_behind -o 'limits { connections-per-address = 1 }'
	peer <<-'PY'
	behind = int(os.environ["BEHIND"])
	def come(address):
	    sock = connect_tcp(port=behind)
	    sock.sendall(f"PROXY TCP4 {address} 192.0.2.2 1 2\r\n".encode() +
	        upgrade_head("/chat"))
	    data = b""
	    while b"users here." not in data and b"\x88" not in data:
	        more = sock.recv(4096)
	        if not more:
	            break
	        data += more
	    return sock, b"users here." in data
	first = come("192.0.2.1")
	eq(first[1], True)
	eq(come("192.0.2.1")[1], False)
	# This machine's own are.
	local = [come("127.0.0.1") for _ in range(3)]
	eq([one[1] for one in local], [True] * 3)
	PY
}
