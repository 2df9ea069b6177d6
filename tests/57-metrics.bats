#!/usr/bin/env bats
# /metrics, the probes and the dashboard: each metric is moved by what it is
# about, none goes back, and ready means that a room can be spoken in.  The
# pages that processes count on are tested in tests/unit/test_metrics.c.

load lib/common
load lib/packages

# start_watched [CONFIG-TEXT]: with a listener for metrics.
start_watched()
{
	export METRICS=$DIR/metrics
	{
		printf 'listen "127.0.0.1:0" {}\n'
		printf 'listen "unix:%s" { serves = metrics }\n' "$METRICS"
		printf '%s\n' "$@"
	} | write_config
	launch_server -c "$CONFIG"
	await_server
}

# watcher <SCRIPT: as peer, with fetch(), metrics() and moved().
watcher()
{
	{
		cat <<-'PY'
		import json, subprocess
		def fetch(target="/metrics", head=None):
		    sock = socket.socket(socket.AF_UNIX)
		    sock.settimeout(PATIENCE)
		    sock.connect(os.environ["METRICS"])
		    sock.sendall(head or plain_head(target=target))
		    return Answer(read_to_end(sock))
		def metrics():
		    """{ 'name{labels}': value }, and of each name the sum."""
		    got = {}
		    for line in fetch().body.decode().splitlines():
		        if not line.startswith("#"):
		            sample, value = line.rsplit(" ", 1)
		            name = sample.split("{")[0]
		            got[sample] = float(value)
		            if name != sample:
		                got[name] = got.get(name, 0) + float(value)
		    return got
		moves = set()
		def moved(before, *samples):
		    """Waits until all of these are other than before."""
		    for sample in samples:
		        full = sample if sample in before else "wschatd_" + sample
		        assert full in before, full
		        eventually(lambda: metrics()[full] != before[full], full,
		            pause=0.05)
		        moves.add(full.split("{")[0])
		def children(role):
		    got = subprocess.run(["pgrep", "-f", "-P", str(SERVER_PID),
		        f"wschatd: {role}"], capture_output=True, text=True)
		    return [int(pid) for pid in got.stdout.split()]
		PY
		cat
	} >"$DIR/script"
	peer <"$DIR/script"
}

@test "promtool finds nothing in /metrics" {
	need_packages prometheus
	start_watched
	curl -fsS --unix-socket "$METRICS" -o "$DIR/text" http://x/metrics
	run -0 promtool check metrics <"$DIR/text"
	assert_output ''
	grep -q '^wschatd_build_info{version="[0-9.]*"} 1$' "$DIR/text"
}

@test "metrics have a listener of their own, which serves nothing else" {
	start_watched
	watcher <<-'PY'
	eq(get("/metrics").status, 404, "where clients come")
	got = fetch()
	eq(got.status, 200)
	eq(got.field("Content-Type"),
	    "text/plain; version=0.0.4; charset=utf-8")
	got = fetch(head=plain_head("HEAD", "/metrics"))
	eq((got.status, got.body), (200, b""))
	for target in "/", "/chat", "/metrics/":
	    eq(fetch(target).status, 404, target)
	eq(fetch(head=upgrade_head("/chat")).status, 404, "a WebSocket")
	eq(fetch("/healthz/ready").status, 200)
	eq(fetch("/healthz/live").status, 200)
	PY
}

@test "nobody elsewhere is let in to ask for metrics" {
	for address in 0.0.0.0:0 '[::]:0' 192.0.2.1:9090 fd:3; do
		printf 'listen "%s" { serves = metrics }\n' "$address" |
			write_config
		run timeout 10 "$WSCHATD" -t -c "$CONFIG"
		assert_equal "$address: $status" "$address: 78"
		assert_output --partial 'loopback'
	done
	printf 'listen "%s" { serves = metrics }\n' 127.0.0.1:9090 '[::1]:9090' \
		unix:/run/x | write_config
	timeout 10 "$WSCHATD" -t -c "$CONFIG"
}

@test "a full server is still watched" {
	start_watched 'limits { connections = 2 }'
	watcher <<-'PY'
	one, two = Chatter(), Chatter()
	before = metrics()
	eq(get("/").status, 503)
	moved(before, 'limits_hit_total{limit="connections"}')
	eq(metrics()["wschatd_connections"] >= 2, True)
	PY
}

@test "a server that is short of memory is still watched" {
	start_watched 'workers = 1' 'limits { memory = "8M" }' \
		'route "/big" { kind = echo limits { message-size = "2M" } }'
	watcher <<-'PY'
	before = metrics()
	held = [Peer("/big") for _ in range(7)]
	for peer in held:
	    peer.send_raw(frame(BINARY, bytes(1 << 20))[:600_000])
	eventually(lambda: get("/").status == 503, "short")
	moved(before, 'limits_hit_total{limit="memory"}')
	PY
}

# A page is a place's: who is there next goes on on it.
@test "with spawn = connection each worker counts, and nothing is lost" {
	start_watched 'spawn = connection'
	watcher <<-'PY'
	def places(name):
	    return [s for s in metrics() if s.startswith(f"wschatd_{name}{{")
	        and "worker[" in s]
	room = [Chatter() for _ in range(5)]
	eventually(lambda: metrics()["wschatd_connections"] >= 5, "five")
	assert len(places("connections")) >= 5
	room[0].say("x")
	for who in room:
	    who.expect("[user0]: x")
	eventually(lambda: metrics()["wschatd_messages_received_total"] == 1,
	    "one message")
	for who in room:
	    who.leave()
	eventually(lambda: len(places("connections")) == 1, "who asks is alone")
	now = metrics()
	eq(now["wschatd_messages_received_total"], 1)
	eq(now['wschatd_handshakes_total{result="accepted"}'], 5)
	eq(now['wschatd_restarts_total{role="worker"}'], 0)
	assert len(places("process_cpu_seconds_total")) < 20, "never there"
	PY
}

@test "each metric is moved by what it is about" {
	start_watched 'limits { message-rate = 0  message-size = "64K" }'
	watcher <<-'PY'
	zero = metrics()
	a, b = Chatter(), Chatter()
	deaf = Chatter(receive_buffer=4096)
	moved(zero, "accepted_total", "connections", "rooms",
	    'handshakes_total{result="accepted"}', "bytes_received_total",
	    "bytes_sent_total", "log_position_bytes",
	    "log_oldest_timestamp_seconds", "process_cpu_seconds_total",
	    "process_resident_memory_bytes")
	eq(metrics()["wschatd_connections"] >= 3, True)
	eq(metrics()["wschatd_rooms"], 1)
	age = time.time() - metrics()["wschatd_log_oldest_timestamp_seconds"]
	assert 0 <= age < 60, age

	# Two messages, each for three.
	before = metrics()
	for text in "one", "two":
	    a.say(text)
	    b.expect(f"[user0]: {text}")
	moved(before, "messages_total", "messages_received_total",
	    "deliveries_total", "delivery_seconds_bucket",
	    "delivery_seconds_sum", "delivery_seconds_count")
	def gained(name, n):
	    full = "wschatd_" + name
	    eventually(lambda: metrics()[full] - before[full] == n,
	        f"{name} is {n} more")
	gained("messages_total", 2)
	gained("messages_received_total", 2)
	gained("deliveries_total", 6)
	gained("delivery_seconds_count", 2)
	now = metrics()
	eq(now['wschatd_delivery_seconds_bucket{le="+Inf"}'],
	    now["wschatd_delivery_seconds_count"])
	assert 0 < now["wschatd_delivery_seconds_sum"] < 20

	before = metrics()
	eq(get("/nowhere").status, 404)
	eq(get("/").status, 200)
	moved(before, 'handshakes_total{result="unknown-path"}',
	    "http_answers_total")

	# Somebody reads nothing.
	before = metrics()
	for n in range(40):
	    a.say("x" * 20000)
	    a.hear()
	    b.hear()
	moved(before, "slow_clients", "backlog_bytes")
	deaf.vanish()
	eventually(lambda: metrics()["wschatd_slow_clients"] == 0,
	    "nobody is slow")
	eventually(lambda: metrics()["wschatd_backlog_bytes"] == 0,
	    "nobody is behind", pause=0.05)
	moved(before, 'closes_total{reason="reset"}')

	before = metrics()
	b.leave()
	Peer("/echo").send_close()
	big = Peer("/echo")
	big.send_text("x" * 70000)
	big.expect_close(1009)
	moved(before, 'peer_closes_total{code="1000"}',
	    'closes_total{reason="by-peer"}',
	    'closes_total{reason="too-big",code="1009"}',
	    'limits_hit_total{limit="message-size"}')

	# The broker does not listen; then it is not there.
	before = metrics()
	[broker] = children("broker")
	os.kill(broker, signal.SIGSTOP)
	for n in range(14):	# more than a socket, less than an outbox holds
	    a.say("y" * 60000)
	moved(before, "requests_pending", "ipc_queue_bytes", "ready")
	eventually(lambda: fetch("/healthz/ready").status == 503, "not ready")
	eq(fetch("/healthz/live").status, 200)
	try:
	    os.kill(broker, signal.SIGKILL)
	except ProcessLookupError:
	    pass	# who does not answer for long is killed anyway
	moved(before, 'restarts_total{role="broker"}')
	eventually(lambda: metrics()["wschatd_ready"] == 1, "ready again")

	os.kill(children("worker 0")[0], signal.SIGKILL)
	moved(before, 'restarts_total{role="worker"}',
	    "process_start_time_seconds")

	steady = {"wschatd_build_info", "wschatd_log_size_bytes"}
	names = {sample.split("{")[0] for sample in zero}
	eq(names - moves - steady, set(), "never moved")
	eventually(lambda: metrics()["wschatd_log_size_bytes"] == 64 << 20,
	    "the log's size")
	PY
}

# A Prometheus takes a counter that falls for one that began again at 0.
@test "no counter goes back when a process is replaced" {
	start_watched
	watcher <<-'PY'
	a, b = Chatter(), Chatter()
	for n in range(5):
	    a.say("x")
	    b.expect("[user0]: x")
	eventually(lambda: metrics()["wschatd_deliveries_total"] >= 10, "10")
	before = metrics()
	types = re.findall(r"# TYPE (\S+) (\S+)", fetch().body.decode())
	counters = {name for name, kind in types if kind == "counter"}
	for role in "worker 0", "worker 1", "broker":
	    [pid] = children(role)
	    os.kill(pid, signal.SIGKILL)
	    eventually(lambda: children(role) not in ([], [pid]), role)
	    eventually(lambda: get("/healthz/ready").status == 200, "ready")
	after = metrics()
	for sample, value in before.items():
	    if sample.split("{")[0] in counters:
	        assert after[sample] >= value, (sample, value, after[sample])
	eq(after['wschatd_restarts_total{role="worker"}'], 2)
	eq(after['wschatd_restarts_total{role="broker"}'], 1)
	# Nobody is there any more who was counted.
	eventually(lambda: metrics()["wschatd_connections"] <= 1, "gone")
	PY
}

@test "limits that are reached are counted by their names" {
	start_watched 'limits { fragments = 2  message-time = 0.5
		handshake-time = 2  head-size = 512  head-fields = 5
		ping-interval = 1  ping-timeout = 1  control-burst = 1
		control-rate = 1  close-time = 0.5  message-rate = 1
		message-burst = 1  rooms = 2  loopback-exempt = no
		connections-per-address = 20 }'
	watcher <<-'PY'
	before = metrics()
	def hits(name):
	    moved(before, f'limits_hit_total{{limit="{name}"}}')
	# Those that take their time.
	slow = Peer("/echo")
	slow.send(TEXT, b"x", fin=False)
	sock, mute = connect_tcp(), Peer("/echo")
	p = Peer("/echo")
	for n in range(4):
	    p.send(TEXT if n == 0 else CONT, b"x", fin=False)
	hits("fragments")
	request(plain_head(fields=["X: " + "y" * 600]))
	hits("head-size")
	request(plain_head(fields=["X: y"] * 8))
	hits("head-fields")
	p = Peer("/echo")
	for n in range(9):
	    p.send(PING, b"")
	hits("control-rate")
	p = Peer("/echo")
	for n in range(5):
	    p.send_text("x")
	hits("message-rate")
	rooms = [Peer("/chat/" + name) for name in "abc"]
	hits("rooms")
	for name in ("message-time", "handshake-time", "ping-timeout",
	        "close-time"):
	    hits(name)
	crowd = []
	for n in range(25):
	    try:
	        crowd.append(connect_tcp())
	    except OSError:
	        pass
	hits("connections-per-address")
	PY
}

@test "ready is not said by a server without a broker, nor while it drains" {
	start_watched 'drain-time = 3'
	watcher <<-'PY'
	eq(get("/healthz/ready").status, 200)
	# One that is stuck is found out by the pings.
	[broker] = children("broker")
	os.kill(broker, signal.SIGSTOP)
	eventually(lambda: get("/healthz/ready").status == 503, "stuck")
	eq(get("/healthz/live").status, 200)
	os.kill(broker, signal.SIGCONT)
	eventually(lambda: get("/healthz/ready").status == 200, "awake")
	# One that is dead at once, before another is there.
	early = [connect_tcp() for _ in range(20)]
	for sock in early:
	    sock.sendall(plain_head(target="/healthz/ready")[:10])
	stay = Chatter()
	os.kill(SERVER_PID, signal.SIGTERM)
	def is_closed():
	    try:
	        connect_tcp().close()
	    except OSError:
	        return True
	eventually(is_closed, "listeners are closed")
	def is_told():
	    sock = early.pop()
	    sock.sendall(plain_head(target="/healthz/ready")[10:])
	    return Answer(read_to_end(sock)).status == 503
	# The workers are told at the same time, and may hear of it later.
	eventually(is_told, "draining")
	PY
	wait_server
}

@test "the dashboard shows metrics that there are" {
	start_watched
	export DASHBOARD=$TOP/etc/grafana/wschatd.json
	watcher <<-'PY'
	board = json.load(open(os.environ["DASHBOARD"]))
	known = {sample.split("{")[0] for sample in metrics()}
	texts = [target["expr"] for panel in board["panels"]
	    for target in panel["targets"]]
	assert len(texts) >= 12
	used = {name for text in texts
	    for name in re.findall(r"wschatd_\w+", text)}
	eq(used - known, set(), "unknown")
	# All but what a picture would not show.
	eq(known - used - {"wschatd_delivery_seconds_sum",
	    "wschatd_delivery_seconds_count"}, set(), "not shown")
	ids = [panel["id"] for panel in board["panels"]]
	eq(len(ids), len(set(ids)), "ids")
	PY
}
