#!/usr/bin/env bats
# How the server ends, in good order and otherwise.

load lib/common

# Clients on every route wait; the signal comes; each must hear 1001.
end_with()
{
	start_server
	peer "$1" <<-'PY'
	clients = [Peer("/echo"), Chatter(), Chatter("/chat/room"), Chatter()]
	os.kill(SERVER_PID, getattr(signal, sys.argv[1]))
	for client in clients:
	    client.expect_close(1001, skip_data=True)
	PY
	wait_server
	assert_equal "$SERVER_STATUS" 0
}

@test "on SIGTERM clients get 1001 and the server exits with 0" {
	end_with SIGTERM
}

@test "on SIGINT clients get 1001 and the server exits with 0" {
	end_with SIGINT
}

@test "on SIGTERM no process is left and the port is free" {
	start_server
	stop_server TERM
	assert_equal "$SERVER_STATUS" 0
	assert session_empty "${SESSIONS[0]}"
	launch_server -c "$CONFIG" -l "127.0.0.1:$PORT"
	await_server
}

@test "SIGTERM right at the start ends the server, too" {
	for delay in 0 0.01 0.03; do
		launch_server -c "$CONFIG" -l 127.0.0.1:0
		sleep "$delay"
		kill -TERM "$SERVER_PID"
		wait_until server_gone
		wait "$SERVER_PID" || [[ $? == 143 ]]
		wait_until session_empty "$SERVER_PID"
	done
	SERVER_PID=
}

@test "a client that does not answer the close is not waited for longer" {
	start_server -o 'limits { close-time = 0.5 }'
	peer <<-'PY'
	mute = Chatter()
	os.kill(SERVER_PID, signal.SIGTERM)
	mute.expect_close(1001, answer=False)
	mute.expect_end()
	PY
	wait_server
	assert_equal "$SERVER_STATUS" 0
}

@test "a second signal ends the server at once" {
	start_server -o 'drain-time = 60'
	peer <<-'PY'
	client = Chatter()
	os.kill(SERVER_PID, signal.SIGTERM)
	eventually(lambda: "msg=stopping" in open("log").read(), "stopping")
	assert worker_pids(), "nobody drains"
	asked = time.monotonic()
	eventually(lambda: time.monotonic() > asked + 0.15, "another signal")
	os.kill(SERVER_PID, signal.SIGTERM)
	client.expect_end()	# without a close frame
	PY
	wait_until server_gone
}

# timeout(1) signals its child and then its own group, which has the child.
@test "one wish to end that comes twice is no second signal" {
	start_server
	peer <<-'PY'
	os.kill(SERVER_PID, signal.SIGTERM)
	os.kill(SERVER_PID, signal.SIGINT)
	PY
	wait_server
	assert_equal "$SERVER_STATUS" 0
}

@test "a connection that has sent no head does not hold up the end" {
	start_server -o 'limits { handshake-time = 600 }'
	peer <<-'PY'
	idle = [connect_tcp() for _ in range(3)]
	idle[1].sendall(b"GET /chat HTT")
	Chatter()
	os.kill(SERVER_PID, signal.SIGTERM)
	for sock in idle:
	    read_to_end(sock)
	PY
	wait_server
	assert_equal "$SERVER_STATUS" 0
}

@test "a client that does not read does not hold up the end" {
	start_server -o 'limits { close-time = 0.5 message-rate = 0 }'
	peer <<-'PY'
	deaf = Chatter(receive_buffer=2048)
	talker = Chatter()
	for _ in range(8):
	    talker.say("x" * 60000)
	    talker.hear()
	os.kill(SERVER_PID, signal.SIGTERM)
	eventually(lambda: not procs(), "the children's end")
	PY
	wait_server
	assert_equal "$SERVER_STATUS" 0
	refute grep -q msg=killed "$LOG"	# for not ending
}

@test "nobody is let in while the server ends" {
	start_server -o 'limits { close-time = 3 }'
	peer <<-'PY'
	mute = Chatter()
	os.kill(SERVER_PID, signal.SIGTERM)
	mute.expect_close(1001, answer=False)
	try:
	    answer = request(upgrade_head("/chat"))
	    assert answer.status == 503, answer.status
	except (ConnectionRefusedError, ConnectionResetError, AssertionError) as e:
	    assert "no whole answer" in str(e) or isinstance(e, OSError), e
	mute.sock.close()
	PY
}

@test "when the parent is killed its children end at once" {
	start_server
	peer <<-'PY'
	clients = [Peer("/echo"), Chatter(), Chatter()]
	children = procs()
	eq(len(children), 3)
	os.kill(SERVER_PID, signal.SIGKILL)
	for client in clients:
	    while client.hear_frame() is not None:
	        pass
	def is_there(pid):
	    try:
	        with open(f"/proc/{pid}/stat") as file:
	            return file.read().rpartition(")")[2].split()[0] not in "ZX"
	    except (FileNotFoundError, ProcessLookupError):
	        return False
	# Not only when somebody loses patience with them, after five seconds.
	eventually(lambda: not any(map(is_there, children)),
	           "the children's end", 4)
	PY
	wait_until server_gone
	wait "$SERVER_PID" || assert_equal $? 137
	SERVER_PID=
	launch_server -c "$CONFIG" -l "127.0.0.1:$PORT"
	await_server
}

@test "a signal to the whole group ends the server in good order" {
	start_server
	peer <<-'PY'
	client = Chatter()
	os.killpg(SERVER_PID, signal.SIGINT)
	client.expect_close(1001)
	PY
	wait_server
	assert_equal "$SERVER_STATUS" 0
	refute grep -q 'msg=died' "$LOG"
}
