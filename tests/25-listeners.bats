#!/usr/bin/env bats
# Where connections come in: TCP, sockets in the file system, and descriptors
# that whoever starts the server has opened.

# shellcheck disable=SC2154  # bats sets stderr
load lib/common

# listen_unix [SETTINGS [PATH]]: starts a server on a unix socket, and on TCP.
listen_unix()
{
	SOCKET=${2:-$DIR/socket}
	launch_server -c "$CONFIG" \
		-o "listen \"unix:$SOCKET\" { $1 } listen \"127.0.0.1:0\" {}"
	await_server
}

# unix_status PATH TARGET: the status of a GET.
unix_status()
{
	curl -s -o /dev/null -w '%{http_code}' -m 20 --unix-socket "$1" \
		"http://localhost$2"
}

# run_wschatd ARGS...: a server that ends by itself; status and stderr.
run_wschatd()
{
	run --separate-stderr timeout -k 2 60 "${LAUNCH_WITH[@]}" "$WSCHATD" \
		-c "$CONFIG" "$@" 3>&-
}

# A socket file of a server that is dead.
leave_socket()
{
	python - "$1" <<<'import socket, sys
socket.socket(socket.AF_UNIX).bind(sys.argv[1])'
	[[ -S $1 ]]
}

inherit()
{
	LAUNCH_WITH=("$PYTHON" "$TESTS/lib/inherit.py" "$@" --)
}

# inherited_port FD
inherited_port()
{
	sed -n "s/^$1 //p" "$DIR/inherited"
}

# -- unix ---------------------------------------------------------------------

@test "a unix socket serves, and the log names it" {
	listen_unix ''
	[[ $(unix_status "$SOCKET" /healthz/live) == 200 ]]
	grep -qF "msg=\"listening on http://unix:$SOCKET\"" "$LOG"
}

@test "a unix socket may be all that there is" {
	launch_server -c "$CONFIG" -l "unix:$DIR/socket"
	wait_until test -S "$DIR/socket"
	answers() { [[ $(unix_status "$DIR/socket" /healthz/ready) == 200 ]]; }
	wait_until answers
	stop_server
	[[ $SERVER_STATUS == 0 ]]
}

@test "everybody may connect to a unix socket unless mode says otherwise" {
	umask 077
	listen_unix ''
	[[ $(stat -c %a "$SOCKET") == 666 ]]
}

@test "mode is what the file of a unix socket gets" {
	umask 022
	listen_unix 'mode = 0620'
	[[ $(stat -c %a "$SOCKET") == 620 ]]
	# Nothing else gets it.
	grep -qx $'Umask:\t0022' "/proc/$SERVER_PID/status"
}

@test "owner and group are whose the file of a unix socket is" {
	[[ $(id -u) == 0 ]] || skip 'not root'
	listen_unix 'owner = nobody group = daemon mode = 0600'
	[[ $(stat -c '%U %G %a' "$SOCKET") == 'nobody daemon 600' ]]
}

@test "owner and group may be numbers" {
	[[ $(id -u) == 0 ]] || skip 'not root'
	listen_unix 'owner = 12345 group = 54321'
	[[ $(stat -c '%u %g' "$SOCKET") == '12345 54321' ]]
}

@test "without owner and group the file is as the server was started" {
	listen_unix ''
	[[ $(stat -c '%u %g' "$SOCKET") == "$(id -u) $(id -g)" ]]
}

@test "an owner or a group that does not exist is an error that names it" {
	run_wschatd -o "listen \"unix:$DIR/socket\" { owner = \"no.body\" }"
	[[ $status == 78 && $stderr == *no.body*' does not exist'* ]]
	run_wschatd -o "listen \"unix:$DIR/socket\" { group = \"no.group\" }"
	[[ $status == 78 && $stderr == *no.group*' does not exist'* ]]
	[[ ! -e $DIR/socket ]]
}

@test "a socket file may not be given away by somebody who is not root" {
	[[ $(id -u) == 0 ]] || skip 'not root'
	local listen

	listen="listen \"unix:$DIR/open/socket\" { owner = 12345 }"
	mkdir -m 777 "$DIR/open"
	chmod 755 "$DIR" "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR" \
		"$BATS_FILE_TMPDIR" "${BATS_TEST_TMPDIR%/*}"
	LAUNCH_WITH=(setpriv --reuid 12346 --clear-groups)
	setpriv --reuid 12346 --clear-groups test -x "$WSCHATD" ||
		skip 'the program is not readable for others'
	run_wschatd -o "$listen"
	[[ $status == 77 && $stderr == *"unix:$DIR/open/socket"* ]]
	[[ ! -e $DIR/open/socket ]]
}

@test "the file of a unix socket is removed at the end" {
	listen_unix ''
	[[ -S $SOCKET ]]
	stop_server
	[[ $SERVER_STATUS == 0 && ! -e $SOCKET ]]
}

@test "a file that has taken the place of the socket is left alone" {
	listen_unix ''
	rm "$SOCKET"
	echo mine >"$SOCKET"
	stop_server
	[[ $(cat "$SOCKET") == mine ]]
}

@test "the socket of a dead server is replaced" {
	leave_socket "$DIR/socket"
	listen_unix ''
	[[ $(unix_status "$SOCKET" /healthz/live) == 200 ]]
}

@test "the socket of a killed server is replaced by its successor" {
	listen_unix ''
	kill -KILL "$SERVER_PID"
	wait_server
	wait_until session_empty "${SESSIONS[0]}"
	[[ -S $SOCKET ]]
	: >"$LOG"
	listen_unix ''
	[[ $(unix_status "$SOCKET" /healthz/live) == 200 ]]
}

@test "the socket of a living server is an error, and goes on serving" {
	listen_unix ''
	run_wschatd -l "unix:$SOCKET"
	[[ $status == 71 ]]
	[[ $stderr == *"bind unix:$SOCKET: Address already in use"* ]]
	[[ $(unix_status "$SOCKET" /healthz/live) == 200 ]]
}

@test "a datagram socket of somebody is left alone" {
	python - "$DIR/socket" "$WSCHATD" "$CONFIG" <<'EOF'
import os, socket, subprocess, sys
path, program, config = sys.argv[1:]
own = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
own.bind(path)
before = os.lstat(path).st_ino
end = subprocess.run([program, "-c", config, "-l", "unix:" + path],
                     capture_output=True, timeout=60)
assert end.returncode == 71, end
assert b"Address already in use" in end.stderr, end
assert os.lstat(path).st_ino == before
EOF
}

@test "what is no socket is never replaced" {
	echo mine >"$DIR/file"
	mkdir "$DIR/folder"
	leave_socket "$DIR/real"
	ln -s real "$DIR/link"
	for name in file folder link; do
		run_wschatd -l "unix:$DIR/$name"
		[[ $status == 71 ]]
		[[ $stderr == *"unix:$DIR/$name: the file is there and is no"* ]]
	done
	[[ $(cat "$DIR/file") == mine && -L $DIR/link && -S $DIR/real ]]
}

@test "a folder that is missing is an error that names the socket" {
	run_wschatd -l "unix:$DIR/none/socket"
	[[ $status == 71 ]]
	[[ $stderr == *"bind unix:$DIR/none/socket: No such file"* ]]
}

@test "who comes by a unix socket is not counted by address" {
	write_config <<<'limits { connections-per-address = 2 }'
	listen_unix ''
	python - "$SOCKET" <<'EOF'
import socket, sys
socks = []
for _ in range(10):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(10)
    sock.connect(sys.argv[1])
    sock.sendall(b"GET /healthz/live HTTP/1.1\r\nHost: x\r\n\r\n")
    assert sock.recv(4096).startswith(b"HTTP/1.1 200 "), "refused"
    socks.append(sock)
EOF
}

# -- limits by address ----------------------------------------------------------

# ten_are_told STATUSES: what ten connections at once from this machine hear.
ten_are_told()
{
	python - "$1" <<'EOF'
import os, socket, sys
socks, told = [], []
for _ in range(10):
    sock = socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))
    sock.settimeout(10)
    sock.sendall(b"GET /healthz/live HTTP/1.1\r\nHost: x\r\n\r\n")
    told.append(sock.recv(4096)[9:12].decode())
    socks.append(sock)
assert told == sys.argv[1].split(), told
EOF
}

counted='limits { connections-per-address = 2 loopback-exempt = no }'

@test "one address is counted on TCP" {
	start_server -o "$counted"
	ten_are_told '200 200 503 503 503 503 503 503 503 503'
}

@test "a trusted proxy is not counted by its own address" {
	start_server -o "$counted" \
		-o 'trusted-proxies = { "10.0.0.0/8", "127.0.0.0/8" }'
	ten_are_told '200 200 200 200 200 200 200 200 200 200'
}

@test "a proxy that is not trusted is counted" {
	start_server -o "$counted" \
		-o 'trusted-proxies = { "unix:", "::1", "127.0.0.2" }'
	ten_are_told '200 200 503 503 503 503 503 503 503 503'
}

two_listen()
{
	[[ $(listening_ports | wc -l) == 2 ]]
}

@test "who comes with the PROXY protocol is not counted by the proxy" {
	launch_server -c "$CONFIG" -o "$counted" -o '
		listen "127.0.0.1:0" { proxy-protocol = yes }
		listen "localhost:0" {}'
	wait_until two_listen
	mapfile -t ports < <(listening_ports)
	python - "${ports[@]}" <<'EOF'
import select, socket, sys

def fill(port):
    """80 connections that say nothing."""
    return [socket.create_connection(("127.0.0.1", int(port)))
            for _ in range(80)]

# Beyond twice the limit and 64 the parent itself refuses, at once.
proxied, counted = fill(sys.argv[1]), fill(sys.argv[2])
assert select.select(counted, [], [], 10)[0], "nobody is counted"
assert not select.select(proxied, [], [], 0)[0], "a proxy is counted"
EOF
}

# -- descriptors ------------------------------------------------------------------

@test "a listening socket is inherited as descriptor 3" {
	inherit 3=tcp
	launch_server -c "$CONFIG" -l fd:3
	await_server
	[[ $PORT == "$(inherited_port 3)" ]]
	[[ $(http_status /healthz/live) == 200 ]]
}

@test "a listening socket is inherited as descriptor 9" {
	inherit 9=tcp
	launch_server -c "$CONFIG" -l fd:9
	await_server
	[[ $PORT == "$(inherited_port 9)" ]]
	[[ $(http_status /healthz/live) == 200 ]]
}

@test "several sockets are inherited, in any order" {
	inherit 3=tcp 4=tcp 7=tcp 8=tcp 30=tcp
	launch_server -c "$CONFIG" -l fd:30 -l fd:3 -l fd:8 -l fd:4 -l fd:7
	await_server
	mapfile -t ports < <(listening_ports)
	expected=()
	for fd in 30 3 8 4 7; do
		expected+=("$(inherited_port "$fd")")
	done
	[[ ${ports[*]} == "${expected[*]}" ]]
	for port in "${ports[@]}"; do
		[[ $(http_status /healthz/live "$port") == 200 ]]
	done
}

@test "an inherited unix socket serves, and its file stays" {
	inherit 3=unix:socket
	launch_server -c "$CONFIG" -l fd:3 -l 127.0.0.1:0
	await_server
	[[ $(unix_status "$DIR/socket" /healthz/live) == 200 ]]
	stop_server
	[[ -S $DIR/socket ]]
}

@test "an inherited socket stays with the parent" {
	inherit 3=tcp
	launch_server -c "$CONFIG" -l fd:3
	await_server
	run ss -Hltnp "sport = :$PORT"
	[[ $(grep -o 'pid=[0-9]*' <<<"$output") == "pid=$SERVER_PID" ]]
}

@test "a descriptor that is not open is an error that names it" {
	inherit 4=tcp
	run_wschatd -l fd:3
	[[ $status == 71 && $stderr == *'fd:3: Bad file descriptor'* ]]
	# Nor is another one that was moved taken for it.
	for fd in 7 8 9 10 11 12; do
		run_wschatd -l fd:4 -l "fd:$fd"
		[[ $status == 71 ]]
		[[ $stderr == *"fd:$fd: Bad file descriptor"* ]]
	done
}

@test "a descriptor that does not listen is an error that names it" {
	inherit 3=idle 4=datagram 5=file
	run_wschatd -l fd:3
	[[ $status == 71 && $stderr == *'fd:3: is no stream socket that listens'* ]]
	run_wschatd -l fd:4
	[[ $status == 71 && $stderr == *'fd:4: is no stream socket that listens'* ]]
	run_wschatd -l fd:5
	[[ $status == 71 && $stderr == *'fd:5: Socket operation on non-socket'* ]]
}

# -- TCP ------------------------------------------------------------------------

need_ipv6()
{
	grep -q ' lo$' /proc/net/if_inet6 2>/dev/null ||
		skip 'no IPv6 on this machine'
}

@test "all of IPv6 and all of IPv4 are listened on side by side" {
	need_ipv6
	port=$(python - <<'EOF'
import socket
sock = socket.socket(socket.AF_INET6)
sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
sock.bind(("::", 0))
print(sock.getsockname()[1])
EOF
	)
	launch_server -c "$CONFIG" -l "[::]:$port" -l "0.0.0.0:$port"
	await_server
	grep -qF "listening on http://[::]:$port" "$LOG"
	grep -qF "listening on http://0.0.0.0:$port" "$LOG"
	for host in 127.0.0.1 '[::1]'; do
		run curl -s -o /dev/null -w '%{http_code}' -m 20 \
			"http://$host:$port/healthz/live"
		[[ $output == 200 ]]
	done
}

@test "[::] takes no IPv4" {
	need_ipv6
	launch_server -c "$CONFIG" -l '[::]:0'
	wait_until server_listens
	run curl -s -m 20 "http://127.0.0.1:$PORT/healthz/live"
	[[ $status == 7 ]]
	run curl -s -m 20 -o /dev/null "http://[::1]:$PORT/healthz/live"
	[[ $status == 0 ]]
}

@test "an address of another machine is an error that names it" {
	run_wschatd -l 192.0.2.1:8080
	[[ $status == 71 && $stderr == *'bind 192.0.2.1:8080: '* ]]
}

@test "a server that could not open all of its listeners starts later" {
	run_wschatd -l "unix:$DIR/socket" -l 192.0.2.1:8080
	[[ $status == 71 ]]
	listen_unix ''
	[[ $(unix_status "$SOCKET" /healthz/live) == 200 ]]
}

@test "a form of an address that nobody knows is a mistake in usage" {
	for address in 8080 unix:socket fd:2 fd:x:y tcp:1.2.3.4:5; do
		run_wschatd -l "$address"
		[[ $status == 64 && $stderr == *"-l $address: "* ]]
	done
}

# -- several ------------------------------------------------------------------

# Both were waiting in the same turn: the first to be served filled the only
# worker's share, and one who came by the other was refused.
@test "who comes by one listener is not refused while another keeps workers busy" {
	write_config <<<'workers = 1'
	launch_server -c "$CONFIG" -l 127.0.0.1:0 -l localhost:0
	await_server
	PORTS=$(listening_ports) python - <<'EOF'
import os, signal
from wsproto import connect_tcp, eq, plain_head

stopped = int(os.environ["SERVER_PID"])
os.kill(stopped, signal.SIGSTOP)
while open(f"/proc/{stopped}/stat").read().rpartition(") ")[2][0] != "T":
    pass
socks = []
for port in os.environ["PORTS"].split():
    for _ in range(40):     # more than are on their way to a worker at once
        socks.append(connect_tcp(port=int(port)))
        socks[-1].sendall(plain_head(target="/healthz/live"))
os.kill(stopped, signal.SIGCONT)
for sock in socks:
    eq(sock.recv(4096)[:12], b"HTTP/1.1 200", "answer")
    sock.close()
EOF
}
