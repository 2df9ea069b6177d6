#!/usr/bin/env bats
# Processes that die: who notices, and what must not be lost.

load lib/common

@test "a killed worker costs only its own clients" {
	start_server
	peer <<-'PY'
	clients = [Chatter() for _ in range(4)]
	victim = worker_pids()[0]
	kill(victim)
	eventually(lambda: len(worker_pids()) == 2 and victim not in worker_pids(),
	           "a new worker")
	poll = select.poll()
	for client in clients:
	    poll.register(client.sock, select.POLLIN)
	eventually(lambda: len(poll.poll(0)) >= 2, "two ends")
	alive = []
	for client in clients:
	    try:
	        client.say("still here")
	        while not client.hear().endswith("still here"):
	            pass
	        alive.append(client)
	    except (Ended, OSError):
	        pass
	eq(len(alive), 2, "clients left of four on two workers")
	PY
}

@test "when a worker is killed the others hear nothing and count right" {
	start_server
	peer <<-'PY'
	clients = [Chatter() for _ in range(6)]
	kill(worker_pids()[0])
	def ended():
	    return select.select([c.sock for c in clients], [], [], 0)[0]
	eventually(lambda: len(ended()) >= 3, "three ends")
	wait_for_users(3)
	left = []
	for client in clients:
	    if client.sock in ended():
	        eq(client.hear_frame(), None, "what a dead worker's client gets")
	    else:
	        left.append(client)
	eq(len(left), 3)
	mark = f"{left[0].name()} spoke"
	for client in left[1:]:
	    assert "who am I" in client.hear()
	left[0].say(mark)
	for client in left:
	    assert client.hear().endswith(mark), "heard of the death"
	PY
}

@test "a killed worker is replaced within 100 ms" {
	start_server
	# On a slow machine in a few times what the first start took.
	limit=$(sed -n 's/.*msg=ready child=worker.* after_ms=\([0-9]*\).*/\1/p' \
		"$LOG" | sort -n | tail -n 1)
	limit=$((limit * 4 > 100 ? limit * 4 : 100))
	best=999999
	# The machine may be busy: the best of three.
	for _ in 1 2 3; do
		victim=$(worker_pids | head -n 1)
		kill -KILL "$victim"
		wait_until grep -q "msg=died .*pid=$victim " "$LOG"
		wait_until server_ready
		wait_until worker_count_is 2
		took=$(replacement_ms "$victim")
		((took < best)) && best=$took
		# A life of 200 ms after READY is not a young death.
		wait_until log_is_older_than 250
	done
	((best <= limit)) || fail "replaced after $best ms, not $limit"
}

# Milliseconds from the line of this death to the same child's next READY.
replacement_ms()
{
	"$PYTHON" - "$LOG" "$1" <<-'PY'
	import datetime, re, sys
	log, pid = open(sys.argv[1]).read().splitlines(), sys.argv[2]
	def when(line):
	    return datetime.datetime.fromisoformat(
	        re.match(r"time=(\S+)Z", line)[1])
	at = next(i for i, line in enumerate(log)
	          if "msg=died" in line and f"pid={pid} " in line)
	child = re.search(r"child=(\S+)", log[at])[1]
	ready = next(line for line in log[at:]
	             if "msg=ready" in line and f"child={child} " in line + " ")
	print(round((when(ready) - when(log[at])).total_seconds() * 1000))
	PY
}

# Nothing was written to the log for so many milliseconds.
log_is_older_than()
{
	local written

	written=$(stat -c %.3Y "$LOG")
	((${EPOCHREALTIME/./} / 1000 - ${written/./} > $1))
}

@test "what a killed worker's clients had said is heard once" {
	start_server -o 'limits { message-rate = 0 }'
	peer <<-'PY'
	talkers = [Chatter() for _ in range(2)]
	for i in range(500):
	    for who in talkers:
	        who.say(str(i))
	kill(worker_pids()[0])
	def lines_of(number, who):
	    """Up to one that is said when his own have come; None: he is gone."""
	    lines = []
	    try:
	        while f"[user{number}]: end" not in lines[-1:]:
	            lines.append(who.hear())
	            if lines[-1] == f"[user{number}]: 499":
	                who.say("end")
	    except (Ended, OSError):
	        return None
	    return lines[:-1]
	survivor, = filter(None, map(lines_of, range(2), talkers))
	by = {}
	for line in survivor:
	    name, _, text = line.partition(": ")
	    by.setdefault(name, []).append(int(text))
	eq(len(max(by.values(), key=len)), 500, "own lines")
	for name, texts in by.items():
	    eq(texts, list(range(len(texts))), f"the lines of {name}")
	PY
}

@test "with all workers killed the server serves again" {
	start_server
	peer <<-'PY'
	old = Chatter()
	for pid in worker_pids():
	    kill(pid)
	eventually(ready, "ready again")
	wait_for_users(0)
	new = Chatter()
	eq(new.users, 1)
	assert new.number() > 0, "a name was used again"
	PY
}

# Three deaths were taken for his doing, and he was refused.
@test "who waits for a worker while all are killed in turn is served" {
	start_server -w 4
	peer <<-'PY'
	victims = worker_pids()
	for victim in victims:
	    kill(victim, signal.SIGSTOP)
	waiting = [connect_tcp() for _ in range(16)]
	for sock in waiting:
	    sock.sendall(plain_head(target="/healthz/live"))
	for victim in victims:
	    kill(victim)
	    eventually(lambda: not os.path.exists(f"/proc/{victim}"), "its end",
	               pause=0.001)
	for sock in waiting:
	    eq(sock.recv(4096)[:12], b"HTTP/1.1 200", "answer")
	    sock.close()
	PY
}

@test "when the broker is killed connections stay and names go on" {
	start_server
	peer <<-'PY'
	room = [Chatter() for _ in range(4)]
	numbers = [who.number() for who in room[:1]]
	for who in room[1:]:
	    who.hear()
	for round in range(3):
	    victim = broker_pid()
	    kill(victim)
	    room[0].say(f"round {round}")
	    for who in room:
	        who.expect(f"[user0]: round {round}")
	    new = Chatter()
	    eq(new.users, 5, "users after the death")
	    numbers.append(new.number())
	    for who in room:
	        assert who.hear().startswith(f"[user{numbers[-1]}]: ")
	    new.leave()
	    wait_for_users(4)
	    assert broker_pid() not in (None, victim)
	    time.sleep(0.25)        # past the age of a young death
	eq(len(set(numbers)), 4, "names are all different")
	eq(numbers, sorted(numbers))
	PY
}

@test "rooms and their counts outlive the broker" {
	start_server
	peer <<-'PY'
	room = [Chatter("/chat/red"), Chatter("/chat/red"), Chatter("/chat/blue")]
	kill(broker_pid())
	visitors = [Chatter("/chat/red"), Chatter("/chat/blue")]
	eq([who.users for who in visitors], [3, 2])
	room[0].say("red only")
	for who in room[0], room[1], visitors[0]:
	    who.expect("[user0]: red only")
	room[2].say("blue only")
	for who in room[2], visitors[1]:
	    who.expect("[user2]: blue only")
	PY
}

@test "who leaves while there is no broker is not counted afterwards" {
	start_server
	peer <<-'PY'
	room = [Chatter() for _ in range(4)]
	kill(broker_pid())
	room[1].vanish()
	room[2].send_close()
	wait_for_users(2)
	PY
}

@test "twenty killed brokers lose, double and reorder nothing" {
	start_server -w 4 -o 'limits { message-rate = 0 }'
	python "$TESTS/lib/scenario_order.py" --clients 10 --rate 200 \
		--kills 20 --gap 0.35
}

@test "brokers killed while the log goes round lose nothing either" {
	start_server -w 2 -o 'log-size = "1M" limits { message-rate = 0 }'
	python "$TESTS/lib/scenario_order.py" --clients 4 --rate 200 \
		--kills 6 --gap 0.4 --pad 6000
}

@test "what a room keeps outlives the broker" {
	start_server -o 'route "/lab" { kind = chat history = 5 replay = 2 }'
	peer <<-'PY'
	a = Chatter("/lab")
	for text in "one", "two", "three":
	    a.say(text)
	    a.expect(f"[user0]: {text}")
	kill(broker_pid())
	Chatter("/lab").expect("[user0]: two", "[user0]: three")
	PY
}

@test "a worker and the broker killed together cost only the worker's clients" {
	start_server
	peer <<-'PY'
	clients = [Chatter() for _ in range(4)]
	kill(worker_pids()[0])
	kill(broker_pid())
	eventually(lambda: len(procs()) == 3 and ready(), "ready again")
	wait_for_users(2)
	ended = select.select([c.sock for c in clients], [], [], 0)[0]
	left = [c for c in clients if c.sock not in ended]
	eq(len(left), 2)
	left[0].say("here")
	for client in left:
	    assert client.hear().endswith(": here")
	PY
}

@test "a broker that hangs is replaced, and nothing is lost" {
	start_server
	peer <<-'PY'
	a, b = Chatter(), Chatter()
	victim = broker_pid()
	time.sleep(1.3)     # who has never answered a ping is given more time
	kill(victim, signal.SIGSTOP)
	a.say("into the silence")
	b.hear(40)
	a.expect("[user0]: into the silence")
	assert victim not in procs(), "the hanging broker lives"
	a.say("and on")
	for who in a, b:
	    who.expect("[user0]: and on")
	PY
}

# A worker that had much to do at once told all lines first, whispers after.
@test "a whisper stands between the lines it was said between" {
	start_server
	peer <<-'PY'
	room = [Chatter(), Chatter()]
	victim = worker_pids()[0]
	kill(victim, signal.SIGSTOP)
	for who in room:
	    who.say("/ping")
	able, _, _ = select.select([who.sock for who in room], [], [], PATIENCE)
	speaker = 0 if room[0].sock in able else 1
	room[speaker].expect("[server::ping] pong")
	name = f"user{1 - speaker}"
	for text, line in (
	        ("before", f"[user{speaker}]: before"),
	        (f"/w {name} psst", f"[server::whisper] to {name}: psst"),
	        ("after", f"[user{speaker}]: after")):
	    room[speaker].say(text)
	    room[speaker].expect(line)
	kill(victim, signal.SIGCONT)
	heard = [room[1 - speaker].hear() for _ in range(4)]
	heard.remove("[server::ping] pong")
	eq(heard, [f"[user{speaker}]: before",
	           f"[server::whisper] from user{speaker}: psst",
	           f"[user{speaker}]: after"])
	PY
}

@test "a worker that hangs is replaced" {
	start_server
	peer <<-'PY'
	victim = worker_pids()[0]
	time.sleep(1.3)     # who has never answered a ping is given more time
	kill(victim, signal.SIGSTOP)
	eventually(lambda: victim not in procs(), "the end of the hanging worker",
	           40, 0.05)
	eventually(ready, "ready again")
	PY
}

# A request that reached the broker late, as those of a dead worker do, took
# the place from the connection that had come after it, which was told to stay
# away.
@test "of two that resume at once the one accepted last stays" {
	start_server
	peer <<-'PY'
	from jsonpeer import JsonClient, closed_with, run
	import websockets
	async def end_of(client):
	    try:
	        while True:
	            await client.hear()
	    except websockets.ConnectionClosed as error:
	        return closed_with(error)
	async def main():
	    client = await JsonClient.open()
	    for n in range(8):
	        client.reset()
	        broker = broker_pid()
	        kill(broker, signal.SIGSTOP)
	        # Through two workers; whose request is read first is chance.
	        first = await JsonClient.dial("/chat", client.token, n)
	        second = await JsonClient.dial("/chat", client.token, n)
	        kill(broker, signal.SIGCONT)
	        eq(await end_of(first), 4509)
	        eq((await second.hear())["resumed"], True)
	        eq((await second.say_and_hear(f"line {n}"))["seq"], n + 1)
	        second.token, client = client.token, second
	run(main())
	PY
}

@test "clients that vanish at any moment harm nobody" {
	start_server -o 'limits { message-rate = 0 }'
	peer <<-'PY'
	before = procs()
	witness = Chatter()
	random.seed(1)
	lives = [plain_head(), plain_head(target="/healthz/live"),
	         plain_head(target="/nowhere"), plain_head("POST"),
	         upgrade_head("/chat") + frame(TEXT, "x" * 3000) * 5,
	         upgrade_head("/echo") + frame(BINARY, b"x" * 60000) * 5,
	         upgrade_head("/echo") + frame(PING, b"x") * 5 + frame(0x3),
	         upgrade_head("/chat") + frame(TEXT, b"\xff") + frame(CLOSE)]
	for n in range(400):
	    life = random.choice(lives)
	    sock = connect_tcp()
	    sock.setblocking(False)
	    try:
	        sock.send(life[:random.randint(0, len(life))]
	                  if random.random() < 0.5 else life)
	        if random.random() < 0.5:
	            select.select([sock], [], [], 0.01)
	            sock.recv(random.choice([1, 100, 100000]))
	    except (BlockingIOError, ConnectionResetError):
	        pass
	    if random.random() < 0.7:
	        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
	                        struct.pack("ii", 1, 0))
	    sock.close()
	wait_for_users(1)
	eq(procs(), before, "the children")
	witness.say("end")
	while not witness.hear().endswith("]: end"):
	    pass
	PY
}

@test "a child that dies young is restarted ever more slowly" {
	start_server
	peer <<-'PY'
	# Kills every worker as soon as it is seen, until one has failed four
	# times in a row: it waits 0.1, 0.2, 0.4 and 0.8 s, an eighth more or less.
	import datetime
	seen = set()
	def waits():
	    """(since when, who, how long, after how many failures, until when)"""
	    return re.findall(r'^time=(\S+)Z .*"restart waits" child=(\S+) '
	        r"ms=(\d+) failures=(\d+)$(?=(?:.*\n)+?time=(\S+)Z .*"
	        r"msg=started child=\2 )", open("log").read(), re.M)
	def is_slow():
	    for pid in worker_pids():
	        if pid not in seen:
	            seen.add(pid)
	            kill(pid)
	    return any(failures == "4" for _, _, _, failures, _ in waits())
	eventually(is_slow, "the fourth failure", pause=0.005)
	for begin, child, ms, failures, end in waits():
	    assert 7 / 8 <= int(ms) / (50 << int(failures)) <= 9 / 8, failures
	    waited = datetime.datetime.fromisoformat(end) - \
	        datetime.datetime.fromisoformat(begin)
	    # Less by what the parent has been doing when it set the timer.
	    assert waited.total_seconds() * 1000 >= int(ms) / 2, (child, waited)
	eventually(ready, "ready again")
	Chatter()
	PY
}
