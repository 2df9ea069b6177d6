#!/usr/bin/env bats
# Under supervisors: systemd's notify socket and activation environment, played
# by the test; s6, runit and daemontools, from their Debian packages.

# shellcheck disable=SC2154  # bats sets stderr
load lib/common
load lib/packages

eval "common_$(declare -f setup)"
eval "common_$(declare -f teardown)"

setup()
{
	common_setup || return
	HELPERS=()
	NOTIFIED=$DIR/notified
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

# run_wschatd ARGS...: a server that ends by itself; status and stderr.
run_wschatd()
{
	run --separate-stderr timeout -k 2 60 "${LAUNCH_WITH[@]}" "$WSCHATD" \
		-c "$CONFIG" "$@" 3>&-
}

# -- systemd: the notify socket -----------------------------------------------------

# play_systemd ADDRESS [VARIABLE=VALUE...]: a notify socket, and a server that
# knows of it.
play_systemd()
{
	"$PYTHON" "$TESTS/lib/notified.py" "$1" "$NOTIFIED" 3>&- &
	HELPERS+=("$!")
	wait_until test -e "$NOTIFIED"
	LAUNCH_WITH=(env "NOTIFY_SOCKET=$1" "${@:2}" sh -c
		'WATCHDOG_PID=${WATCHDOG_PID:-$$} exec "$@"' sh)
}

# was_told TEXT: an extended regular expression for all of a notification.
was_told()
{
	grep -qE "^[0-9.]+ ($1)\$" "$NOTIFIED"
}

@test "systemd is told when the server is ready, how it is, and when it ends" {
	play_systemd "$DIR/notify"
	start_server -o 'drain-time = 0.2'
	wait_until was_told 'READY=1'
	wait_until was_told 'STATUS=0 connections, 2 workers'
	peer <<-'PY'
	people = [Chatter() for _ in range(3)]
	eventually(lambda: "STATUS=3 connections" in open("notified").read(),
	    "the number of connections")
	PY
	stop_server
	assert_equal "$SERVER_STATUS" 0
	wait_until was_told 'STOPPING=1\|EXTEND_TIMEOUT_USEC=[0-9]{8}'
	wait_until was_told 'STATUS=stopping, [0-3] connections left'
	[[ $(grep -c 'READY=1' "$NOTIFIED") == 1 ]]
	refute grep WATCHDOG "$NOTIFIED"
}

@test "the notify socket may be an abstract one" {
	play_systemd "@wschatd-test-$$-$RANDOM"
	start_server
	wait_until was_told 'READY=1'
}

@test "children know nothing of the supervisor" {
	play_systemd "$DIR/notify" WATCHDOG_USEC=30000000
	start_server
	for pid in $(broker_pid) $(worker_pids); do
		refute grep -az -E 'NOTIFY|WATCHDOG|LISTEN' "/proc/$pid/environ"
	done
}

@test "a notify socket that is not there is no reason to stop" {
	LAUNCH_WITH=(env "NOTIFY_SOCKET=$DIR/none")
	start_server
	grep -q 'the supervisor cannot be notified.*No such file' "$LOG"
}

@test "a supervisor that does not read is not waited for" {
	"$PYTHON" -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
s.bind(sys.argv[1])
c = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
c.setblocking(False)
try:
    while True: c.sendto(b"x" * 100, sys.argv[1])
except BlockingIOError:
    open("full", "w")
time.sleep(60)' "$DIR/notify" 3>&- &
	HELPERS+=("$!")
	wait_until test -e full
	LAUNCH_WITH=(env "NOTIFY_SOCKET=$DIR/notify" WATCHDOG_USEC=1000000)
	start_server
	stop_server
	assert_equal "$SERVER_STATUS" 0
}

now_us()
{
	"$PYTHON" -c 'import time; print(time.monotonic_ns() // 1000)'
}

# reloads FROM: the notifications of one reload, begun at FROM or later.
reloads()
{
	local told

	told=$(sed 's/^[0-9.]* //' "$NOTIFIED" | grep -vE '^(STATUS|WATCHDOG)')
	[[ $told =~ ^READY=1$'\n'RELOADING=1\|MONOTONIC_USEC=([0-9]+)$'\n'READY=1$ ]] &&
		((BASH_REMATCH[1] >= $1))
}

@test "systemd is told of a reload, and when it is over" {
	play_systemd "$DIR/notify"
	start_server
	wait_until was_told 'READY=1'
	before=$(now_us)
	kill -HUP "$SERVER_PID"
	wait_until reloads "$before"
	(($(now_us) > BASH_REMATCH[1]))
	wait_until grep -q msg=reloaded "$LOG"
}

@test "nor is it told of one that is over when the server ends already" {
	local stopped

	play_systemd "$DIR/notify"
	start_server
	wait_until was_told 'READY=1'
	stopped=$(worker_pids | head -n 1)
	kill -STOP "$stopped"
	kill -HUP "$SERVER_PID"
	wait_until was_told 'RELOADING=1.*'
	kill -TERM "$SERVER_PID"
	wait_until was_told 'STOPPING=1.*'
	kill -CONT "$stopped"
	wait_server
	assert_equal "$SERVER_STATUS" 0
	grep -q 'msg=reloaded' "$LOG"
	# Behind all that the server has said.
	"$PYTHON" -c 'import socket, sys
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"END=1", sys.argv[1])' \
		"$DIR/notify"
	wait_until was_told 'END=1'
	[[ $(grep -c 'READY=1' "$NOTIFIED") == 1 ]]
}

@test "a reload that fails is over, too" {
	play_systemd "$DIR/notify"
	start_server
	wait_until was_told 'READY=1'
	write_config <<<'nonsense = 1'
	before=$(now_us)
	kill -HUP "$SERVER_PID"
	wait_until reloads "$before"
	wait_until grep -q 'settings not reloaded' "$LOG"
}

watchdogs()
{
	grep -c 'WATCHDOG=1' "$NOTIFIED"
}

more_watchdogs_than()
{
	(($(watchdogs) > $1))
}

# One more tick of the parent has passed: it has counted one more connection,
# which stays open until the test ends.
tick()
{
	local before fd

	before=$(statuses)
	exec {fd}<>"/dev/tcp/127.0.0.1/$PORT"
	wait_until more_statuses_than "$before"
}

statuses()
{
	grep -c 'STATUS=' "$NOTIFIED"
}

more_statuses_than()
{
	(($(statuses) > $1))
}

@test "the watchdog is told while broker and all workers answer, and else not" {
	play_systemd "$DIR/notify" WATCHDOG_USEC=1000000
	start_server
	wait_until more_watchdogs_than 1
	for pid in $(broker_pid) $(worker_pids | tail -n 1); do
		kill -STOP "$pid"
		tick	# may have been due already
		tick	# pings have been sent that are not answered
		before=$(watchdogs)
		tick
		[[ $(watchdogs) == "$before" ]]
		kill -CONT "$pid"
		wait_until more_watchdogs_than "$before"
	done
}

@test "a watchdog of another process is none of ours" {
	play_systemd "$DIR/notify" WATCHDOG_USEC=200000 WATCHDOG_PID=1
	start_server
	wait_until was_told 'READY=1'
	tick
	tick
	refute grep WATCHDOG "$NOTIFIED"
}

# -- systemd: sockets ---------------------------------------------------------------

# activate NAMES FD=WHAT...: see inherit.py.
activate()
{
	LAUNCH_WITH=("$PYTHON" "$TESTS/lib/inherit.py" "names=$1" "${@:2}" --)
}

inherited_port()
{
	sed -n "s/^$1 //p" "$DIR/inherited"
}

free_port()
{
	"$PYTHON" -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

@test "without a listener of its own the server takes the sockets passed" {
	activate a:b 3=tcp 4=tcp
	launch_server -c "$CONFIG"
	await_server
	[[ $(listening_ports | xargs) == \
		"$(inherited_port 3) $(inherited_port 4)" ]]
	[[ $(http_status /healthz/ready "$(inherited_port 4)") == 200 ]]
}

@test "a listener takes a socket by its name" {
	activate plain:other 3=tcp 4=unix:socket
	launch_server -c "$CONFIG" -l fd:other -l fd:plain
	await_server
	[[ $PORT == "$(inherited_port 3)" ]]
	grep -q "listening on http://unix:socket" "$LOG"
}

@test "a listener takes a socket that has its address" {
	port=$(free_port)
	activate wschatd "3=port=$port"
	launch_server -c "$CONFIG" -l "127.0.0.1:$port"
	await_server
	[[ $PORT == "$port" ]]
}

@test "a socket that no listener takes is an error that names it" {
	activate a:b 3=tcp 4=tcp
	run_wschatd -l fd:a
	[[ $status == 78 && $stderr == *"passed descriptor 4 (127.0.0.1:"* ]]
}

@test "a name that no socket has, or two have, is an error" {
	activate a:a 3=tcp 4=tcp
	run_wschatd -l fd:b -l fd:3 -l fd:4
	[[ $status == 78 && $stderr == *'fd:b: there is not one passed socket'* ]]
	run_wschatd -l fd:a
	[[ $status == 78 ]]
}

@test "what was passed to another process is not taken" {
	LAUNCH_WITH=(env LISTEN_FDS=1 LISTEN_PID=1)
	start_server
}

@test "who connects to a passed socket before the server is there is served" {
	port=$(free_port)
	"$PYTHON" - "$port" >"$DIR/answer" 3>&- <<-'PY' &
	import socket, sys, time
	end = time.monotonic() + 30
	while True:
	    try:
	        sock = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
	        break
	    except OSError:
	        assert time.monotonic() < end
	        time.sleep(0.01)
	open("connected", "w").close()
	sock.sendall(b"GET /healthz/live HTTP/1.1\r\nHost: x\r\n\r\n")
	print(sock.recv(4096).decode()[9:12])
	PY
	HELPERS+=("$!")
	LAUNCH_WITH=("$PYTHON" "$TESTS/lib/inherit.py" names=a "3=port=$port" --
		/bin/sh -c 'until test -e connected; do sleep 0.02; done
			exec "$@"' sh)
	launch_server -c "$CONFIG"
	answered() { grep -qx 200 "$DIR/answer" 2>/dev/null; }
	wait_until answered
}

# -- a descriptor for readiness -----------------------------------------------------

@test "--ready-fd gets a line, and its end, when the server serves" {
	mkfifo "$DIR/ready"
	LAUNCH_WITH=(sh -c 'exec "$@" 7>ready' sh)
	launch_server -c "$CONFIG" -l 127.0.0.1:0 --ready-fd 7
	line=$(timeout 60 cat "$DIR/ready")
	[[ $line == ready ]]
	wait_until server_listens
	[[ $(http_status /healthz/ready) == 200 ]]
}

@test "--ready-fd that is not open, or no number, is an error" {
	run_wschatd -l 127.0.0.1:0 --ready-fd 77
	[[ $status == 71 && $stderr == *'--ready-fd 77: Bad file descriptor'* ]]
	for value in x 2 '' 3x; do
		run_wschatd --ready-fd "$value"
		[[ $status == 64 && $stderr == *"--ready-fd $value: not a num"* ]]
	done
	run_wschatd --ready-fd
	[[ $status == 64 && $stderr == *'--ready-fd needs a value'* ]]
	run_wschatd --ready
	[[ $status == 64 || $status == 71 ]]
}

# -- what is shipped ------------------------------------------------------------------

BUILT=${top_builddir:-$TOP/build}

# unit FILE...: one unit in DIR with a program that is there.
unit()
{
	cat "$@" | sed "s|^ExecStart=.*|ExecStart=$WSCHATD|; /^Documentation/d" \
		>"$DIR/wschatd.service"
}

# exposure LIMIT: what systemd-analyze thinks of it is at most this.
exposure()
{
	run systemd-analyze security --offline=yes --no-pager \
		--threshold="$1" "$DIR/wschatd.service"
	[[ $output == *'Overall exposure level'* ]]
	assert_success
}

@test "the units are good, and the service is shut in" {
	command -v systemd-analyze >/dev/null ||
		need_packages libsystemd-shared systemd
	unit "$BUILT/etc/systemd/wschatd.service"
	cp "$TOP/etc/systemd/wschatd.socket" "$DIR"
	sed -i '/^Documentation/d' "$DIR/wschatd.socket"
	run systemd-analyze verify "$DIR/wschatd.service" "$DIR/wschatd.socket"
	refute_output --partial 'wschatd.s'
	exposure 12
	grep -q '^ExecReload=kill -HUP' "$DIR/wschatd.service"
	unit "$BUILT/etc/systemd/wschatd.service" \
		"$TOP/etc/systemd/socket-only.conf"
	exposure 5
	# By the name of the other one it cannot come after that.
	unit <(grep -v wschatd.service "$BUILT/etc/systemd/wschatd-inetd@.service")
	run systemd-analyze verify "$DIR/wschatd.service"
	refute_output --partial 'wschatd.s'
	exposure 12
}

@test "a server of the unit can be steered, and keeps bans over a restart" {
	mkdir -p "$DIR/run/wschatd" "$DIR/state/wschatd"
	mapfile -t said < <(sed -n 's/^Environment=//p' \
		"$BUILT/etc/systemd/wschatd.service" |
		sed "s|%t|$DIR/run|; s|%S|$DIR/state|")
	grep -qx 'RuntimeDirectory=wschatd' "$BUILT/etc/systemd/wschatd.service"
	grep -qx 'StateDirectory=wschatd' "$BUILT/etc/systemd/wschatd.service"
	ctl=("${WSCHATCTL:-${WSCHATD%/*}/wschatctl}"
		-s "$DIR/run/wschatd/control")
	LAUNCH_WITH=(env "${said[@]}")
	start_server
	"${ctl[@]}" ban 192.0.2.1
	stop_server
	rm "$LOG"
	start_server
	run "${ctl[@]}" bans
	assert_output --partial 192.0.2.1
}

# service NAME: a copy of the shipped folder, for this server and its user.
service()
{
	cp -r "$TOP/etc/$1" "$DIR/service"
	rm "$DIR/service/run.in"
	mkdir -p "$DIR/logs"
	sed "s|^exec [^ 2]*/wschatd|& -c $CONFIG -l 127.0.0.1:0|
		s|^exec [^ 2]*/wschatd|exec $WSCHATD|" \
		"$BUILT/etc/$1/run" >"$DIR/service/run"
	sed -i 's,[a-z0-9-]*setuidgid wschatd ,,; s,chpst -u wschatd ,,
		s,/var/log/wschatd,'"$DIR/logs," "$DIR/service/log/run"
	chmod +x "$DIR/service/run" "$DIR/service/log/run"
	LOG=$DIR/logs/current
}

# supervise COMMAND...: it is the leader of a session, as the server else is.
supervise()
{
	setsid "$@" >"$DIR/log.supervisor" 2>&1 </dev/null 3>&- &
	HELPERS+=("$!")
	SESSIONS+=("$!")
}

# Ready, killed, back.
survives()
{
	local first

	wait_until server_listens_by_log
	wait_until server_ready
	first=$(pgrep -P "${HELPERS[0]}" -f "$WSCHATD")
	kill -KILL "$first"
	wait_until comes_back "$first"
}

server_listens_by_log()
{
	PORT=$(listening_ports | tail -n 1)
	[[ -n $PORT ]]
}

comes_back()
{
	local pid

	pid=$(pgrep -P "${HELPERS[0]}" -f "$WSCHATD") && [[ $pid != "$1" ]] &&
		server_listens_by_log && server_ready
}

# The programs that wait for s6's events want to be installed.
s6_says()
{
	[[ $(s6-svstat -o "$1" service) == "${2:-true}" ]]
}

@test "s6 starts the server, learns when it is ready, and ends it" {
	need_packages libskarnet2.13 libexecline2.9 libs6-2.11 s6
	service s6
	sed -i "s|^exec 2>&1|exec >>$DIR/logs/current 2>\&1|" service/run
	supervise s6-supervise service
	wait_until test -p service/supervise/control
	wait_until s6_says ready
	survives
	wait_until s6_says ready
	s6-svc -d service
	wait_until s6_says up false
	s6-svc -x service
}

@test "runit starts the server, its log, and ends it" {
	need_packages runit
	service runit
	supervise runsv service
	survives
	timeout 60 sv -w 50 stop "$DIR/service"
	sv exit "$DIR/service"
}

@test "daemontools start the server, and end it" {
	need_packages daemontools
	service daemontools
	sed -i "s|^exec 2>&1|exec >>$DIR/logs/current 2>\&1|" service/run
	supervise supervise service
	survives
	svc -dx "$DIR/service"
	gone() { ! kill -0 "${HELPERS[0]}" 2>/dev/null; }
	wait_until gone
}
