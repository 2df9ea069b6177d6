#!/usr/bin/env bats
# spawn = connection: a worker for each connection, and all the rest as with a
# pool of them.

load lib/common

: "${WSCHATCTL:=${WSCHATD%/*}/wschatctl}"
[[ $WSCHATCTL == /* ]] || WSCHATCTL=$(realpath -- "$WSCHATCTL")

start_spawning()
{
	start_server -o 'spawn = connection' "$@"
}

# descriptors PID: how many are open.
descriptors()
{
	find "/proc/$1/fd" -mindepth 1 | wc -l
}

# Not even one that has ended and was not waited for.
no_workers()
{
	[[ $(pgrep -P "$SERVER_PID") == "$(broker_pid)" ]]
}

descriptors_are()
{
	[[ "$(descriptors "$SERVER_PID") $(descriptors "$(broker_pid)")" == \
		"$1" ]]
}

@test "what is tested of rooms and lines holds with a worker for each" {
	SPAWN=connection run timeout 500 bats --tap "$TESTS/40-chat.bats"
	assert_success
	assert_line --regexp '^ok 30 '
}

@test "and some of commands, whispers and moves" {
	SPAWN=connection run timeout 500 bats --tap -f \
		'whisper|/join|moves|outlive' "$TESTS/45-commands.bats"
	assert_success
	assert_line --regexp '^ok 5 '
}

@test "each of fifty has a worker, and nothing is left of them" {
	start_spawning
	before="$(descriptors "$SERVER_PID") $(descriptors "$(broker_pid)")"
	peer <<-'PY'
	room = [Chatter() for _ in range(50)]
	eq([who.users for who in room], list(range(1, 51)))
	eventually(lambda: len(worker_pids()) == 50, "fifty workers")
	ports = {pid: client_ports(pid) for pid in worker_pids()}
	eq(len({pid for who in room for pid in ports
	    if who.sock.getsockname()[1] in ports[pid]}), 50)
	room[7].say("hello")
	for who in room:
	    who.expect("[user7]: hello")
	room[0].vanish()
	for who in room[1:]:
	    who.leave()
	PY
	wait_until no_workers
	wait_until descriptors_are "$before"
	peer <<-'PY'
	eq(Chatter().users, 1)
	PY
	# An ordinary end is no event.
	refute grep -E 'level=(warning|error)|child=worker' "$LOG"
}

@test "a worker that is killed takes its own client along, and nobody else" {
	start_spawning
	peer <<-'PY'
	room = [Chatter() for _ in range(10)]
	lost = room.pop(4)
	port = lost.sock.getsockname()[1]
	kill(next(p for p in worker_pids() if port in client_ports(p)))
	lost.expect_end()
	wait_for_users(9)
	room[0].say("still here")
	for who in room:
	    who.expect("[user0]: still here")
	eventually(lambda: len(worker_pids()) == 9, "nine workers")
	PY
	grep -q 'msg=died child=worker.* signal=9' "$LOG"
	refute grep 'restart waits' "$LOG"
}

@test "the broker may die under many of them" {
	start_spawning
	peer <<-'PY'
	room = [Chatter() for _ in range(60)]
	before = broker_pid()
	kill(before)
	room[3].say("while nobody rules")
	eventually(lambda: broker_pid() not in (None, before), "a new broker")
	for who in room:
	    who.expect("[user3]: while nobody rules")
	late = Chatter()
	eq(late.users, 61)
	late.say("and after")
	for who in room:
	    who.expect("[user60]: and after")
	PY
}

@test "who says goodbye while there is no broker has gone" {
	start_spawning
	peer <<-'PY'
	stays, goes = Chatter(), Chatter("/chat?resume=new")
	goes.hear_until("[server::resume]")
	broker = broker_pid()
	os.kill(broker, signal.SIGSTOP)
	goes.leave()
	# Its worker waits for the receipt of the next one.
	kill(broker)
	wait_for_users(1)
	eventually(lambda: len(worker_pids()) == 1, "the end of its worker")
	PY
}

@test "the limit of all, by 503" {
	start_spawning -o 'limits { connections = 3 }'
	peer <<-'PY'
	room = [Chatter() for _ in range(3)]
	answer = get("/healthz/live")
	eq(answer.status, 503)
	assert answer.field("Retry-After")
	room.pop().leave()
	eventually(lambda: get("/healthz/live").status == 200, "a free place")
	PY
}

@test "there are only so many as descriptors allow, then 503" {
	LAUNCH_WITH=(prlimit --nofile=160:160)
	start_spawning -o 'limits { connections = 0 }'
	peer <<-'PY'
	room = [Chatter() for _ in range((160 - 64) // 2)]
	eq(get("/healthz/live").status, 503)
	room[0].say("x")
	room[-1].expect("[user0]: x")
	PY
}

@test "a hundred who come at once are all served" {
	start_spawning
	peer <<-'PY'
	import concurrent.futures
	with concurrent.futures.ThreadPoolExecutor(100) as pool:
	    room = list(pool.map(lambda _: Chatter(), range(100)))
	eq(sorted(who.users for who in room), list(range(1, 101)))
	PY
	wait_until worker_count_is 0
}

@test "who sends nothing is turned away in time, and its worker ends" {
	start_spawning -o 'limits { handshake-time = 0.3 }'
	peer <<-'PY'
	socks = [connect_tcp() for _ in range(5)]
	for sock in socks:
	    assert read_to_end(sock).startswith(b"HTTP/1.1 408"), "no 408"
	PY
	wait_until worker_count_is 0
}

@test "a session is resumed in another worker" {
	start_spawning
	peer <<-'PY'
	one, other = Chatter("/chat?resume=new"), Chatter()
	token = one.hear_until("[server::resume]").split()[-1]
	one.vanish()
	other.say("meanwhile")
	again = Peer(f"/chat?resume={token}&after=0")
	line = again.hear_text()
	assert line.startswith("[server::resume] you are user0 again"), line
	eq(again.hear_text(), "[user1]: meanwhile")
	eventually(lambda: len(worker_pids()) == 2, "the end of the first")
	PY
}

@test "closings are spread over the drain time" {
	start_spawning -o 'drain-time = 3' -o 'drain-code = 1012'
	peer <<-'PY'
	room = [Peer("/echo") for _ in range(10)]
	begin = time.monotonic()
	os.kill(SERVER_PID, signal.SIGTERM)
	import concurrent.futures
	def wait(who):
	    reason = who.expect_close(1012)
	    return time.monotonic() - begin, int(reason.split()[-2])
	with concurrent.futures.ThreadPoolExecutor(10) as pool:
	    ends = sorted(pool.map(wait, room))
	# None is early, and they are not closed all together.
	for n, (at, _) in enumerate(ends):
	    assert at >= 3 * n / 10, ends
	assert ends[9][0] - ends[0][0] > 1, ends
	# Back when the drain is over.
	assert all(at + delay >= 3 for at, delay in ends), ends
	PY
	wait_server
	assert_equal "$SERVER_STATUS" 0
}

@test "what was said last reaches everybody before the close" {
	SPAWN=connection run timeout 300 bats --tap -f \
		'said last reaches' "$TESTS/51-drain.bats"
	assert_success
	assert_line --regexp '^ok 1 '
}

@test "a reload reaches who is there; spawn itself needs a restart" {
	SPAWN=connection write_config </dev/null
	start_server
	peer <<-'PY'
	one = Chatter()
	with open("wschatd.conf") as file:
	    text = file.read()
	with open("wschatd.conf", "w") as file:
	    file.write(text.replace("spawn = connection", "spawn = pool") +
	        'limits { message-size = 10 }\n')
	os.kill(SERVER_PID, signal.SIGHUP)
	eventually(lambda: "msg=reloaded" in open("log").read(), "the reload")
	try:
	    while True:		# the worker hears of it in its time
	        one.say("x" * 11)
	        one.expect("[user0]: " + "x" * 11)
	except Closed as e:
	    eq(e.code, 1009)
	wait_for_users(0)
	PY
	grep -q 'needs a restart.*setting="spawn"' "$LOG"
}

@test "status names the workers" {
	start_spawning -o "control = \"$DIR/control\""
	export WSCHATCTL_SOCKET=$DIR/control WSCHATCTL
	peer <<-'PY'
	import subprocess
	room = [Chatter() for _ in range(3)]
	told = subprocess.run([os.environ["WSCHATCTL"], "status"],
	    capture_output=True, text=True, timeout=60).stdout
	eq(len(re.findall(r"^worker \d+ +1 connections?$", told, re.M)), 3,
	    told)
	PY
}

@test "the watchdog is told, whoever comes and goes" {
	"$PYTHON" "$TESTS/lib/notified.py" "$DIR/notify" "$DIR/notified" 3>&- &
	helper=$!
	wait_until test -e "$DIR/notified"
	LAUNCH_WITH=(env "NOTIFY_SOCKET=$DIR/notify" WATCHDOG_USEC=1000000)
	start_spawning
	peer <<-'PY'
	def told_thrice():
	    Chatter().leave()
	    return open("notified").read().count("WATCHDOG=1") >= 3
	eventually(told_thrice, "the watchdog, told thrice", 10)
	PY
	kill "$helper"
}
