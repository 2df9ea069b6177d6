#!/usr/bin/env bats
# How clients go when the server stops: all at once or spread, each told when
# to come back, none without what was said before.

load lib/common

@test "what was said last reaches everybody before the close" {
	start_server -w 4
	peer <<-'PY'
	people = [Chatter() for _ in range(40)]
	last = [f"{i} says goodbye" for i in range(len(people))]
	for person, text in zip(people, last):
	    person.say(text)
	os.kill(SERVER_PID, signal.SIGTERM)
	for person in people:
	    heard = set()
	    try:
	        while True:
	            heard.add(person.hear().partition(": ")[2])
	    except Closed as e:
	        eq(e.code, 1001)
	    eq(heard, set(last), "what was heard")
	PY
	wait_server
	assert_equal "$SERVER_STATUS" 0
}

@test "who is behind gets what he is owed before the close" {
	start_server -o 'limits { message-rate = 0 }'
	peer <<-'PY'
	slow, talker = Chatter(receive_buffer=4096), Chatter()
	for i in range(20):
	    talker.say(f"{i} " + "x" * 4000)
	for i in range(20):
	    talker.hear()
	os.kill(SERVER_PID, signal.SIGTERM)
	for i in range(20):
	    assert slow.hear().startswith(f"[user1]: {i} "), i
	slow.expect_close(1001)
	PY
	wait_server
	assert_equal "$SERVER_STATUS" 0
}

@test "with drain-time he has all of it to catch up" {
	start_server -o 'drain-time = 6' -o 'limits { message-rate = 0 }' -w 1
	peer <<-'PY'
	slow, second, talker = Chatter(receive_buffer=4096), Chatter(), Chatter()
	for i in range(50):
	    talker.say(f"{i} " + "x" * 4000)
	for i in range(50):
	    talker.hear()
	os.kill(SERVER_PID, signal.SIGTERM)
	# The first would have been closed before the second.
	second.expect_close(1001, skip_data=True)
	for i in range(50):
	    assert slow.hear().startswith(f"[user2]: {i} "), i
	slow.expect_close(1001)
	PY
	wait_server
	assert_equal "$SERVER_STATUS" 0
}

@test "the reason says when to come back" {
	start_server
	peer <<-'PY'
	people = [Chatter(), Peer("/echo")]
	os.kill(SERVER_PID, signal.SIGTERM)
	for person in people:
	    eq(person.expect_close(1001), "the server stops; come back in 1 s")
	PY
	wait_server
}

@test "each client has its own delay within return-time" {
	start_server -o 'return-time = 100'
	peer <<-'PY'
	people = [Peer("/echo") for _ in range(50)]
	os.kill(SERVER_PID, signal.SIGTERM)
	reasons = [person.expect_close(1001) for person in people]
	delays = [int(re.fullmatch(r"the server stops; come back in (\d+) s",
	    reason)[1]) for reason in reasons]
	assert all(1 <= delay <= 100 for delay in delays), delays
	assert len(set(delays)) > 15, delays
	PY
	wait_server
}

@test "with drain-time the closings are spread over it" {
	start_server -o 'drain-time = 3'
	peer <<-'PY'
	people = [Chatter() for _ in range(20)]
	begin = time.monotonic()
	os.kill(SERVER_PID, signal.SIGTERM)
	closed, waiting = [], list(people)
	while waiting:
	    able, _, _ = select.select([p.sock for p in waiting], [], [], PATIENCE)
	    assert able, "nobody is closed"
	    for sock in able:
	        person = next(p for p in waiting if p.sock is sock)
	        person.expect_close(1001)
	        closed.append(time.monotonic() - begin)
	        waiting.remove(person)
	eventually(lambda: not procs(), "the end")
	# None is early, and they are not closed all together: the two workers
	# spread theirs alike.  How late one is depends on the machine.
	for n, t in enumerate(closed):
	    assert t >= 3 * (n // 2) / 10, closed
	assert closed[-1] - closed[0] > 1, closed
	PY
	wait_server
	assert_equal "$SERVER_STATUS" 0
}

@test "while it drains those who are left still talk, and nobody is let in" {
	start_server -o 'drain-time = 4' -w 1
	peer <<-'PY'
	people = [Chatter() for _ in range(2)]
	early = connect_tcp(), connect_tcp()
	early[0].sendall(upgrade_head("/chat")[:20])
	early[1].sendall(plain_head(target="/healthz/ready")[:10])
	wait_for_users(2)
	os.kill(SERVER_PID, signal.SIGTERM)
	def refused():
	    try:
	        connect_tcp().close()
	    except ConnectionRefusedError:
	        return True
	eventually(refused, "closed listeners")
	people[0].say("still here")
	for person in people:
	    while not person.hear().endswith(": still here"):
	        pass
	# Who came before may ask, and is told.
	for sock, head in zip(early, (upgrade_head("/chat")[20:],
	        plain_head(target="/healthz/ready")[10:])):
	    sock.sendall(head)
	    answer = Answer(read_to_end(sock))
	    eq(answer.status, 503)
	    assert answer.field("Retry-After"), answer
	for person in people:
	    person.expect_close(1001, skip_data=True)
	PY
	wait_server
	assert_equal "$SERVER_STATUS" 0
}

@test "drain-code 1012 says to come back when the drain is over" {
	start_server -o 'drain-time = 3 drain-code = 1012' -w 1
	peer <<-'PY'
	people = [Chatter() for _ in range(2)]
	begin = time.monotonic()
	os.kill(SERVER_PID, signal.SIGTERM)
	delays = []
	for person in people:
	    match = re.fullmatch(r"the server restarts; come back in (\d+) s",
	        person.expect_close(1012, skip_data=True))
	    delays.append(int(match[1]))
	    back = time.monotonic() - begin + delays[-1]
	    assert back >= 3, f"back {back:.1f} s after the signal"
	assert delays[0] <= 4 and delays[1] == 1, delays
	PY
	wait_server
	assert_equal "$SERVER_STATUS" 0
}

@test "a broker that dies while the server drains is replaced" {
	start_server -o 'drain-time = 4' -w 1
	peer <<-'PY'
	people = [Chatter() for _ in range(2)]
	os.kill(SERVER_PID, signal.SIGTERM)
	kill(broker_pid())
	people[1].say("after its death")
	for person in people:
	    while not person.hear().endswith(": after its death"):
	        pass
	for person in people:
	    person.expect_close(1001, skip_data=True)
	PY
	wait_server
	assert_equal "$SERVER_STATUS" 0
}

@test "a client that does not answer the close holds the end up by 1 s at most" {
	start_server -o 'limits { close-time = 60 }'
	peer <<-'PY'
	mute = Chatter()
	begin = time.monotonic()
	os.kill(SERVER_PID, signal.SIGTERM)
	mute.expect_close(1001, answer=False)
	eventually(lambda: not procs(), "the end")
	# A second, and what a busy machine adds; after five it would be killed.
	took = time.monotonic() - begin
	assert took < 4, f"took {took:.2f} s"
	PY
	wait_server
	assert_equal "$SERVER_STATUS" 0
}

@test "wschat waits as long as it was told" {
	start_server
	mkfifo "$DIR/in"
	"${WSCHAT:-${WSCHATD%d}}" --expect never "ws://127.0.0.1:$PORT/chat" \
		<"$DIR/in" >"$DIR/out" 2>"$DIR/notes" 3>&- &
	local client=$!
	exec 7>"$DIR/in"
	echo 'anybody here?' >&7
	wait_until grep -q 'anybody here' "$DIR/out"
	stop_server
	wait_until grep -q 'come back in 1 s.*next attempt in [1-9]' \
		"$DIR/notes"
	exec 7>&-
	kill "$client"
	wait "$client" || true
}
