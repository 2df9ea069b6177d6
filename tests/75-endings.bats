#!/usr/bin/env bats
# Connections that end in every state and in every way leave nothing behind: no
# descriptor, no memory, no place in a room, none of those an address may have.

load lib/common

# endings ROUNDS WAY...: each state ended in these ways, over and over.  The times are
# so short that whoever stays is ended.
endings()
{
	SITE=$DIR/site
	mkdir "$SITE"
	head -c 1000000 /dev/urandom >"$SITE/large.png"
	write_config <<-'EOF'
	accept-then-close = yes
	limits { handshake-time = 0.6 message-time = 0.6 close-time = 0.6
	    ping-interval = 0.6 ping-timeout = 0.6 backlog-time = 0.6
	    message-rate = 0 connections-per-address = 150
	    penalty-handshake = 0 loopback-exempt = no }
	EOF
	# What is freed goes back to the system, so that it can be measured.
	LAUNCH_WITH=(env MALLOC_MMAP_THRESHOLD_=8192 MALLOC_TRIM_THRESHOLD_=4096)
	start_server
	peer "$(sanitized && echo sanitized)" "$@" <<-'PY'
	sanitized, rounds = sys.argv[1] != "", int(sys.argv[2])
	endings = sys.argv[3:]
	half_a_message = frame(TEXT, "half", fin=False)

	def bytewise(sock, data):
	    try:
	        for at in range(len(data)):
	            sock.sendall(data[at:at + 1])
	    except (BrokenPipeError, ConnectionResetError):
	        pass

	def nothing():
	    return connect_tcp()

	def part_of_a_head():
	    sock = connect_tcp()
	    bytewise(sock, upgrade_head("/chat")[:60])
	    return sock

	def an_answer_unread():
	    sock = connect_tcp(receive_buffer=4096)
	    sock.sendall(plain_head(target="/large.png"))
	    sock.recv(1)
	    return sock

	def a_refusal():
	    sock = connect_tcp()
	    bytewise(sock, plain_head(target="/nowhere") + b"x" * 9)
	    return sock

	def accepted_to_be_closed():
	    return Peer("/nowhere").sock

	def opened(path="/chat", data=b"", **how):
	    sock = Peer(path, **how).sock
	    bytewise(sock, data)
	    return sock

	def greeted():
	    return Chatter().sock

	def echo_unread():
	    sock = Peer("/echo", receive_buffer=4096).sock
	    sock.settimeout(0.05)
	    try:
	        for _ in range(30):
	            sock.sendall(frame(BINARY, b"x" * 60000))
	    except (socket.timeout, ConnectionResetError, BrokenPipeError):
	        pass
	    return sock

	states = [
	    nothing, part_of_a_head, an_answer_unread, a_refusal,
	    accepted_to_be_closed, opened, greeted, echo_unread,
	    lambda: opened("/echo"),
	    lambda: opened(data=frame(TEXT, "said")),
	    lambda: opened(data=frame(TEXT, "not all")[:3]),
	    lambda: opened(data=frame(TEXT, "x" * 300)[:200]),
	    lambda: opened("/echo", data=half_a_message),
	    lambda: opened("/echo", data=half_a_message + frame(PING, b"x")[:4]),
	    lambda: opened(data=frame(0x3, b"wrong")),
	    lambda: opened(data=frame(TEXT, b"\xff")),
	    lambda: opened(data=frame(CLOSE, close_payload(1000))),
	    lambda: opened(along=frame(TEXT, "early") + half_a_message)]

	def end_reset(sock):
	    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
	                    struct.pack("ii", 1, 0))
	    sock.close()

	def end_close(sock):
	    sock.close()

	def end_half(sock):
	    try:
	        sock.shutdown(socket.SHUT_WR)
	    except OSError:
	        pass

	def end_never(sock):
	    pass

	def descriptors():
	    return {title: len(os.listdir(f"/proc/{pid}/fd"))
	            for pid, title in procs().items()} | {
	        "parent": len(os.listdir(f"/proc/{SERVER_PID}/fd"))}

	def kilobytes():
	    total = 0
	    for pid in [SERVER_PID, *procs()]:
	        with open(f"/proc/{pid}/status") as file:
	            total += int(re.search(r"RssAnon:\s*(\d+)", file.read())[1])
	    return total

	def storm(ending, rounds):
	    end = globals()["end_" + ending]
	    for _ in range(rounds):
	        socks = [state() for state in states for _ in range(7)]
	        for sock in socks:
	            end(sock)
	        # By limits of one second at most, and what a machine adds.
	        eventually(lambda: descriptors() == before, f"{ending}: none left",
	                   60)
	        for sock in socks:
	            sock.close()

	def connections():
	    """The server's ends that a process of it still holds."""
	    with open("/proc/net/tcp") as file:
	        rows = [line.split() for line in file][1:]
	    return [row for row in rows if row[1].endswith(f":{PORT:04X}")
	            and row[3] != "0A" and row[9] != "0"]

	wait_for_users(0)
	eventually(lambda: not connections(), "who asked is gone")
	before = descriptors()
	eq(len(before), 4, "processes")
	for ending in endings:
	    storm(ending, 1)
	first = kilobytes()
	for ending in endings:
	    storm(ending, rounds)
	grown = kilobytes() - first
	assert sanitized or grown < 400, f"{grown} KB more"
	wait_for_users(0)
	# Whoever was not taken off a list would leave less room for these; while
	# they come, however slowly, none is pinged.
	with open("wschatd.conf", "a") as file:
	    file.write("limits { ping-interval = 0 }\n")
	os.kill(SERVER_PID, signal.SIGHUP)
	eventually(lambda: "msg=reloaded" in open("log").read(), "the reload")
	room = [Chatter() for _ in range(140)]
	eq(room[-1].users, 140)
	for who in room:
	    who.vanish()
	wait_for_users(0)
	eventually(lambda: descriptors() == before, "no descriptor more")
	PY
	stop_server
	assert_equal "$SERVER_STATUS" 0
	grep -q 'msg=stopping .*connections=0' "$LOG"
}

@test "clients that reset in any state leave nothing behind" {
	endings 20 reset
}

@test "clients that close or half close in any state leave nothing behind" {
	endings 3 close half
}

@test "clients that stay and read nothing in any state leave nothing behind" {
	endings 3 never
}
