#!/usr/bin/env bats
# TLS on a listener: who gets in with what, which certificate, how it ends.
# CERTS is a folder of certificates made once, all from one CA.

load lib/common
load lib/certificates

setup_file()
{
	export CERTS=$BATS_FILE_TMPDIR/certs

	mkdir "$CERTS"
	cd "$CERTS" || return
	make_ca ca
	make_ca clients
	issue localhost ca DNS:localhost,IP:127.0.0.1
	issue one.example ca DNS:one.example
	issue two.example ca 'DNS:two.example,DNS:*.wild.example'
	issue alice clients DNS:alice
	issue mallory ca DNS:mallory
	make_dated expired 20200101000000Z 20210203040506Z
	make_dated future 20990101000000Z 20991231000000Z
	openssl ec -in localhost.key -aes128 -passout pass:secret \
		-out locked.key 2>/dev/null
	echo nothing >nothing.pem
}

# start_tls [SETTINGS of the listener]: one port with TLS, one without.
start_tls()
{
	tls_config "${1:-$(pair localhost)}"
	launch_server -c "$CONFIG"
	await_server || return
	TLS_PORT=$(sed -n 's|.*listening on https://[^"]*:\([0-9]*\).*|\1|p' \
		"$LOG" | head -n 1)
	export TLS_PORT
}

tls_config()
{
	write_config <<-CONF
	log-level = debug
	listen "127.0.0.1:0" { $1 }
	listen "localhost:0" {}
	${SETTINGS:-}
	CONF
}

# pair NAME [KEY]: the settings of one certificate.
pair()
{
	printf 'tls-certificate = "%s/%s.pem" tls-key = "%s/%s.key"' \
		"$CERTS" "$1" "$CERTS" "${2:-$1}"
}

# s_client ARGS...: one request; its answer and what openssl tells.
s_client()
{
	{
		printf 'GET /healthz/live HTTP/1.1\r\nHost: x\r\n\r\n'
	} | timeout 60 openssl s_client \
		-connect "${TLS_HOST:-127.0.0.1}:$TLS_PORT" \
		-ign_eof -CAfile "$CERTS/ca.pem" "$@" 2>&1
}

tls_peer()
{
	{
		echo 'from tlsproto import *'
		cat
	} | peer "$@"
}

fetch()
{
	curl -sS --max-time 60 --cacert "$CERTS/ca.pem" "$@"
}

# -- what works ------------------------------------------------------------------

@test "the page comes over HTTPS" {
	start_tls
	run -0 fetch -o page -w '%{http_code} %{ssl_verify_result}' \
		"https://localhost:$TLS_PORT/"
	assert_output '200 0'
	cmp page "$SITE/index.html"
}

@test "a port with TLS and one without work side by side" {
	start_tls
	tls_peer <<-'PY'
	plain, tls = Chatter("/chat"), TlsPeer("/chat")
	eq(tls.hear_text(), "You are connected! There are 2 users here.")
	plain.say("from the plain side")
	eq(tls.hear_text(), "[user0]: from the plain side")
	tls.send_text("from the other")
	plain.expect("[user0]: from the plain side", "[user1]: from the other")
	tls.leave()
	PY
	run -0 fetch "http://127.0.0.1:$PORT/healthz/live"
}

@test "Python's websockets chat and echo over wss" {
	start_tls
	python - <<-'PY'
	import asyncio, os, ssl, websockets

	async def main():
	    use = ssl.create_default_context(cafile=os.environ["CERTS"] + "/ca.pem")
	    url = f"wss://localhost:{os.environ['TLS_PORT']}"
	    async with websockets.connect(url + "/echo", ssl=use) as echo:
	        for message in "hello", b"\0\1", "x" * 60000, "":
	            await echo.send(message)
	            assert await echo.recv() == message
	    async with websockets.connect(url + "/chat", ssl=use) as a, \
	            websockets.connect(url + "/chat", ssl=use) as b:
	        assert "1 users" in await a.recv()
	        assert "2 users" in await b.recv()
	        await b.send("hi")
	        assert await a.recv() == await b.recv() == "[user1]: hi"

	asyncio.run(main())
	PY
}

@test "node's ws talks over wss" {
	need_node_module ws
	start_tls
	export NODE_EXTRA_CA_CERTS=$CERTS/ca.pem
	# Older ones try a name's first address alone, which may be ::1.
	run -0 timeout 60 node --dns-result-order=ipv4first \
		"$TESTS/lib/ws_client.mjs" "wss://localhost:$TLS_PORT/echo" \
		<<<'hello'
	assert_line '{"open":true}'
	assert_line '{"text":"hello"}'
	assert_line '{"close":1000,"reason":""}'
}

@test "TLS 1.2 and 1.3 are spoken, with the ciphers of the list" {
	local cipher

	start_tls
	for cipher in ECDHE-ECDSA-AES128-GCM-SHA256 \
		ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-ECDSA-CHACHA20-POLY1305; do
		run -0 s_client -tls1_2 -cipher "$cipher"
		assert_line --partial "New, TLSv1.2, Cipher is $cipher"
		assert_line --partial 'HTTP/1.1 200 OK'
	done
	for cipher in TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 \
		TLS_CHACHA20_POLY1305_SHA256; do
		run -0 s_client -tls1_3 -ciphersuites "$cipher"
		assert_line --partial "New, TLSv1.3, Cipher is $cipher"
		assert_line --partial 'HTTP/1.1 200 OK'
	done
}

@test "older versions and weaker ciphers are refused" {
	start_tls
	for version in -tls1 -tls1_1; do
		run s_client "$version" -cipher 'ALL:@SECLEVEL=0'
		assert_line --partial 'alert protocol version'
		refute_line --partial 'HTTP/1.1'
	done
	run s_client -tls1_2 -cipher 'ECDHE-ECDSA-AES128-SHA'
	assert_line --partial 'alert handshake failure'
	run s_client -tls1_3 -curves P-521
	refute_line --partial 'HTTP/1.1'
	wait_until grep -q 'why=tls-handshake.* error="unsupported protocol"' \
		"$LOG"
}

@test "a failed handshake says why with an alert, and ends in good order" {
	start_tls
	tls_peer <<-'PY'
	sock = connect_tcp(port=TLS_PORT)
	sock.sendall(b"\x16\x03\x01\x00\x04\x01\x00\x00\x00")
	data = b""
	while more := sock.recv(4096):          # a reset would be an exception
	    data += more
	eq(data[0], 21, "record type")
	eq(data[5], 2, "a fatal alert")
	PY
}

# -- certificates ------------------------------------------------------------------

@test "the name that is asked for picks the certificate" {
	start_tls "tls-certificate = { \"$CERTS/localhost.pem\",
		\"$CERTS/one.example.pem\", \"$CERTS/two.example.pem\" }
		tls-key = { \"$CERTS/localhost.key\",
		\"$CERTS/one.example.key\", \"$CERTS/two.example.key\" }"
	tls_peer <<-'PY'
	for name, want in (("localhost", "localhost"),
	                   ("one.example", "one.example"),
	                   ("ONE.Example", "one.example"),
	                   ("two.example", "two.example"),
	                   ("a.wild.example", "two.example")):
	    for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
	        sock = TlsSocket(context(version), name)
	        eq(subject(sock), want, name)
	        sock.sendall(plain_head(target="/healthz/live"))
	        eq(Answer(read_to_end(sock)).status, 200)
	loose = context()
	loose.check_hostname = False
	for name in "unknown.example", "a.b.wild.example", "127.0.0.1", None:
	    eq(subject(TlsSocket(loose, name)), "localhost", name)
	PY
}

@test "a chain is sent with its certificate" {
	cat "$CERTS/localhost.pem" "$CERTS/ca.pem" >chain.pem
	start_tls "tls-certificate = \"$DIR/chain.pem\"
		tls-key = \"$CERTS/localhost.key\""
	run -0 s_client -showcerts
	assert_equal "$(grep -c 'BEGIN CERTIFICATE' <<<"$output")" 2
}

# refuse_files SETTINGS: neither -t nor a start takes them.
refuse_files()
{
	tls_config "$1"
	run -78 "$WSCHATD" -t -c "$CONFIG"
	launch_server -c "$CONFIG"
	wait_server
	assert_equal "$SERVER_STATUS" 78
}

@test "a file that is not there is named, by -t and at the start" {
	refuse_files "$(pair absent localhost)"
	assert_output --partial "absent.pem\": No such file or directory"
	grep -q 'absent.pem' "$LOG"
	refuse_files "$(pair localhost absent)"
	assert_output --partial "absent.key\": No such file or directory"
	grep -q 'absent.key' "$LOG"
}

@test "a file that must not be read is named" {
	cp "$CERTS/localhost.key" secret.key
	chmod 0 secret.key
	[[ ! -r secret.key ]] || skip "this user may read everything"
	refuse_files "tls-certificate = \"$CERTS/localhost.pem\"
		tls-key = \"$DIR/secret.key\""
	assert_output --partial "secret.key\": Permission denied"
}

@test "a folder, and a file without PEM, are named" {
	refuse_files "tls-certificate = \"$DIR\" tls-key = \"$DIR\""
	assert_output --partial "$DIR\": Is a directory"
	refuse_files "$(pair nothing localhost)"
	assert_output --partial "nothing.pem\": not a certificate in PEM"
	refuse_files "tls-certificate = \"$CERTS/localhost.pem\"
		tls-key = \"$CERTS/nothing.pem\""
	assert_output --partial "nothing.pem\": not a private key in PEM"
	refuse_files "$(pair localhost) tls-client-ca = \"$CERTS/nothing.pem\""
	assert_output --partial "nothing.pem\": not a certificate in PEM"
}

@test "a key that is not the certificate's is an error that names both" {
	refuse_files "$(pair localhost one.example)"
	assert_output --partial "one.example.key\": not the key of"
	assert_output --partial "localhost.pem\""
}

@test "a key with a passphrase is an error, and nobody is asked" {
	refuse_files "$(pair localhost locked)"
	assert_output --partial "locked.key\": has a passphrase"
}

@test "an expired certificate is served, with a warning that names it" {
	start_tls "$(pair expired)"
	run -0 fetch -k "https://localhost:$TLS_PORT/healthz/live"
	grep 'level=warning.*a certificate has expired' "$LOG" |
		grep -q 'expired.pem.* since=2021-02-03T04:05:06Z'
	run -0 "$WSCHATD" -t -c "$CONFIG"
	assert_output --partial 'a certificate has expired'
}

@test "a certificate that is not valid yet is served with a warning" {
	start_tls "$(pair future)"
	run -0 fetch -k "https://localhost:$TLS_PORT/healthz/live"
	grep 'level=warning.*not valid yet' "$LOG" |
		grep -q 'future.pem.* until=2099-01-01T00:00:00Z'
}

@test "a client without the right certificate is refused when one is required" {
	start_tls "$(pair localhost) tls-client-ca = \"$CERTS/clients.pem\""
	tls_peer <<-'PY'
	for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
	    eq(tls_request(use=context(version, cert="alice")).status, 200)
	    for cert in None, "mallory":
	        try:
	            answer = tls_request(use=context(version, cert=cert))
	        except (ssl.SSLError, AssertionError):
	            continue
	        raise AssertionError(f"let in: {cert} {answer}")
	PY
	wait_until grep -q 'why=tls-handshake' "$LOG"
}

@test "a client certificate may be optional, but not a wrong one" {
	start_tls "$(pair localhost) tls-client = optional
		tls-client-ca = \"$CERTS/clients.pem\""
	tls_peer <<-'PY'
	for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
	    for cert in None, "alice":
	        eq(tls_request(use=context(version, cert=cert)).status, 200)
	    try:
	        tls_request(use=context(version, cert="mallory"))
	    except (ssl.SSLError, AssertionError):
	        continue
	    raise AssertionError("let in")
	PY
}

# -- the handshake ------------------------------------------------------------------

@test "ALPN takes http/1.1, and who offers only h2 is refused" {
	start_tls
	run -0 s_client -alpn h2,http/1.1
	assert_line --partial 'ALPN protocol: http/1.1'
	run s_client -alpn h2
	assert_line --partial 'alert no application protocol'
	refute_line --partial 'HTTP/1.1'
	run -0 s_client
	assert_line --partial 'No ALPN negotiated'
	assert_line --partial 'HTTP/1.1 200 OK'
}

@test "a ticket is good at every worker, and behind a worker's death" {
	start_tls
	tls_peer <<-'PY'
	for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
	    use = context(version)
	    first = TlsPeer(use=use)
	    first.send_text("x")
	    first.hear_text()
	    session = first.sock.tls.session
	    assert not first.sock.tls.session_reused
	    assert session.has_ticket
	    # Held open, connections spread over the workers.
	    held = [TlsPeer(use=use, session=session) for _ in range(4)]
	    eq([peer.sock.tls.session_reused for peer in held], [True] * 4)
	    before = worker_pids()
	    for pid in before:
	        kill(pid)
	    eventually(lambda: len(worker_pids()) == 2 and
	               not set(before) & set(worker_pids()) and ready(),
	               "new workers")
	    again = TlsPeer(use=use, session=session)
	    assert again.sock.tls.session_reused
	    again.send_text("x")
	    eq(again.hear_text(), "x")
	PY
	run grep -c 'resumed=yes' "$LOG"
	assert_output 10
	assert_equal "$(grep 'resumed=yes' "$LOG" |
		grep -o 'proc=worker.[01]' | sort -u | wc -l)" 2
}

@test "a ticket of one listener is none of another that asks for certificates" {
	SETTINGS="listen \"127.0.0.2:0\" { $(pair localhost)
		tls-client-ca = \"$CERTS/clients.pem\" }"
	start_tls
	strict=$(sed -n 's|.*listening on https://[^"]*:\([0-9]*\).*|\1|p' \
		"$LOG" | tail -n 1)
	[[ $strict != "$TLS_PORT" ]]
	s_client -sess_out session | grep -q 'HTTP/1.1 200 OK'
	s_client -sess_in session | grep -q '^Reused'
	TLS_HOST=127.0.0.2 TLS_PORT=$strict
	run s_client -sess_in session
	assert_line --partial 'New, TLSv1.3'
	refute_line --partial 'HTTP/1.1 200 OK'
	refute_line --partial 'Reused'
}

@test "a hello may come byte by byte" {
	start_tls
	tls_peer <<-'PY'
	for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
	    peer = TlsPeer(use=context(version), step=1)
	    peer.send_text("x")
	    eq(peer.hear_text(), "x")
	PY
}

@test "plain HTTP on a port with TLS gets a plain 400 that says so" {
	start_tls
	run -0 fetch -w '%{http_code}' "http://127.0.0.1:$TLS_PORT/"
	assert_output --partial 'this port speaks TLS'
	assert_output --partial 400
	tls_peer <<-'PY'
	wsproto.PORT = TLS_PORT
	eq(get().status, 400)
	eq(request(upgrade_head("/echo")).status, 400)
	PY
}

@test "neither TLS nor HTTP on a port with TLS is closed without an answer" {
	start_tls
	tls_peer <<-'PY'
	for first in b"\0", b"\x17\x03\x03", b"\x80\x2e\x01", b"\xff" * 5000, b"\r\n":
	    sock = connect_tcp(port=TLS_PORT)
	    sock.sendall(first)
	    eq(sock.recv(100), b"", f"answer to {first[:5]}")  # no reset either
	PY
	run -0 grep -c 'msg=refused why=not-tls' "$LOG"
	assert_output 5
}

@test "TLS on a plain port is closed without an answer" {
	start_tls
	tls_peer <<-'PY'
	wsproto.PORT = TLS_PORT
	out = ssl.MemoryBIO()
	try:
	    context().wrap_bio(ssl.MemoryBIO(), out,
	                       server_hostname="localhost").do_handshake()
	except ssl.SSLWantReadError:
	    pass
	hello = out.read()
	for data in hello, hello[:1]:
	    sock = connect_tcp(port=PORT)
	    sock.sendall(data)
	    eq(sock.recv(100), b"")
	PY
	run -0 grep -c 'msg=refused why=tls-on-plain-port' "$LOG"
	assert_output 2
}

@test "a slow handshake ends at its deadline and gives everything back" {
	SETTINGS='limits { handshake-time = 0.5 }'
	start_tls
	tls_peer <<-'PY'
	before = descriptors()
	out = ssl.MemoryBIO()
	try:
	    context().wrap_bio(ssl.MemoryBIO(), out,
	                       server_hostname="localhost").do_handshake()
	except ssl.SSLWantReadError:
	    pass
	hello = out.read()
	socks = [connect_tcp(port=TLS_PORT) for _ in range(4)]
	for sock, part in zip(socks, (0, 1, 100, len(hello))):
	    sock.sendall(hello[:part])
	half = TlsSocket()                      # TLS done, its request not
	half.sendall(b"GET / HTTP/1.1\r\n")
	socks[0].settimeout(PATIENCE)
	for sock, part in zip(socks, (0, 1, 100, len(hello))):
	    data = read_to_end(sock)
	    if part != len(hello) and part > 0:
	        eq(data, b"")
	eq(Answer(read_to_end(half)).status, 408)
	half.close()
	eventually(lambda: descriptors() == before, "descriptors are back")
	PY
}

@test "a client cannot renegotiate" {
	start_tls
	tls_peer <<-'PY'
	client = LibSsl(version=0x0303)
	client.switch()
	client.sock.settimeout(None)
	assert client.renegotiate() != 1
	PY
}

@test "who came to speak TLS is not told 503 in plain text" {
	LAUNCH_WITH=(prlimit --nofile=128:128)
	# Places are what there is too little of, not handshakes.
	export WSCHATD_LIMITS_HANDSHAKES=1000
	start_tls
	tls_peer <<-'PY'
	# All places of both workers (descriptors less those for other use).
	held = [TlsSocket() for _ in range(128)]
	sock = connect_tcp(port=TLS_PORT)
	eq(sock.recv(100), b"")
	sock = connect_tcp(port=PORT)
	assert sock.recv(100).startswith(b"HTTP/1.1 503"), "plain"
	PY
}

# -- records ------------------------------------------------------------------

@test "messages that leave in one turn share a record" {
	start_tls
	tls_peer <<-'PY'
	peer = TlsPeer()
	done = len(peer.sock.records)
	peer.send_raw(b"".join(frame(TEXT, f"{n:03d}") for n in range(80)))
	eq([peer.hear_text() for _ in range(80)],
	   [f"{n:03d}" for n in range(80)])
	eq(len(peer.sock.records) - done, 1, "records for 80 messages")
	PY
}

@test "what is a client's own and what is the room's share a record" {
	start_tls
	tls_peer <<-'PY'
	peer = TlsPeer("/chat", use=context(ssl.TLSVersion.TLSv1_2),
	               along=frame(TEXT, "hi"))
	eq(peer.hear_text(), "You are connected! There are 1 users here.")
	eq(peer.hear_text(), "[user0]: hi")
	kind, length = peer.sock.records[-1]
	eq(kind, APPLICATION_DATA)
	# 8 of nonce and 16 of tag; the line alone would have 13.
	assert length > 8 + 16 + 13, "the line has a record of its own"
	PY
}

@test "long messages fill their records" {
	SETTINGS='limits { message-size = "1M" }'
	start_tls
	tls_peer <<-'PY'
	for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
	    peer = TlsPeer(use=context(version))
	    done = len(peer.sock.records)
	    peer.send(BINARY, b"x" * 500000)
	    eq(len(peer.hear_data()[1]), 500000)
	    sizes = [n for _, n in peer.sock.records[done:]]
	    assert min(sizes[:-1]) > 16384 and len(sizes) == 31, sizes
	PY
}

@test "16 MiB come back over TLS, to a slow reader, too" {
	SETTINGS='route "/big" { kind = echo
		limits { message-size = "16M" fragments = 0 message-rate = 0 } }'
	start_tls
	tls_peer <<-'PY'
	import threading
	blob = random.randbytes(1 << 24)
	for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
	    peer = TlsPeer("/big", use=context(version), receive_buffer=8192)
	    peer.send(BINARY, blob)
	    # Nothing was read so far; now in small pieces to begin with.
	    pull = peer.sock._pull
	    left = [300]

	    def slow_pull():
	        if left[0] == 0:
	            return pull()
	        left[0] -= 1
	        data = peer.sock.sock.recv(100)
	        peer.sock._note_records(data)
	        peer.sock.incoming.write(data)
	    peer.sock._pull = slow_pull
	    eq(peer.hear_data(60)[1] == blob, True, "the same bytes")
	    peer.leave()
	PY
}

@test "who talks and does not read gets everything when he does" {
	SETTINGS='limits { message-rate = 0 backlog = "64M" }'
	start_tls
	tls_peer <<-'PY'
	slow = TlsPeer("/chat", receive_buffer=4096)
	slow.hear_text()
	talker = Chatter("/chat")
	want = []
	for n in range(400):
	    text = f"{n:04d} " + "x" * 10000
	    talker.say(text)
	    want.append(f"[user1]: {text}")
	    eq(talker.hear(), want[-1])
	eq([slow.hear_text() for _ in want] == want, True, "all, in order")
	slow.leave()
	PY
}

@test "keys may be updated, by both sides" {
	start_tls
	tls_peer <<-'PY'
	client = LibSsl()
	for asks in False, True, True:
	    eq(client.key_update(asks), 1)
	client.switch()
	client.key_update(True)
	for n in range(3):
	    client.write(frame(TEXT, f"again {n}"))
	    client.key_update(True)
	    data = b""
	    while len(data) < 9:
	        more = client.read()
	        assert more, "ended"
	        data += more
	    eq(data[2:], f"again {n}".encode())
	PY
}

@test "a flood of key updates is too many control frames" {
	SETTINGS='limits { control-burst = 10 control-rate = 1 }'
	start_tls
	tls_peer <<-'PY'
	client = LibSsl()
	client.switch()
	# Less than OpenSSL takes for a flood by itself, which is 32.
	for _ in range(20):
	    if client.key_update(False) != 1:
	        break
	client.sock.settimeout(None)
	data = client.read_to_end()
	eq(data[:1] + data[2:4], b"\x88" + (1008).to_bytes(2, "big"))
	PY
	wait_until grep -q 'why=too-many-controls' "$LOG"
}

# -- the end ------------------------------------------------------------------

@test "our end is a close_notify, and his is an end" {
	start_tls
	tls_peer <<-'PY'
	for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
	    peer = TlsPeer(use=context(version))
	    peer.send_close(1000)
	    eq(peer.hear_frame().opcode, CLOSE)
	    peer.sock.expect_close_notify()
	    sock = TlsSocket(context(version))
	    sock.sendall(plain_head(target="/healthz/live"))
	    eq(Answer(read_to_end(sock)).status, 200)
	    # A request and the end of his side, in one packet.
	    sock = TlsSocket(context(version))
	    sock.tls.write(plain_head(target="/healthz/live"))
	    sock.send_close_notify()
	    eq(Answer(read_to_end(sock)).status, 200)
	    peer = TlsPeer("/chat", use=context(version))
	    peer.hear_text()
	    peer.sock.send_close_notify()
	    peer.sock.expect_close_notify()
	wait_for_users(0)
	PY
}

@test "what was sent before a close_notify counts, however slowly" {
	SETTINGS='limits { message-rate = 50 message-burst = 2 }'
	start_tls
	tls_peer <<-'PY'
	listener = Chatter("/chat")
	talker = TlsPeer("/chat")
	talker.hear_text()
	for n in range(10):
	    talker.sock.tls.write(frame(TEXT, f"{n}"))
	talker.sock.send_close_notify()         # all in one piece
	listener.expect(*[f"[user1]: {n}" for n in range(10)])
	read_to_end(talker.sock.sock)           # and it is the end
	PY
}

@test "a record that was changed on its way is the end" {
	start_tls
	tls_peer <<-'PY'
	peer = TlsPeer()
	peer.sock.tls.write(frame(TEXT, "bad"))
	bad = bytearray(peer.sock.outgoing.read())
	bad[-1] ^= 1
	peer.sock.sock.sendall(bad)
	try:
	    peer.hear_frame()
	    raise AssertionError("no alert")
	except ssl.SSLError as error:
	    assert "BAD_RECORD_MAC" in str(error), error
	PY
}

@test "a reset in every state leaves no descriptor and no member" {
	start_tls
	tls_peer <<-'PY'
	before = descriptors()

	def reset(sock):
	    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
	                    struct.pack("ii", 1, 0))
	    sock.close()

	def hello():
	    out = ssl.MemoryBIO()
	    try:
	        context().wrap_bio(ssl.MemoryBIO(), out,
	                           server_hostname="localhost").do_handshake()
	    except ssl.SSLWantReadError:
	        return out.read()
	for _ in range(5):
	    for part in 0, 1, 3, 200, None:
	        sock = connect_tcp(port=TLS_PORT)
	        data = hello()
	        sock.sendall(data[:part])
	        if part is None:
	            sock.recv(10)
	        reset(sock)
	    reset(TlsSocket().sock)
	    half = TlsSocket()
	    half.sendall(b"GET / HT")
	    reset(half.sock)
	    peer = TlsPeer("/chat")
	    peer.hear_text()
	    peer.sock.sock.sendall(b"\x17\x03\x03\x40\x00half a record")
	    peer.vanish()
	    peer = TlsPeer("/echo")
	    peer.send_raw(frame(TEXT, "half")[:4])
	    peer.vanish()
	    peer = TlsPeer("/echo", receive_buffer=4096)
	    for _ in range(20):                 # more than the socket takes
	        peer.send(TEXT, "x" * 60000)
	    peer.vanish()
	    peer = TlsPeer("/echo")
	    peer.send_close(1000)
	    peer.vanish()
	wait_for_users(0)
	eventually(lambda: descriptors() == before, "descriptors are back")
	PY
}

@test "only workers have the certificates' file, and not for long" {
	start_tls
	for pid in $(worker_pids) $(broker_pid); do
		run ls -l "/proc/$pid/fd"
		refute_output --partial memfd:tls
		run cat "/proc/$pid/maps"
		refute_output --partial memfd:tls
	done
}
