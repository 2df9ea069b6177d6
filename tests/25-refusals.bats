#!/usr/bin/env bats
# Who is refused: the line in the log and the counts, which pages may come, and
# refusals that a page can see.

load lib/common

logged()
{
	grep -qE "$1" "$LOG"
}

@test "a refusal is one line with its word, status and address" {
	start_server
	peer "$LOG" <<-'PY'
	with connect_tcp() as sock:
	    address = "127.0.0.1:%d" % sock.getsockname()[1]
	    sock.sendall(upgrade_head(key="short") * 3)
	    eq(Answer(read_to_end(sock)).status, 400)
	def lines():
	    return [line for line in open(sys.argv[1]) if address in line]
	line, = eventually(lines, "the line")
	assert " msg=refused why=bad-key status=400 " in line, line
	assert " level=info " in line and " conn=" in line, line
	PY
}

@test "a connection that breaks the rules is one line with its address" {
	start_server
	peer "$LOG" <<-'PY'
	who = Peer("/echo")
	address = "127.0.0.1:%d" % who.sock.getsockname()[1]
	who.send_raw(frame(0x3, b"") * 3)
	who.expect_close(1002)
	def lines():
	    return [line for line in open(sys.argv[1]) if address in line]
	line, = eventually(lines, "the line")
	assert " msg=closed why=protocol " in line, line
	PY
}

@test "what a peer sends cannot make a line of the log" {
	start_server
	peer <<-'PY'
	path = '/x"\\y=' + "z" * 3000
	eq(get(path).status, 404)
	origin = 'Origin: http://a\tmsg=\xff"forged"\x80'
	eq(request(upgrade_head("/echo", fields=[origin])).status, 403)
	PY
	wait_until logged 'why=origin'
	run grep -F 'path="/x\x22\x5cy=zzz' "$LOG"
	assert_success
	((${#output} < 500))
	run grep -F 'origin="http://a\x09msg=\xff\x22forged\x22\x80"' "$LOG"
	assert_success
	run grep -P '[^\n -~]' "$LOG"
	assert_failure
}

@test "a flood of refusals is counted, not written" {
	start_server -o 'workers = 1'
	peer <<-'PY'
	for _ in range(300):
	    eq(request(b"\n").status, 400)
	    eq(get("/nowhere").status, 404)
	PY
	wait_until logged 'msg="refusals not logged" count=[0-9]+ .*unknown-path='
	stop_server
	run grep -c 'msg=refused' "$LOG"
	((output >= 50 && output < 600))
	run grep -E 'msg="refusals in all" count=600 request-line=300 unknown-path=300$' "$LOG"
	assert_success
	# Each is either a line or told of.
	run awk '
		/msg=refused/ { n++ }
		match($0, /msg="refusals not logged" count=[0-9]+/) {
			split(substr($0, RSTART, RLENGTH), part, "count=")
			n += part[2]
		}
		match($0, /msg="refusals in all" count=[0-9]+/) {
			split(substr($0, RSTART, RLENGTH), part, "count=")
			all = part[2]
		}
		END { print n - all }' "$LOG"
	assert_output 0
}

# -- pages ----------------------------------------------------------------------

@test "a page of the same host may connect, others may not" {
	start_server
	peer <<-'PY'
	def status(host, origin, path="/echo"):
	    with connect_tcp() as sock:
	        sock.sendall(upgrade_head(path, host=host,
	                                  fields=[f"Origin: {origin}"]))
	        return int(sock.recv(4096).split()[1])
	for path in "/echo", "/chat", "/chat/room":
	    for host, origin, want in [
	            ("a.example", "http://a.example", 101),
	            ("a.example:80", "http://a.example", 101),
	            ("A.example", "http://a.EXAMPLE:80", 101),
	            ("a.example", "https://a.example", 101),
	            ("a.example:8080", "http://a.example:8080", 101),
	            ("[::1]:8080", "http://[::1]:8080", 101),
	            ("a.example", "http://a.example:8080", 403),
	            ("a.example:8080", "http://a.example", 403),
	            ("a.example", "http://b.example", 403),
	            ("a.example", "http://a.example.b", 403),
	            ("a.example", "http://xa.example", 403),
	            ("a.example", "http://a.example/", 403),
	            ("a.example", "http://a.example http://b.example", 403),
	            ("a.example", "a.example", 403),
	            ("a.example", "null", 403),
	            ("null", "null", 403),
	            ("a.example", "", 403), ("", "http://", 403)]:
	        eq(status(host, origin, path), want, (path, host, origin))
	answer = request(upgrade_head(fields=["Origin: http://b.example"]))
	eq(answer.body, b"pages of this origin may not connect\n")
	PY
}

@test "a page that a route lists may connect there, and only there" {
	start_server -o 'route "/chat" {
	    origins = { "https://test.example", "http://localhost:3000" } }'
	peer <<-'PY'
	for path, origin, want in [
	        ("/chat", "https://test.example", 101),
	        ("/chat/room", "https://test.example", 101),
	        ("/chat", "https://test.example:443", 101),
	        ("/chat", "http://localhost:3000", 101),
	        ("/chat", "http://localhost", 101),         # the Host's own
	        ("/chat", "http://test.example", 403),
	        ("/chat", "https://test.example:444", 403),
	        ("/chat", "https://www.test.example", 403),
	        ("/chat", "null", 403),
	        ("/echo", "https://test.example", 403)]:
	    try:
	        Peer(path, fields=[f"Origin: {origin}"]).vanish()
	        got = 101
	    except Refused as refused:
	        got = refused.answer.status
	    eq(got, want, (path, origin))
	PY
}

@test "* lets every page in, and null has to be listed by its name" {
	start_server -o 'route "/chat" { origins = { "*" } }' \
		-o 'route "/echo" { origins = { "null" } }'
	peer <<-'PY'
	Peer("/chat", fields=["Origin: https://any.example"]).vanish()
	Peer("/echo", fields=["Origin: null"]).vanish()
	for path, origin in [("/chat", "null"), ("/chat", "x y"),
	                     ("/echo", "https://any.example")]:
	    eq(request(upgrade_head(path, fields=[f"Origin: {origin}"])).status,
	       403, (path, origin))
	PY
}

@test "who sends no Origin may connect, unless the route says no" {
	start_server -o 'route "/chat" { allow-no-origin = no }'
	peer <<-'PY'
	Peer("/echo").vanish()
	eq(request(upgrade_head("/chat")).status, 403)
	Peer("/chat", fields=["Origin: http://localhost"]).vanish()
	eq(get("/").status, 200, "the page itself needs none")
	PY
}

@test "the line of the README lets the page in that it names" {
	local line

	line=$(sed -n 's/^    \(route "\/chat" { origins = .*}\)$/\1/p' \
		"$TOP/README.md")
	[[ -n $line ]]
	start_server -o "$line"
	peer <<-'PY'
	Peer("/chat", fields=["Origin: https://test.example"]).vanish()
	eq(request(upgrade_head("/chat", fields=["Origin: https://x.example"]))
	   .status, 403)
	PY
}

# -- accept, then close ------------------------------------------------------------

@test "a refusal can be a close code that a page sees" {
	start_server -o 'accept-then-close = yes'
	peer "$LOG" <<-'PY'
	foreign = ["Origin: http://b.example"]
	for path, fields, code, reason in [
	        ("/nowhere", [], 4504, "no such room or route"),
	        ("/", [], 4504, "no such room or route"),
	        ("/chat", foreign, 4503, "pages of this origin may not connect"),
	        ("/echo", foreign, 4503, "pages of this origin may not connect")]:
	    for along in b"", frame(TEXT, "x") * 3, frame(0x3, b""), b"\0" * 9999, \
	            frame(CLOSE, close_payload(1000)), frame(PING, b"x") * 50:
	        peer = Peer(path, fields=fields, along=along)
	        eq(peer.expect_close(code), reason, path)
	eq(Chatter().users, 1, "nobody of them was ever in the room")
	log = open(sys.argv[1]).read()
	eq(log.count("msg=refused why=unknown-route status=404"), 12)
	eq(log.count("msg=refused why=origin status=403"), 12)
	eq(log.count("msg=closed"), 0)
	PY
}

@test "only a good handshake is accepted to be closed" {
	start_server -o 'accept-then-close = yes'
	peer <<-'PY'
	for data, status in [
	        (plain_head(target="/nowhere"), 404),
	        (plain_head(target="/chat"), 426),
	        (upgrade_head("/nowhere", key="x"), 400),
	        (upgrade_head("/nowhere", version="8"), 426),
	        (upgrade_head("/nowhere").replace(b"HTTP/1.1", b"HTTP/1.0"), 400),
	        (upgrade_head("/nowhere", fields=["Content-Length: 1"]), 413)]:
	    eq(request(data).status, status, data)
	PY
}

@test "too many connections can be a close code, too" {
	start_server -o 'accept-then-close = yes
	    limits { connections-per-address = 2 loopback-exempt = no }'
	peer <<-'PY'
	def place():
	    try:
	        return Chatter()
	    except Closed:
	        return None
	room = [eventually(place, "a place") for _ in range(2)]
	Peer("/chat").expect_close(4003)
	eq(get("/healthz/live").status, 503)
	room.pop().leave()
	room.append(eventually(place, "the place of who left"))
	eq(room[-1].users, 2)
	PY
}

@test "who was accepted to be closed and stays is ended" {
	start_server -o 'accept-then-close = yes limits { close-time = 0.3 }'
	peer <<-'PY'
	peer = Peer("/nowhere")
	end = time.monotonic() + PATIENCE
	try:
	    while True:
	        assert time.monotonic() < end, "still there"
	        peer.send(TEXT, "x" * 100)
	        time.sleep(0.02)
	except (ConnectionResetError, BrokenPipeError):
	    pass
	PY
}
