#!/usr/bin/env bats
# Connections that a super-server has accepted: openbsd-inetd, xinetd and
# tcpserver from their Debian packages; systemd's Accept=yes played by the
# test.

load lib/common
load lib/packages
load lib/certificates

eval "common_$(declare -f setup)"
eval "common_$(declare -f teardown)"

setup()
{
	common_setup || return
	HELPERS=()
	ATTACH=$DIR/run/attach
}

teardown()
{
	local pid

	for pid in "${HELPERS[@]}"; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	common_teardown
}

# start_attached ARGS...: a server to which others may come.
start_attached()
{
	echo "attach = \"$ATTACH\"" >>"$CONFIG"
	start_server "$@"
}

free_port()
{
	"$PYTHON" -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# What the parent has open.
descriptors()
{
	find "/proc/$SERVER_PID/fd" -mindepth 1 | wc -l
}

# super_server COMMAND...: runs it and waits until it listens at OUTER.
super_server()
{
	ASAN_OPTIONS=symbolize=0:${ASAN_OPTIONS:-} \
		setsid "$@" >>"$DIR/log.super" 2>&1 </dev/null 3>&- &
	HELPERS+=("$!")
	SESSIONS+=("$!")
	wait_until listens
}

# Without a connection, which would be one to serve.
listens()
{
	ss -Hltn "sport = :$OUTER" | grep -q .
}

# What any super-server's connections must be able to do, beside the server's
# own.
behaves()
{
	peer "$OUTER" <<-'PY'
	import wsproto
	outer, inner = int(sys.argv[1]), wsproto.PORT
	def come(port, path="/chat"):
	    wsproto.PORT = port
	    try:
	        return Chatter(path)
	    finally:
	        wsproto.PORT = inner
	a, b, c = come(outer), come(inner), come(outer)
	eq(c.users, 3)
	a.say("hello")
	for who in a, b, c:
	    who.expect("[user0]: hello")
	c.say("/whisper user1 psst")
	line = b.hear_text()
	assert "psst" in line, line
	c.hear_text()
	eq(request(plain_head(target="/nowhere")).status, 404)
	# The broker dies under them.
	before = broker_pid()
	kill(before)
	b.say("meanwhile")
	for who in a, b, c:
	    who.expect("[user1]: meanwhile")
	c.leave()
	wait_for_users(2)
	a.vanish()
	wait_for_users(1)
	PY
}

@test "tcpserver's connections are in the room of the server" {
	need_packages ucspi-tcp
	start_attached
	OUTER=$(free_port)
	super_server tcpserver -v -RHl0 127.0.0.1 "$OUTER" \
		"$WSCHATD" --inetd -c "$CONFIG"
	behaves
	ended() { [[ $(grep -c '^tcpserver: end .* status 0$' log.super) == 2 ]]; }
	wait_until ended
}

@test "and those of openbsd-inetd" {
	need_packages openbsd-inetd libwrap0
	start_attached
	OUTER=$(free_port)
	sed "s|^8081|127.0.0.1:$OUTER|; s|wschatd	/usr/sbin/wschatd|$(id -un)	$WSCHATD|
		s|--inetd|& -c $CONFIG|" "$TOP/etc/inetd/inetd.conf" >inetd.conf
	super_server inetd -d "$DIR/inetd.conf"
	behaves
}

@test "and those of xinetd" {
	need_packages xinetd libwrap0
	start_attached
	OUTER=$(free_port)
	sed "s|8081|$OUTER|; s|= wschatd|= $(id -un)|; s|/usr/sbin/wschatd|$WSCHATD|
		s|--inetd|& -c $CONFIG|; s|^}|	bind = 127.0.0.1\n&|" \
		"$TOP/etc/inetd/wschatd.xinetd" >xinetd.conf
	super_server xinetd -dontfork -f "$DIR/xinetd.conf" \
		-pidfile "$DIR/xinetd.pid" -filelog "$DIR/log.xinetd"
	behaves
}

# play_systemd STDIN: accepts as systemd does with Accept=yes: the connection
# is descriptor 3, and standard input where the unit says so.
play_systemd()
{
	super_server "$PYTHON" "$TESTS/lib/accept_each.py" "$OUTER" "$1" \
		"$WSCHATD" --inetd -c "$CONFIG"
}

@test "and those of systemd with Accept=yes" {
	start_attached
	OUTER=$(free_port)
	play_systemd socket
	behaves
}

@test "also when the connection is not standard input" {
	start_attached
	OUTER=$(free_port)
	play_systemd null
	before=$(descriptors)
	behaves
	as_before() { [[ $(descriptors) == "$before" ]]; }
	wait_until as_before
}

@test "its worker counts as the server's own do" {
	cat >>"$CONFIG" <<-EOF
		attach = "$ATTACH"
		listen "127.0.0.1:0" {}
		listen "unix:$DIR/metrics" { serves = metrics }
	EOF
	launch_server -c "$CONFIG"
	await_server
	OUTER=$(free_port)
	play_systemd socket
	peer "$OUTER" <<-'PY'
	import wsproto
	wsproto.PORT = int(sys.argv[1])
	one = Chatter()
	one.say("x")
	one.expect("[user0]: x")
	one.leave()
	PY
	tells() { curl -fsS --unix-socket metrics http://x/metrics | grep -qx "$1"; }
	wait_until tells 'wschatd_peer_closes_total{code="1000"} 1'
	wait_until tells 'wschatd_messages_received_total 1'
}

@test "a signal ends its worker, as a super-server expects" {
	start_attached
	OUTER=$(free_port)
	play_systemd socket
	peer "$OUTER" "${HELPERS[0]}" <<-'PY'
	import subprocess, wsproto
	wsproto.PORT = int(sys.argv[1])
	one = Chatter()
	subprocess.run(["pkill", "-TERM", "-P", sys.argv[2]], check=True)
	one.expect_end()
	wsproto.PORT = PORT
	wait_for_users(0)
	PY
}

@test "without a server who comes is told 503, and the log why" {
	echo "attach = \"$ATTACH\"" >>"$CONFIG"
	OUTER=$(free_port)
	play_systemd socket
	PORT=$OUTER
	peer <<-'PY'
	answer = get("/chat")
	eq(answer.status, 503)
	assert answer.field("Retry-After")
	# What is sent without waiting does not cost the answer.
	eq(request(plain_head() + b"x" * 50000).status, 503)
	PY
	wait_until grep -q \
		'proc=inetd msg="turned away, no server.*No such file' log.super
}

@test "and so it is when attach is not set, or the file is bad" {
	OUTER=$(free_port)
	play_systemd socket
	PORT=$OUTER
	[[ $(http_status /) == 503 ]]
	wait_until grep -q 'no attach in its settings' log.super
	echo nonsense >>"$CONFIG"
	[[ $(http_status /) == 503 ]]
	wait_until grep -q 'turned away.*nonsense' log.super
}

@test "when all speak by one socket the client hears no line of the log" {
	OUTER=$(free_port)
	super_server "$PYTHON" "$TESTS/lib/accept_each.py" "$OUTER" all \
		"$WSCHATD" --inetd -c "$CONFIG"
	PORT=$OUTER
	peer <<-'PY'
	raw = read_to_end(connect_tcp())
	assert raw.startswith(b"HTTP/1.1 503") and raw.endswith(b"try later"), raw
	PY
}

@test "only root and the server's own user may attach" {
	[[ $(id -u) == 0 ]] || skip "only root can be somebody else"
	start_attached
	chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR" \
		"$DIR" 2>/dev/null
	[[ $(stat -c '%a %F' "$ATTACH") == "600 socket" ]]
	chmod 666 "$ATTACH"
	peer "$ATTACH" <<-'PY'
	os.setgid(65534), os.setuid(65534)
	sock = socket.socket(socket.AF_UNIX)
	sock.connect(sys.argv[1])
	eq(sock.recv(100), b"", "what a stranger is told")
	PY
	wait_until grep -q 'msg="may not attach" .*uid=65534' "$LOG"
}

@test "who attaches and says nothing, or nonsense, harms nobody" {
	start_attached
	peer "$ATTACH" <<-'PY'
	socks = []
	for text in b"", b"x" * 8, b"\0" * 64, bytes(range(256)) * 40:
	    socks.append(socket.socket(socket.AF_UNIX))
	    socks[-1].connect(sys.argv[1])
	    try:
	        socks[-1].sendall(text)
	    except OSError:
	        pass
	# More than are heard at once.
	for _ in range(40):
	    socks.append(socket.socket(socket.AF_UNIX))
	    socks[-1].connect(sys.argv[1])
	Chatter()
	for sock in socks:
	    sock.close()
	PY
	server_ready
	eventually_gone() { grep -q 'went without offering' "$LOG"; }
	wait_until eventually_gone
}

@test "limits count them with the others" {
	start_attached -o 'limits { connections = 2 }'
	OUTER=$(free_port)
	play_systemd socket
	peer "$OUTER" <<-'PY'
	import wsproto
	a = Chatter()
	wsproto.PORT = int(sys.argv[1])
	b = Chatter()
	eq(get("/healthz/live").status, 503)
	b.leave()
	eventually(lambda: get("/healthz/live").status == 200, "a free place")
	PY
}

@test "--listener says whose parameters hold: TLS" {
	make_ca ca
	issue cert ca DNS:localhost
	cat >>"$CONFIG" <<-'EOF'
	attach = "run/attach"
	listen "127.0.0.1:0" {}
	listen "localhost:0" { tls-certificate = "cert.pem"
		tls-key = "cert.key" }
	EOF
	sed -i "s|run/attach|$ATTACH|" "$CONFIG"
	launch_server -c "$CONFIG"
	await_server
	OUTER=$(free_port)
	super_server "$PYTHON" "$TESTS/lib/accept_each.py" "$OUTER" socket \
		"$WSCHATD" --inetd -c "$CONFIG" --listener localhost:0
	run curl -sS --cacert ca.pem --max-time 60 \
		"https://localhost:$OUTER/healthz/live"
	assert_success
}

@test "a listener that the server does not have is an error in its log" {
	start_attached
	OUTER=$(free_port)
	super_server "$PYTHON" "$TESTS/lib/accept_each.py" "$OUTER" socket \
		"$WSCHATD" --inetd -c "$CONFIG" --listener $'1.2.3.4:5\nlevel=error'
	[[ $(http_status /healthz/live "$OUTER") == 503 ]]
	wait_until grep -qF \
		'no listener is that" listener="1.2.3.4:5\x0alevel=error"' "$LOG"
}

@test "its worker is shut in, gives up root, and is named in the process list" {
	start_attached -o 'control = "'"$DIR/control"'"'
	OUTER=$(free_port)
	play_systemd socket
	peer "$OUTER" <<-'PY'
	import wsproto
	wsproto.PORT = int(sys.argv[1])
	one = Chatter()
	pids = [int(p) for p in os.listdir("/proc") if p.isdigit()]
	def title(pid):
	    try:
	        with open(f"/proc/{pid}/cmdline") as file:
	            return file.read().rstrip("\0")
	    except OSError:
	        return ""
	port = one.sock.getsockname()[1]
	mine = [p for p in pids if title(p) == "wschatd: worker (inetd)"
	        and port in client_ports(p)]
	eq(len(mine), 1, "workers with our connection")
	status = dict(line.split(":\t", 1) for line in
	    open(f"/proc/{mine[0]}/status").read().splitlines())
	eq(status["Seccomp"], "2")
	eq(status["NoNewPrivs"], "1")
	if os.getuid() == 0:
	    assert "0" not in status["Uid"].split(), status["Uid"]
	names = sorted(os.readlink(f"/proc/{mine[0]}/fd/{fd}").split(":")[0]
	    for fd in os.listdir(f"/proc/{mine[0]}/fd"))
	eq(names.count("socket"), 3, names)	# parent, broker, client
	# Killed, it is as any worker that dies.
	kill(mine[0])
	one.expect_end()
	wsproto.PORT = PORT
	wait_for_users(0)
	PY
	wait_until grep -q 'connections lost.*count=1' "$LOG"
}

@test "the server's stop closes them, too" {
	start_attached
	OUTER=$(free_port)
	play_systemd socket
	peer "$OUTER" <<-'PY'
	import wsproto
	wsproto.PORT = int(sys.argv[1])
	room = [Chatter() for _ in range(3)]
	os.kill(SERVER_PID, signal.SIGTERM)
	for who in room:
	    who.expect_close(1001)
	PY
	wait_server
	assert_equal "$SERVER_STATUS" 0
	[[ ! -e $ATTACH ]]
	[[ $(http_status / "$OUTER") == 503 ]]
}

@test "with a listener on standard input it is the whole server" {
	LAUNCH_WITH=("$PYTHON" -c 'import os, socket, sys
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
os.dup2(s.fileno(), 0)
os.execv(sys.argv[1], sys.argv[1:])')
	launch_server --inetd -c "$CONFIG"
	await_server
	peer <<-'PY'
	eq(Chatter().users, 1)
	PY
	stop_server
	assert_equal "$SERVER_STATUS" 0
}

@test "openbsd-inetd's wait is that" {
	need_packages openbsd-inetd libwrap0
	OUTER=$(free_port)
	echo "127.0.0.1:$OUTER stream tcp wait $(id -un) $WSCHATD wschatd" \
		"--inetd -c $CONFIG" >inetd.conf
	super_server inetd -d "$DIR/inetd.conf"
	PORT=$OUTER
	wait_until server_ready
	peer <<-'PY'
	eq(Chatter().users, 1)
	PY
	pkill -TERM -P "${HELPERS[0]}" -f "wschatd --inetd"
	down() { ! pgrep -P "${HELPERS[0]}" >/dev/null; }
	wait_until down
}

@test "--inetd wants a stream socket, --listener wants --inetd" {
	run "$WSCHATD" --inetd -c "$CONFIG" </dev/null
	assert_equal "$status" 64
	assert_output --partial 'standard input is no stream socket'
	run "$WSCHATD" --listener x -c "$CONFIG"
	assert_equal "$status" 64
	run "$WSCHATD" --listener
	assert_output --partial '--listener needs a value'
}

@test "while the server has no descriptors who attaches waits" {
	start_attached
	OUTER=$(free_port)
	play_systemd socket
	[[ $(PORT=$OUTER http_status /) == 200 ]]
	prlimit --pid "$SERVER_PID" --nofile=3:
	PORT=$OUTER http_status / >status &
	HELPERS+=("$!")
	rested() { [[ $(grep -c 'msg="nobody can attach for now"' "$LOG") -gt 1 ]]; }
	wait_until rested
	# It did not look all the time.
	[[ $(grep -c 'msg="nobody can attach for now"' "$LOG") -lt 5 ]]
	[[ ! -s status ]]
	prlimit --pid "$SERVER_PID" --nofile=1024:
	served() { [[ $(<status) == 200 ]]; }
	wait_until served
}
