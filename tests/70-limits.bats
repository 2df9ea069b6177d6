#!/usr/bin/env bats
# Overload: what is bounded, and that nobody pays for somebody else.

load lib/common

@test "a slow reader delays nobody and is closed with 1013" {
	start_server -o 'limits { message-rate = 0 backlog = "64K"
	    backlog-time = 600 close-time = 600 }'
	peer <<-'PY'
	slow = Chatter(receive_buffer=4096)
	talker, listener = Chatter(), Chatter()
	for i in range(400):
	    talker.say(f"{i} " + "x" * 8000)
	    for who in talker, listener:
	        assert who.hear().startswith(f"[user1]: {i} ")
	slow.expect_close(1013, skip_data=True)
	wait_for_users(2)
	PY
}

@test "what a slow reader did get is whole and in order" {
	start_server -o 'limits { message-rate = 0 backlog = "64K"
	    close-time = 600 }'
	peer <<-'PY'
	slow, talker = Chatter(receive_buffer=4096), Chatter()
	for i in range(400):
	    talker.say(f"{i} " + "x" * 8000)
	    talker.hear()
	lines = []
	try:
	    while True:
	        lines.append(slow.hear())
	except Closed as closed:
	    eq(closed.code, 1013)
	eq(lines, [f"[user1]: {i} " + "x" * 8000 for i in range(len(lines))])
	assert len(lines) < 400, "was never behind"
	PY
}

@test "or passes over what he has missed, is told what is lost, and stays" {
	start_server -o 'limits { message-rate = 0 backlog = "64K"
	    backlog-skip = yes }'
	peer <<-'PY'
	import json
	V1 = ["Sec-WebSocket-Protocol: wschat.v1"]

	def plain(peer):
	    """The numbers of a line: of a message, or of those lost."""
	    line = peer.hear_text()
	    lost = re.fullmatch(r"\[server::resume\] lost (\d+)-(\d+)", line)
	    return (*map(int, lost.groups()), 1) if lost else \
	        (int(line.split()[1]),) * 2 + (0,)

	def program(peer):
	    event = {"type": "join"}
	    while event["type"] == "join":
	        event = json.loads(peer.hear_text())
	    if event["type"] == "lost":
	        return event["from"], event["to"], 1
	    eq(event["type"], "message")
	    assert event["text"].startswith(f"{event['seq']} "), event["text"][:9]
	    return event["seq"], event["seq"], 0

	talker = Chatter()
	slow = [(Chatter(receive_buffer=4096), plain),
	        (Peer("/chat", fields=V1, receive_buffer=4096), program)]
	eq(json.loads(slow[1][0].hear_text())["type"], "welcome")
	for i in range(1, 401):
	    talker.say(f"{i} " + "x" * 8000)
	    talker.hear()
	for who, read in slow:
	    at = lost = 0
	    while at < 400:
	        first, last, is_lost = read(who)
	        eq(first, at + 1, "the next number")
	        at, lost = last, lost + is_lost
	    assert lost > 0, "was never behind"
	talker.say("401 end")
	for who, read in slow:
	    eq(read(who), (401, 401, 0))
	PY
}

@test "who is behind without progress is closed with 1013" {
	start_server -o 'log-level = debug limits { message-rate = 0 backlog = 0
	    backlog-time = 0.5 }'
	peer "$LOG" <<-'PY'
	slow, talker = Chatter(receive_buffer=4096), Chatter()
	for i in range(100):
	    talker.say("x" * 8000)
	    talker.hear()
	eventually(lambda: "why=backlog" in open(sys.argv[1]).read(),
	           "the line in the log", pause=0.05)
	slow.expect_close(1013, skip_data=True)
	PY
}

@test "who is overtaken by the log is closed with 1013 and heard no rubbish" {
	start_server -o 'log-size = "1M" limits { message-rate = 0 backlog = 0 }'
	peer <<-'PY'
	slow, talker = Chatter(receive_buffer=4096), Chatter()
	texts = [f"{i} " + chr(97 + i % 26) * 30000 for i in range(200)]
	for text in texts:
	    talker.say(text)
	    talker.hear()
	for text in texts:
	    try:
	        slow.expect(f"[user1]: {text}")
	    except Closed as closed:
	        eq(closed.code, 1013)
	        break
	else:
	    raise AssertionError("six megabytes were kept for a slow reader")
	PY
}

@test "a reader that is slow but not stuck is not closed" {
	start_server -o 'limits { message-rate = 0 }'
	peer <<-'PY'
	slow, talker = Chatter(receive_buffer=4096), Chatter()
	for i in range(60):
	    talker.say(f"{i} " + "x" * 8000)
	    talker.hear()
	for i in range(60):
	    assert slow.hear().startswith(f"[user1]: {i} ")
	talker.say("end")
	slow.expect("[user1]: end")
	PY
}

@test "an echo client that does not read is not read from for ever" {
	start_server -o 'limits { message-rate = 0 }'
	peer <<-'PY'
	greedy = Peer("/echo", receive_buffer=4096)
	message = frame(BINARY, b"x" * 65536)
	greedy.sock.settimeout(0.7)
	sent = 0
	try:
	    while sent < 64 << 20:
	        sent += greedy.sock.send(message[sent % len(message):])
	    raise AssertionError("64 MB were taken without a byte read")
	except (socket.timeout, ConnectionResetError, BrokenPipeError):
	    pass
	eq(Chatter().users, 1, "others are served")
	PY
}

@test "who reads no pongs is owed one, the newest" {
	start_server -o 'limits { control-rate = 0 }'
	peer <<-'PY'
	greedy = Peer("/echo", receive_buffer=4096)
	count = 300_000
	greedy.sock.settimeout(10)
	greedy.send_raw(b"".join(frame(PING, b"%d" % i) for i in range(count)))
	heard = []
	while not heard or heard[-1] < count - 1:
	    got = greedy.hear_frame()
	    eq(got.opcode, PONG)
	    heard.append(int(got.payload))
	assert heard == sorted(set(heard)), "order"
	assert len(heard) < count // 2, f"{len(heard)} were kept"
	PY
}

@test "while the broker does not answer, no more than some is read" {
	start_server -o 'limits { message-rate = 0 backlog = 0 }'
	peer <<-'PY'
	who = Chatter()
	broker = broker_pid()
	kill(broker, signal.SIGSTOP)
	line = frame(TEXT, "x" * 1000)
	data, sent = line * 64, 0
	who.sock.settimeout(0.7)
	try:
	    while sent < 64 << 20:
	        sent += who.sock.send(data[sent % len(line):])
	    raise AssertionError("64 MB were taken for a broker that hangs")
	except socket.timeout:
	    pass
	kill(broker, signal.SIGCONT)
	who.sock.settimeout(PATIENCE)
	if sent % len(line):
	    who.send_raw(line[sent % len(line):])
	for _ in range(-(-sent // len(line))):
	    who.expect("[user0]: " + "x" * 1000)
	PY
}

@test "messages beyond the rate are slowed and none is dropped" {
	start_server -o 'limits { message-rate = 20 message-burst = 5 }'
	peer <<-'PY'
	for path in "/echo", "/chat":
	    who = Peer(path) if path == "/echo" else Chatter(path)
	    begin = time.monotonic()
	    for i in range(15):
	        who.send_text(str(i))
	    for i in range(15):
	        assert who.hear_text().endswith(str(i)), "order"
	    took = time.monotonic() - begin
	    assert 0.4 < took < 9, f"{path}: ten beyond the burst took {took:.2f} s"
	PY
}

@test "a burst passes without delay" {
	start_server -o 'limits { message-rate = 1 message-burst = 30 }'
	peer <<-'PY'
	who = Chatter()
	begin = time.monotonic()
	for i in range(30):
	    who.say(str(i))
	for i in range(30):
	    who.expect(f"[user0]: {i}")
	took = time.monotonic() - begin
	assert took < 15, f"took {took:.2f} s"
	PY
}

@test "who floods is slowed, the others are not" {
	start_server -o 'limits { message-rate = 10 message-burst = 5 }'
	peer <<-'PY'
	flooder, other = Chatter(), Chatter()
	for i in range(100):
	    flooder.say("flood")
	eventually(lambda: other.hear() == "[user0]: flood", "the flood")
	other.say("hello")
	before = 0
	while other.hear() != "[user1]: hello":
	    before += 1
	# Of the ninety and more that were still to come, at ten a second.
	assert before < 50, f"{before} lines of the flood came first"
	PY
}

@test "message-rate = 0 switches the limit off" {
	start_server -o 'limits { message-rate = 0 message-burst = 5 }'
	peer <<-'PY'
	who = Chatter()
	begin = time.monotonic()
	who.send_raw(b"".join(frame(TEXT, str(i)) for i in range(2000)))
	for i in range(2000):
	    who.expect(f"[user0]: {i}")
	took = time.monotonic() - begin
	assert took < 40, f"took {took:.2f} s"
	PY
}

@test "a limit may be a route's own" {
	start_server -o 'limits { message-rate = 1 message-burst = 1 }' \
		-o 'route "/echo" { limits { message-rate = 0 } }'
	peer <<-'PY'
	who = Peer("/echo")
	begin = time.monotonic()
	for i in range(20):
	    who.send_text(str(i))
	    eq(who.hear_text(), str(i))
	assert time.monotonic() - begin < 15
	PY
}

@test "an address that says too much is slowed down, and nobody else is" {
	start_server -o 'workers = 3 limits { message-rate = 0 loopback-exempt = no
	    message-rate-per-address = 20 message-burst-per-address = 20 }'
	peer <<-'PY'
	many = [Chatter() for _ in range(6)]
	other = Chatter(source="127.0.0.2")
	begin = time.monotonic()
	# In two goes: what is on its way before the first word of it counts.
	for go in range(2):
	    for i in range(8):
	        for n, who in enumerate(many):
	            who.say(f"{n} {go} {i}")
	    other.say(f"quick {go}")
	    lines = []
	    while f"quick {go}" not in (lines or [""])[-1]:
	        lines.append(other.hear())
	    # The first go may have passed at once; the second waits for a second
	    # and more.
	    assert go == 0 or len(lines) < 40, "another address waited"
	    heard = [line.split(": ")[1] for line in lines[:-1]]
	    while len(heard) < 48:
	        heard.append(other.hear().split(": ")[1])
	    for n in range(6):
	        eq([t for t in heard if t.startswith(f"{n} ")],
	           [f"{n} {go} {i}" for i in range(8)], "nothing is lost")
	took = time.monotonic() - begin
	assert 1.2 < took < 40, f"96 messages took {took:.1f} s"
	PY
}

# One read brought a thousand lines of a client without a rate of its own, all
# of which were said before its address could be slowed down.
@test "nor does it say a read of each client at once, without their own rate" {
	start_server -w 2 -o 'limits { message-rate = 0 loopback-exempt = no
	    message-rate-per-address = 200 message-burst-per-address = 50 }'
	peer <<-'PY'
	many = [Chatter() for _ in range(4)]
	other = Chatter(source="127.0.0.2")
	begin = time.monotonic()
	for n, who in enumerate(many):
	    who.sock.sendall(b"".join(frame(TEXT, f"{n} {i}")
	                              for i in range(1000)))
	heard = [other.hear().split(": ")[1] for _ in range(400)]
	took = time.monotonic() - begin
	# Four bursts, a line of each at every going on, and then the rate.
	assert took > 0.7, f"400 messages took {took:.2f} s"
	for n in range(4):
	    mine = [t for t in heard if t.startswith(f"{n} ")]
	    eq(mine, [f"{n} {i}" for i in range(len(mine))], "nothing is lost")
	PY
}

@test "who waits for his rate goes on when a reload takes it away" {
	write_config <<<'limits { message-rate = 1 message-burst = 2 }'
	start_server
	peer "$CONFIG" <<-'PY'
	who = Chatter()
	for i in range(40):
	    who.say(str(i))
	who.expect("[user0]: 0", "[user0]: 1")
	text = open(sys.argv[1]).read()
	open(sys.argv[1], "w").write(text.replace("rate = 1 ", "rate = 0 "))
	os.kill(SERVER_PID, signal.SIGHUP)
	begin = time.monotonic()
	who.expect(*[f"[user0]: {i}" for i in range(2, 40)])
	assert time.monotonic() - begin < 20
	PY
}

@test "too many connections from one address are 503 with Retry-After" {
	start_server -o 'limits { connections-per-address = 3 loopback-exempt = no }'
	peer <<-'PY'
	room = [Chatter() for _ in range(3)]
	for refused in get("/healthz/live"), request(upgrade_head("/chat")):
	    eq(refused.status, 503)
	    assert int(refused.field("Retry-After")) > 0, refused.fields
	eq(request(plain_head(), source="127.0.0.2").status, 200,
	   "another address")
	room.pop().leave()
	room.append(eventually(try_join, "the place of who left"))
	PY
}

@test "connections of this machine are not counted by address unless asked" {
	start_server -o 'limits { connections-per-address = 3 }'
	peer <<-'PY'
	room = [Chatter() for _ in range(8)]
	eq(room[-1].users, 8)
	PY
}

@test "too many connections in all are 503 with Retry-After" {
	start_server -o 'limits { connections = 4 }'
	peer <<-'PY'
	room = [Chatter() for _ in range(4)]
	refused = request(upgrade_head("/chat"))
	eq(refused.status, 503)
	assert int(refused.field("Retry-After")) > 0, refused.fields
	room[0].vanish()
	eventually(try_join, "the place of who vanished")
	PY
}

@test "running out of descriptors neither ends nor spins the server" {
	LAUNCH_WITH=(prlimit --nofile=160:160)
	start_server
	peer <<-'PY'
	def ticks():
	    total = 0
	    for pid in [SERVER_PID, *procs()]:
	        fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
	        total += int(fields[11]) + int(fields[12])
	    return total
	before = set(procs())
	crowd = []
	for _ in range(400):
	    sock = connect_tcp()
	    sock.sendall(upgrade_head("/chat"))
	    crowd.append(sock)
	members = sum(1 for sock in crowd
	              if select.select([sock], [], [], 0.02)[0]
	              and b" 101 " in sock.recv(4096)[:20])
	assert members > 20, f"only {members} were let in"
	def rests():
	    used = ticks()
	    time.sleep(0.3)
	    return ticks() - used < 15
	eventually(rests, "less than half of a CPU in use", pause=0)
	for sock in crowd:
	    sock.close()
	eventually(try_join, "a place").leave()
	wait_for_users(0)
	eq(set(procs()), before, "the children")
	PY
}

@test "half heads of many keep nobody out" {
	start_server -o 'limits { handshake-time = 600 }'
	peer <<-'PY'
	crowd = [connect_tcp() for _ in range(300)]
	for sock in crowd:
	    sock.sendall(b"GET /chat HTTP/1.1\r\nHost: ")
	who = Chatter()
	who.say("through")
	who.expect("[user0]: through")
	PY
}

@test "handshakes over the bound are dropped, and none that is done" {
	start_server -w 1 -o 'limits { handshakes = 20 handshake-time = 600 }'
	peer "$LOG" <<-'PY'
	first = Chatter()
	crowd = [connect_tcp() for _ in range(100)]
	for sock in crowd:
	    try:
	        sock.sendall(b"GET /chat HTTP/1.1\r\nHost: ")
	    except OSError:
	        pass	# dropped already
	def left():
	    poll = select.poll()
	    for sock in crowd:
	        poll.register(sock, select.POLLIN)
	    return len(crowd) - len(poll.poll(0))
	eventually(lambda: left() == 20, "as many as there may be", pause=0.02)
	room = [Chatter() for _ in range(30)]
	first.say("through")
	for who in first, *room:
	    who.expect("[user0]: through")
	assert left() < 20, "nobody made place"
	assert "too-many-handshakes" in open(sys.argv[1]).read()
	PY
}

@test "an address that fails handshakes is refused for a time, told once" {
	start_server -o 'limits { loopback-exempt = no penalty-handshake = 10
	    penalty-max = 23 }'
	peer "$LOG" <<-'PY'
	there = Chatter()
	for _ in range(3):
	    eq(request(b"rubbish\r\n\r\n").status, 400)
	eventually(lambda: request(plain_head()).status == 503, "a refusal")
	eq(request(plain_head(), source="127.0.0.2").status, 200)
	there.say("still here")
	there.expect("[user0]: still here")
	eventually(lambda: request(plain_head()).status == 200, "forgiveness")
	log = open(sys.argv[1]).read()
	eq(log.count('"address refused for a time" address=127.0.0.1'), 1)
	assert "why=failed-handshakes" in log
	PY
}

@test "but not when it was not heard for want of a broker" {
	start_server -w 1 -o 'limits { message-rate = 0 backlog = 0
	    message-rate-per-address = 0 handshake-time = 1
	    loopback-exempt = no penalty-handshake = 60 }'
	peer <<-'PY'
	who = Chatter()
	broker = broker_pid()
	kill(broker, signal.SIGSTOP)
	who.sock.settimeout(0.7)
	data = frame(TEXT, "x" * 1000) * 64
	try:
	    for _ in range(1000):
	        who.sock.sendall(data)
	    raise AssertionError("all was taken for a broker that hangs")
	except socket.timeout:
	    pass
	eq(request(plain_head(), source="127.0.0.2").status, 408)
	try:
	    kill(broker, signal.SIGCONT)
	except ProcessLookupError:
	    pass	# who does not answer for long is killed
	eventually(lambda: request(plain_head()).status == 200, "an answer")
	eq(request(plain_head(), source="127.0.0.2").status, 200)
	PY
}

@test "nor when it said nothing at all, as browsers do" {
	start_server -o 'limits { handshake-time = 1 loopback-exempt = no
	    penalty-handshake = 60 }'
	peer <<-'PY'
	eq(request(b"", source="127.0.0.2").status, 408)
	eq(request(plain_head(), source="127.0.0.2").status, 200)
	eq(request(b"GET /", source="127.0.0.2").status, 408)
	eventually(lambda: request(plain_head(), source="127.0.0.2").status == 503,
	           "a refusal")
	PY
}

@test "who alone was on a worker that crashed is refused for a time" {
	LAUNCH_WITH=(prlimit --core=0)
	start_server -w 1 -o 'limits { loopback-exempt = no penalty-crash = 30
	    penalty-max = 23 }'
	peer "$LOG" <<-'PY'
	alone = Chatter(source="127.0.0.2")
	[worker] = [pid for pid, name in procs().items() if "worker" in name]
	os.kill(worker, signal.SIGABRT)
	eventually(lambda: "why=crashes" in open(sys.argv[1]).read(), "a line")
	eq(request(plain_head(), source="127.0.0.2").status, 503)
	eventually(lambda: request(plain_head()).status == 200, "a worker")
	eventually(lambda: request(plain_head(), source="127.0.0.2").status == 200,
	           "forgiveness")
	PY
	# This death was wanted.
	sed -i '/msg=died .* signal=6/d' "$LOG"
}

# Starts the server with its errors going to a pipe that is read up to the
# line with the port and no further, and fills what room the pipe has left.
start_server_on_full_pipe()
{
	local line

	SERVER_STDERR=$DIR/pipe
	mkfifo "$SERVER_STDERR"
	exec 8<>"$SERVER_STDERR"
	launch_server -c "$CONFIG" -l 127.0.0.1:0 -o 'log-level = debug'
	while read -r -t "$PATIENCE" -u 8 line; do
		[[ $line =~ listening\ on\ http://127.0.0.1:([0-9]+) ]] && break
	done
	PORT=${BASH_REMATCH[1]}
	wait_until server_ready
	"$PYTHON" - "$SERVER_STDERR" <<-'PY'
	import os, sys
	pipe = os.open(sys.argv[1], os.O_WRONLY | os.O_NONBLOCK)
	for size in 4096, 1:
	    try:
	        while True:
	            os.write(pipe, b"\n" * size)
	    except BlockingIOError:
	        pass
	PY
}

@test "a log pipe that nobody reads stalls nothing" {
	start_server_on_full_pipe
	peer <<-'PY'
	begin = time.monotonic()
	for i in range(50):
	    a, b = Chatter(), Chatter()
	    a.say("hello")
	    assert b.hear().endswith(": hello")
	    a.send(0x3, b"")
	    a.expect_close(1002, skip_data=True)
	    b.vanish()
	took = time.monotonic() - begin
	assert took < 40, f"took {took:.1f} s"
	kill(broker_pid())
	wait_for_users(0)
	PY
	stop_server
	assert_equal "$SERVER_STATUS" 0
	exec 8>&-
}

@test "lines that a full log pipe lost are counted in it" {
	start_server_on_full_pipe
	# Lose some lines, make room, let more happen, and read what it says.
	peer "$SERVER_STDERR" "$LOG" <<-'PY'
	for _ in range(4):
	    Chatter().leave()
	pipe = os.open(sys.argv[1], os.O_RDONLY | os.O_NONBLOCK)
	text = b""

	def lost_lines_are_told():
	    global text
	    Chatter().leave()
	    try:
	        while True:
	            text += os.read(pipe, 65536).lstrip(b"\n")
	    except BlockingIOError:
	        return b"log lines lost" in text
	eventually(lost_lines_are_told, "the count")
	open(sys.argv[2], "wb").write(text)
	PY
	grep -qE 'msg="log lines lost" lines=[1-9]' "$LOG"
	exec 8>&-
}

@test "a log pipe whose reader is gone ends nothing" {
	SERVER_STDERR=$DIR/pipe
	mkfifo "$SERVER_STDERR"
	exec 8<>"$SERVER_STDERR"
	launch_server -c "$CONFIG" -l 127.0.0.1:0 -o 'log-level = debug'
	while read -r -t "$PATIENCE" -u 8 line; do
		[[ $line =~ listening\ on\ http://127.0.0.1:([0-9]+) ]] && break
	done
	PORT=${BASH_REMATCH[1]}
	wait_until server_ready
	exec 8>&-
	peer <<-'PY'
	for _ in range(5):
	    who = Chatter()
	    who.leave()
	kill(worker_pids()[0])
	eventually(lambda: len(worker_pids()) == 2 and ready(), "a new worker")
	wait_for_users(0)
	PY
	stop_server
	assert_equal "$SERVER_STATUS" 0
}
