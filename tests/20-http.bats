#!/usr/bin/env bats
# What the server says to plain HTTP, and to handshakes that are wrong.

load lib/common

@test "the page is served with a content security policy" {
	start_server
	run curl -sS -i --max-time 10 "http://127.0.0.1:$PORT/"
	assert_success
	assert_line --index 0 --regexp '^HTTP/1.1 200 OK'
	assert_line --regexp '^Content-Type: text/html; charset=utf-8'
	assert_line --regexp "^Content-Security-Policy: .*default-src '(self|none)'"
	refute_line --regexp '^Content-Security-Policy: .*unsafe-'
	assert_line --regexp '^X-Content-Type-Options: nosniff'
	assert_output --partial '<html'
}

@test "what the page links to is served as what it is" {
	start_server
	peer <<-'PY'
	page = get("/").body.decode()
	links = re.findall(r'<(?:script|link|img)[^>]*\b(?:src|href)="([^"]+)"', page)
	types = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml",
	         "png": "image/png", "ico": "image/x-icon"}
	local = [link for link in links if not link.startswith("data:")]
	assert local, "the page links to nothing"
	for link in local:
	    answer = get("/" + link.lstrip("/"))
	    eq(answer.status, 200, link)
	    eq(answer.field("Content-Type").split(";")[0],
	       types[link.rsplit(".")[-1]], link)
	    eq(int(answer.field("Content-Length")), len(answer.body), link)
	PY
}

@test "a page that has not changed is not sent again" {
	start_server
	peer <<-'PY'
	tag = get("/").field("ETag")
	again = get("/", fields=[f"If-None-Match: {tag}"])
	eq((again.status, again.body), (304, b""))
	PY
}

@test "a tag is found in lists, weak or not, and * is any" {
	start_server
	peer <<-'PY'
	tag = get("/").field("ETag")
	assert re.fullmatch(r'"[^",]+"', tag), tag
	for fields, status in [
	        ([f"W/{tag}"], 304), (["*"], 304),
	        ([f'"a", {tag}'], 304), ([f'W/"a,b" ,W/{tag}, "c"'], 304),
	        (['"a"', tag], 304), ([f'"a", W/{tag}', '"b"'], 304),
	        (['"a"'], 200), ([tag.strip('"')], 200), ([f"w/{tag}"], 200),
	        ([f"{tag}x"], 200), (["W/*"], 200), ([""], 200)]:
	    for method in "GET", "HEAD":
	        again = request(plain_head(method, "/", fields=[
	            f"If-None-Match: {field}" for field in fields]))
	        eq(again.status, status, (method, fields))
	        eq(again.field("ETag"), tag, fields)
	        eq(again.field("Cache-Control"), "no-cache", fields)
	        eq(again.body != b"", status == 200 and method == "GET", fields)
	PY
}

@test "every answer forbids guessing its type and loading from elsewhere" {
	start_server
	peer <<-'PY'
	tag = get("/").field("ETag")
	seen = set()
	for data in [plain_head(), plain_head(fields=[f"If-None-Match: {tag}"]),
	             plain_head(target="/healthz/live"), b"\n",
	             plain_head(target="/nowhere"), plain_head("POST"),
	             plain_head("BREW"), plain_head(target="/chat"),
	             upgrade_head(version="8"), upgrade_head("/nowhere"),
	             plain_head(version="HTTP/2.0"),
	             plain_head(fields=["Content-Length: 1"]),
	             plain_head(fields=["X: " + "a" * 9000]),
	             plain_head(target="/" + "a" * 5000)]:
	    answer = request(data)
	    seen.add(answer.status)
	    eq(answer.field("X-Content-Type-Options"), "nosniff", answer.status)
	    policy = answer.field("Content-Security-Policy")
	    assert policy.startswith("default-src 'none'"), policy
	    assert "unsafe" not in policy and "*" not in policy, policy
	    assert answer.field("Cache-Control"), answer.fields
	assert seen >= {200, 304, 400, 404, 405, 413, 414, 426, 431, 501, 505}
	PY
}

# A folder with what may be served, and with what must not.
make_site()
{
	local name

	SITE=$DIR/site
	mkdir "$SITE" "$SITE/folder"
	for name in index.html a.js a.css a.svg a.png a.ico a.woff2 a.json \
		a.txt a.webmanifest; do
		echo "this is $name" >"$SITE/$name"
	done
	echo secret >"$DIR/secret.txt"
	echo secret >"$SITE/.hidden.txt"
	echo secret >"$SITE/folder/in.txt"
	echo secret >"$SITE/noending"
	echo secret >"$SITE/a.conf"
	ln -s ../secret.txt "$SITE/link.txt"
	ln -s "$DIR" "$SITE/up.txt"
	ln "$SITE/a.txt" "$SITE/b.txt"
	mkfifo "$SITE/pipe.txt"
	write_config </dev/null
}

@test "a file has the type of its ending" {
	make_site
	start_server
	peer <<-'PY'
	for name, kind in {
	        "": "text/html; charset=utf-8",
	        "a.js": "text/javascript; charset=utf-8",
	        "a.css": "text/css; charset=utf-8", "a.svg": "image/svg+xml",
	        "a.png": "image/png", "a.ico": "image/x-icon",
	        "a.woff2": "font/woff2", "a.json": "application/json",
	        "a.txt": "text/plain; charset=utf-8",
	        "a.webmanifest": "application/manifest+json"}.items():
	    answer = get("/" + name + "?v=1")
	    eq(answer.status, 200, name)
	    eq(answer.field("Content-Type"), kind, name)
	    eq(answer.body, f"this is {name or 'index.html'}\n".encode(), name)
	PY
}

@test "no path leads out of the page's folder or into what is hidden" {
	make_site
	start_server
	peer <<-'PY'
	eq(get("/b.txt").status, 200, "a second name of a file")
	for path in [
	        "/link.txt", "/up.txt", "/up.txt/secret.txt", "/pipe.txt",
	        "/.hidden.txt", "/noending", "/a.conf", "/folder", "/folder/",
	        "/folder/in.txt", "/..", "/.", "//", "//a.txt", "/a.txt/",
	        "/./a.txt", "/folder/../a.txt", "/../secret.txt",
	        "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/%2e%2e%2fsecret.txt",
	        "/.%2e/secret.txt", "/%252e%252e/secret.txt",
	        "/..%5csecret.txt", "/..\\secret.txt", "/%00", "/a.txt%00",
	        "/a.txt%00.js", "/%c0%ae%c0%ae/secret.txt", "/link.txt%20",
	        "/index.html/../../secret.txt", "/A.TXT", "/a.txt;x"]:
	    answer = get(path)
	    eq(answer.status, 404, path)
	    assert b"secret" not in answer.body, path
	PY
	grep -q 'msg="file of the site left out" file="link.txt"' "$LOG"
}

@test "a large file arrives whole at a reader that is slow" {
	make_site
	head -c 3000000 /dev/urandom >"$SITE/large.png"
	start_server
	peer "$SITE/large.png" <<-'PY'
	want = open(sys.argv[1], "rb").read()
	with connect_tcp(receive_buffer=4096) as sock:
	    sock.sendall(plain_head(target="/large.png"))
	    raw = b""
	    while len(raw) < 20000:
	        raw += sock.recv(100)
	    raw += read_to_end(sock)
	answer = Answer(raw)
	eq(int(answer.field("Content-Length")), len(want))
	assert answer.body == want, f"{len(answer.body)} bytes"
	PY
}

@test "who takes a file and does not read is no burden" {
	make_site
	head -c 4000000 /dev/urandom >"$SITE/large.png"
	start_server -o 'workers = 1'
	peer <<-'PY'
	def kilobytes():
	    with open(f"/proc/{worker_pids()[0]}/status") as file:
	        return int(re.search(r"RssAnon:\s*(\d+)", file.read())[1])
	before = kilobytes()
	socks = []
	for _ in range(40):
	    socks.append(connect_tcp(receive_buffer=4096))
	    socks[-1].sendall(plain_head(target="/large.png"))
	for sock in socks:
	    sock.recv(100)
	assert kilobytes() - before < 20000, (before, kilobytes())
	PY
}

@test "/healthz/live and /healthz/ready answer 200" {
	start_server
	peer <<-'PY'
	for path in "/healthz/live", "/healthz/ready":
	    eq(get(path).status, 200, path)
	PY
}

@test "HEAD has the fields of GET and no body" {
	start_server
	peer <<-'PY'
	for path in "/", "/healthz/live", "/nowhere", "/chat", "/#x", \
	        "/?" + "a" * 9000:
	    with_body = get(path)
	    without = request(plain_head("HEAD", path))
	    eq(without.status, with_body.status, path)
	    eq(without.fields, with_body.fields, path)
	    eq(without.body, b"", path)
	    assert with_body.body, path
	PY
}

@test "HTTP/1.0 is good enough for GET and HEAD" {
	start_server
	peer <<-'PY'
	for method in "GET", "HEAD":
	    eq(request(plain_head(method, "/healthz/live", "HTTP/1.0",
	                          host=None)).status, 200, method)
	PY
}

@test "an answer says that the connection is closed, and closes it" {
	start_server
	peer <<-'PY'
	for path in "/", "/healthz/live", "/nowhere":
	    eq(get(path).field("Connection"), "close", path)
	PY
}

@test "an unknown path is 404" {
	start_server
	peer <<-'PY'
	for path in "/nowhere", "/index.htm", "/../etc/passwd", "/healthz", \
	        "/%2e%2e/x", "/echo/room":
	    eq(get(path).status, 404, path)
	PY
}

@test "an upgrade on a path that is no route is 404" {
	start_server
	peer <<-'PY'
	for path in "/", "/nowhere", "/echo/room", "/chatter", "/healthz/live":
	    eq(request(upgrade_head(path)).status, 404, path)
	PY
}

@test "a refusal has a short plain text" {
	start_server
	peer <<-'PY'
	answer = get("/nowhere")
	eq(answer.field("Content-Type").split(";")[0], "text/plain")
	eq(int(answer.field("Content-Length")), len(answer.body))
	assert 0 < len(answer.body) < 200, answer.body
	PY
}

@test "another method is 405 and names those allowed" {
	start_server
	peer <<-'PY'
	for method in "POST", "PUT", "DELETE", "OPTIONS", "PATCH":
	    answer = request(plain_head(method, "/"))
	    eq(answer.status, 405, method)
	    assert "GET" in answer.field("Allow"), answer.fields
	PY
}

@test "a method that nobody knows is 501" {
	start_server
	peer <<-'PY'
	eq(request(plain_head("BREW", "/")).status, 501)
	PY
}

@test "a malformed head is 400" {
	start_server
	peer <<-'PY'
	heads = {
	    "no version": b"GET /\r\n\r\n",
	    "no HTTP": b"\x17\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
	    "two blanks": b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
	    "no Host": plain_head(host=None),
	    "two Hosts": plain_head(fields=["Host: other"]),
	    "blank before colon": plain_head(fields=["X : y"]),
	    "no colon": plain_head(fields=["nonsense"]),
	    "folded line": plain_head(fields=["X: a", " b"]),
	    "bare LF": b"GET / HTTP/1.1\nHost: x\n\n",
	    "bare CR": plain_head(fields=["X: a\rb"]),
	    "NUL": plain_head(fields=["X: a\0b"]),
	    "absolute target": plain_head(target="http://localhost/"),
	    "fragment": plain_head(target="/#top"),
	    "bad length": plain_head(fields=["Content-Length: x"]),
	}
	for what, data in heads.items():
	    eq(request(data).status, 400, what)
	PY
}

@test "a handshake with a bad key is 400" {
	start_server
	peer <<-'PY'
	keys = {"none": None, "empty": "", "short": "c2hvcnQ=",
	        "long": SAMPLE_KEY[:-2] + "AAAA==", "no base64": "!" * 24,
	        "bits that no byte has": SAMPLE_KEY[:-3] + "R=="}
	for what, key in keys.items():
	    eq(request(upgrade_head(key=key)).status, 400, what)
	two = upgrade_head(fields=[f"Sec-WebSocket-Key: {SAMPLE_KEY}"])
	eq(request(two).status, 400, "two keys")
	PY
}

@test "a plain GET of a route is 426 and says what to upgrade to" {
	start_server
	peer <<-'PY'
	for path in "/chat", "/chat/room", "/echo":
	    answer = get(path)
	    eq(answer.status, 426, path)
	    eq(answer.field("Upgrade").lower(), "websocket", path)
	PY
}

@test "another version of WebSocket is 426 and told the right one" {
	start_server
	peer <<-'PY'
	for version in "8", "12", "14", "", None:
	    answer = request(upgrade_head(version=version))
	    eq(answer.status, 426, version)
	    eq(answer.field("Sec-WebSocket-Version"), "13", version)
	PY
}

@test "an upgrade in HTTP/1.0 is refused" {
	start_server
	peer <<-'PY'
	assert request(upgrade_head().replace(b"HTTP/1.1", b"HTTP/1.0")
	               ).status in (400, 426, 505)
	PY
}

@test "a body is 413" {
	start_server
	peer <<-'PY'
	eq(request(plain_head(fields=["Content-Length: 10"]) + b"0123456789")
	   .status, 413)
	PY
}

@test "a target that is too long is 414" {
	start_server
	peer <<-'PY'
	eq(request(plain_head(target="/" + "a" * 9000)).status, 414)
	PY
}

@test "a head of more than 8 KiB is 431" {
	start_server
	peer <<-'PY'
	eq(request(plain_head(fields=["X: " + "a" * 8192])).status, 431)
	PY
}

@test "a head of just under 8 KiB is accepted" {
	start_server
	peer <<-'PY'
	head_size = len(plain_head(target="/healthz/live", fields=["X: "]))
	full = plain_head(target="/healthz/live",
	                  fields=["X: " + "a" * (8191 - head_size)])
	eq(request(full).status, 200)
	PY
}

@test "64 fields are accepted and one more is 431" {
	start_server
	peer <<-'PY'
	fields = [f"X-{i}: y" for i in range(64)]
	eq(get("/healthz/live", fields=fields[:63]).status, 200, "with Host 64")
	eq(get("/healthz/live", fields=fields).status, 431, "with Host 65")
	PY
}

@test "who is refused while still sending gets the answer all the same" {
	start_server
	peer <<-'PY'
	eq(request(plain_head(fields=["X: " + "a" * 100000])).status, 431)
	PY
}

@test "a version of HTTP other than 1.0 and 1.1 is 505" {
	start_server
	peer <<-'PY'
	for version in "HTTP/2.0", "HTTP/1.2", "HTTP/0.9":
	    eq(request(plain_head(version=version)).status, 505, version)
	PY
}

@test "half a head is answered 408 when the handshake's time is over" {
	start_server -o 'limits { handshake-time = 0.3 }'
	peer <<-'PY'
	begin = time.monotonic()
	eq(request(b"GET / HTTP/1.1\r\nHost: x\r\n").status, 408)
	took = time.monotonic() - begin
	# By itself it would be ten seconds.
	assert 0.25 < took < 9, took
	PY
}

@test "a head that trickles in does not stretch the handshake's time" {
	start_server -o 'limits { handshake-time = 0.4 }'
	peer <<-'PY'
	begin = time.monotonic()
	with connect_tcp() as sock:
	    sock.sendall(b"GET / HTTP/1.1\r\nX: ")
	    answered = False
	    while not answered:
	        assert time.monotonic() - begin < 9, "still waiting"
	        sock.sendall(b"a")
	        answered = bool(select.select([sock], [], [], 0.03)[0])
	    eq(Answer(read_to_end(sock)).status, 408)
	PY
}

@test "who sends nothing is not kept longer than the handshake's time" {
	start_server -o 'limits { handshake-time = 0.3 }'
	peer <<-'PY'
	with connect_tcp() as sock:
	    read_to_end(sock, 9)
	PY
}

@test "a head that comes byte by byte is understood" {
	start_server
	peer <<-'PY'
	with connect_tcp() as sock:
	    for byte in plain_head(target="/healthz/live"):
	        sock.sendall(bytes([byte]))
	    eq(Answer(read_to_end(sock)).status, 200)
	PY
}

@test "the handshake's answer to the key of RFC 6455 is the one printed there" {
	start_server
	peer <<-'PY'
	with connect_tcp() as sock:
	    sock.sendall(upgrade_head("/echo", SAMPLE_KEY))
	    answer = Answer(sock.recv(4096))
	    eq(answer.status, 101)
	    eq(answer.field("Sec-WebSocket-Accept"),
	       "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
	PY
}

@test "a handshake as browsers send it is accepted" {
	start_server
	peer <<-'PY'
	with connect_tcp() as sock:
	    sock.sendall(plain_head(target="/chat?x=1",
	                            host=f"127.0.0.1:{PORT}", fields=[
	        "User-Agent: Mozilla/5.0", "Accept: */*",
	        "Accept-Encoding: gzip, deflate", "sec-websocket-version: 13",
	        f"Origin: http://127.0.0.1:{PORT}",
	        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
	        f"SEC-WEBSOCKET-KEY: {SAMPLE_KEY}", "Cookie: a=b; c=d",
	        "connection: keep-alive, Upgrade", "upgrade: WebSocket"]))
	    eq(Answer(sock.recv(4096).split(b"\r\n\r\n")[0] + b"\r\n\r\n").status,
	       101)
	PY
}

@test "a subprotocol that nobody knows is not agreed to" {
	start_server
	peer <<-'PY'
	peer = Peer("/echo", fields=["Sec-WebSocket-Protocol: other, more"])
	eq(peer.answer.field("Sec-WebSocket-Protocol"), None)
	PY
}

@test "what comes behind the head is the WebSocket's, however it is cut" {
	start_server
	peer <<-'PY'
	frames = frame(TEXT, "one") + frame(TEXT, "two", fin=False) \
	    + frame(CONT, "-three")
	data = upgrade_head("/echo") + frames
	start = len(data) - len(frames)
	for step in 1, 2, 3, 7, start - 1, start + 1, start + 3, len(data):
	    peer = Peer.__new__(Peer)
	    peer.sock, peer.frames = connect_tcp(), Deframer()
	    peer.answer_pings, peer.ended, peer.pings = True, False, []
	    for at in range(0, len(data), step):
	        peer.send_raw(data[at:at + step])
	    peer._read_handshake(SAMPLE_KEY)
	    eq(peer.hear_text(), "one", step)
	    eq(peer.hear_text(), "two-three", step)
	    peer.leave()
	PY
}

@test "who ends his side behind the request still gets all of a long answer" {
	mkdir site
	head -c 3000000 /dev/zero | tr '\0' x >site/long.txt
	start_server -o "site = \"$DIR/site\""
	peer <<-'PY'
	with connect_tcp(receive_buffer=4096) as sock:
	    sock.sendall(plain_head(target="/long.txt"))
	    sock.shutdown(socket.SHUT_WR)
	    eq(len(Answer(read_to_end(sock)).body), 3000000)
	PY
}

@test "what comes behind a refusal is not answered" {
	start_server
	peer <<-'PY'
	behind = {"a plain request": plain_head(target="/healthz/live"),
	          "a handshake": upgrade_head() + frame(TEXT, "x"),
	          "the same again": None, "frames": frame(PING, b"x") * 100,
	          "rubbish": bytes(range(256)) * 40}
	for first in plain_head(target="/nowhere"), b"\n", \
	        upgrade_head("/nowhere"), upgrade_head(key="x"), \
	        plain_head("POST"), plain_head():
	    for what, data in behind.items():
	        answer = request(first + (first if data is None else data))
	        assert b"HTTP/1.1" not in answer.body, (first, what)
	        eq(len(answer.body), int(answer.field("Content-Length")), what)
	        with connect_tcp() as sock:
	            sock.sendall(first)
	            raw = sock.recv(1)
	            try:
	                sock.sendall(first if data is None else data)
	            except (BrokenPipeError, ConnectionResetError):
	                pass
	            eq((raw + read_to_end(sock)).count(b"HTTP/1.1"), 1, what)
	PY
}
