#!/usr/bin/env bats
# The log: its two forms, the journal's priorities, what must not stand in it.

load lib/common

# logged <SCRIPT: as python, with lines(), the log's lines.
logged()
{
	{
		cat <<-'PY'
		import json, re, os
		from wsproto import *
		def lines():
		    return open(os.environ["LOG"], "rb").read().splitlines()
		PY
		cat
	} >"$DIR/script.py"
	LOG=$LOG python "$DIR/script.py"
}

# Requests that are refused, with everything in them that a stranger may send.
rude()
{
	logged <<-'PY'
	def ask(bytes_):
	    s = socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))
	    s.sendall(bytes_)
	    while s.recv(4096):
	        pass
	    s.close()
	ask(b'GET /\xff"\\\x1b[2J=a%20b?token=SECRET HTTP/1.1\r\n'
	    b'Host: x\r\n\r\n')
	ask(b'GET /no?resume=SECRET HTTP/1.1\r\nHost: x\r\n'
	    b'Connection: Upgrade\r\nUpgrade: websocket\r\n'
	    b'Sec-WebSocket-Version: 13\r\n'
	    b'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
	    b'Cookie: wschat=SECRET\r\n'
	    b'Sec-WebSocket-Protocol: wschat.v1, wschat.resume.SECRET\r\n\r\n')
	PY
}

@test "each line is a JSON object where that is wanted" {
	start_server -o 'log-format = json' -o 'log-level = debug'
	rude
	logged <<-'PY'
	objects = [json.loads(line) for line in lines()]
	for o in objects:
	    eq(list(o)[:3], ["time", "level", "proc"])
	    if "conn" in o:
	        eq((list(o)[3], type(o["conn"])), ("conn", int))
	refused = [o for o in objects if o["msg"] == "refused"]
	assert refused, objects
	assert any(o.get("why") == "unknown-route" and
	    o["address"].startswith("127.0.0.1:") for o in refused), refused
	assert not any(b"SECRET" in line for line in lines())
	assert not any(byte < 32 or byte > 126 for line in lines()
	    for byte in line)
	PY
}

@test "a reload changes the form" {
	start_server
	echo 'log-format = json' >>"$CONFIG"
	kill -HUP "$SERVER_PID"
	wait_until grep -q '"msg":"reloaded"' "$LOG"
	logged <<-'PY'
	first, last = lines()[0], lines()[-1]
	assert first.startswith(b"time="), first
	eq(json.loads(last)["proc"], "parent")
	PY
}

@test "one event is one line of printable bytes, without queries and tokens" {
	start_server -o 'log-level = debug'
	rude
	logged <<-'PY'
	form = re.compile(rb'time=[0-9-]{10}T[0-9:.]{12}Z level=(error|warning|'
	    rb'info|debug) proc=[a-z]+(\[\d+\])?( conn=\d+)? msg=("[^"]+"|[^ "]+)'
	    rb'( [a-z_]+=("[^"]*"|[^ "]*))*')
	for line in lines():
	    assert form.fullmatch(line), line
	assert not any(b"SECRET" in line for line in lines())
	assert any(b"why=unknown-route" in line for line in lines())
	PY
}

# The journal's socket is played: a stream whose device and inode the server
# finds in JOURNAL_STREAM.
@test "lines have priorities when the journal reads them, and only then" {
	cat >journal.py <<-'PY'
	import os, socket, subprocess, sys
	ours, theirs = socket.socketpair()
	st = os.fstat(theirs.fileno())
	wrong = int(sys.argv[1])
	env = dict(os.environ,
	    JOURNAL_STREAM=f"{st.st_dev}:{st.st_ino + wrong}")
	server = subprocess.Popen(sys.argv[2:], stderr=theirs, env=env)
	theirs.close()
	text = b""
	while text.count(b"msg=ready") < 3:
	    text += ours.recv(65536)
	server.terminate()
	while piece := ours.recv(65536):
	    text += piece
	server.wait()
	sys.stdout.buffer.write(text)
	PY
	run python journal.py 0 "$WSCHATD" -c "$CONFIG" -l 127.0.0.1:0 \
		-o 'log-level = debug'
	assert_success
	for line in "${lines[@]}"; do
		[[ $line =~ ^\<3\>.*level=error || $line =~ ^\<4\>.*level=warning ||
			$line =~ ^\<6\>.*level=info || $line =~ ^\<7\>.*level=debug ]]
	done
	run python journal.py 1 "$WSCHATD" -c "$CONFIG" -l 127.0.0.1:0
	assert_success
	for line in "${lines[@]}"; do
		[[ $line == time=* ]]
	done
}
