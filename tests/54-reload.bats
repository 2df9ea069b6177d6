#!/usr/bin/env bats
# SIGHUP: the configuration, certificates and listeners are read anew, and
# nobody is disconnected.

load lib/common
load lib/certificates

BOTH='route "/chat" {}
route "/echo" { kind = echo }'

# Instead of the common one: ROUTES, which a test may change.
write_config()
{
	{
		printf 'site = "%s"\nworkers = 2\n' "$SITE"
		echo "${ROUTES-$BOTH}"
		cat
	} >"$CONFIG"
}

# reload <SETTINGS: writes them, behind those of write_config, and has the
# server read its file again; $output is what the log says of it.
reload()
{
	local before

	write_config
	before=$(wc -l <"$LOG")
	kill -HUP "$SERVER_PID"
	wait_until told_since "$before"
	output=$(tail -n "+$((before + 1))" "$LOG" | grep proc=parent)
}

told_since()
{
	tail -n "+$(($1 + 1))" "$LOG" |
		grep -qE 'msg=(reloaded|"settings not reloaded")'
}

@test "limits count at once, also for who is there, and nobody is dropped" {
	start_server
	mkfifo go
	peer >heard <<-'PY' &
	echo, chats = Peer("/echo"), [Chatter() for _ in range(8)]
	open("ready", "w").close()
	open("go").read()
	chats[0].say("still here")
	for chat in chats:
	    eq(chat.hear_until("[").endswith("still here"), True)
	echo.send_text("x" * 5000)
	echo.expect_close(1009)
	PY
	wait_until test -e ready
	reload <<<'limits { message-size = 4096 }'
	assert_output --partial 'msg="setting changed" setting="limits.message-size" from="64K" to="4K"'
	assert_output --partial 'setting="route /echo: limits.message-size"'
	assert_output --partial 'msg=reloaded'
	: >go
	wait $!
	refute_log 'msg=died'
}

refute_log()
{
	refute grep -F "$1" "$LOG"
}

# nohup(1) has SIGHUP ignored, a script SIGINT of what it starts with "&".
@test "signals count also where they were ignored by who started the server" {
	LAUNCH_WITH=(sh -c 'trap "" HUP INT TERM CHLD; exec "$@"' sh)
	start_server
	reload <<<'limits { message-size = 4K }'
	assert_output --partial 'msg=reloaded'
	peer <<-'PY'
	kill(worker_pids()[0])
	eventually(lambda: len(worker_pids()) == 2, "another worker")
	PY
	stop_server INT
	assert_equal "$SERVER_STATUS" 0
}

@test "a bad file changes nothing, and the log says where it is wrong" {
	start_server
	reload <<<'limits { message-sise = 1 }'
	assert_output --regexp 'level=error .*msg="settings not reloaded" error="'"$CONFIG"':5: .*message-size'
	reload <<<'limits { message-burst = 0 }'
	assert_output --partial 'nothing ever passes'
	mv "$CONFIG" away
	kill -HUP "$SERVER_PID"
	wait_until grep -q 'not reloaded.*No such file' "$LOG"
	peer <<-'PY'
	echo = Peer("/echo")
	echo.send_text("x" * 60000)
	eq(len(echo.hear_text()), 60000)
	PY
	refute_log msg=reloaded
}

@test "included files are read again, and those that are new" {
	mkdir conf.d
	echo 'limits { message-size = 4096 }' >conf.d/a.conf
	write_config <<<'include = "conf.d/*.conf"'
	start_server
	echo 'limits { message-size = 8192 }' >conf.d/a.conf
	echo 'limits { fragments = 9 }' >conf.d/b.conf
	reload <<<'include = "conf.d/*.conf"'
	assert_output --partial 'setting="limits.message-size" from="4K" to="8K"'
	assert_output --partial 'setting="limits.fragments" from="64" to="9"'
	assert_output --partial 'msg=reloaded'
}

@test "a reload keeps what the environment says" {
	export WSCHATD_LIMITS_MESSAGE_SIZE=4096
	start_server
	reload <<<'limits { message-size = 8192 fragments = 9 }'
	refute_output --partial message-size
	assert_output --partial 'setting="limits.fragments" from="64" to="9"'
}

@test "what needs a restart is named, and the rest counts" {
	start_server
	ROUTES=
	reload <<-'CONF'
	workers = 1
	log-size = "128M"
	user = "somebody"
	log-level = debug
	route "/chat" { kind = chat identity = session greeting = "Hello, %u" }
	route "/echo" { kind = chat }
	route "/more" {}
	CONF
	for what in workers log-size user 'route /chat: identity' \
		'route /echo: kind' 'route /more'; do
		assert_output --partial \
			"level=warning proc=parent msg=\"needs a restart\" setting=\"$what\""
	done
	assert_output --partial 'msg="setting changed" setting="log-level"'
	assert_output --partial 'msg="setting changed" setting="route /chat: greeting"'
	peer <<-'PY'
	eq(Peer("/chat").hear_text(), "Hello, 1")
	echo = Peer("/echo")
	echo.send_text("x")
	eq(echo.hear_text(), "x")
	PY
	assert_equal "$(http_status /more)" 404
	worker_count_is 2
}

@test "listeners are added and closed, and who came by one stays" {
	start_plain
	local old=$PORT

	peer >heard <<-'PY' &
	chat = Chatter()
	open("ready", "w").close()
	eventually(lambda: os.path.exists("closed"), "the closing")
	chat.say("I stay")
	eq(chat.hear_until("[").endswith("I stay"), True)
	chat.leave()
	PY
	wait_until test -e ready
	reload <<<"listen \"unix:$DIR/x.sock\" {}
listen \"localhost:0\" {}"
	assert_output --partial "msg=\"closed http://127.0.0.1:$old\""
	assert_output --partial "msg=\"listening on http://unix:$DIR/x.sock\""
	PORT=$(listening_ports | tail -n 1)
	[[ $PORT != "$old" ]]
	assert_equal "$(http_status /healthz/live)" 200
	assert_equal "$(http_status /healthz/live "$old")" ''
	: >closed
	wait $!
	assert_equal "$(curl -s --unix-socket x.sock http://x/healthz/live)" ok
	reload <<<'listen "localhost:0" {}'
	[[ ! -e x.sock ]]
	assert_equal "$(http_status /healthz/live)" 200
}

# With the listeners of the file, not one of the command line.
start_plain()
{
	write_config <<<"listen \"127.0.0.1:0\" { ${1:-} }"
	launch_server -c "$CONFIG"
	await_server
}

@test "an address that is taken is an error, and nothing changes" {
	start_plain
	local taken

	"$PYTHON" - >port 3>&- <<-'PY' &
	import socket, sys, time
	s = socket.create_server(("127.0.0.1", 0))
	print(s.getsockname()[1], flush=True)
	time.sleep(60)
	PY
	local holder=$!
	wait_until test -s port
	taken=$(<port)
	reload <<-CONF
	listen "localhost:0" {}
	listen "127.0.0.1:$taken" {}
	limits { message-size = 1 }
	CONF
	kill "$holder"
	assert_output --partial 'msg="settings not reloaded"'
	assert_output --partial "bind 127.0.0.1:$taken: Address already in use"
	refute_output --partial 'setting changed'
	assert_equal "$(http_status /healthz/live)" 200
	assert_equal "$(listening_ports | wc -l)" 1
}

@test "a certificate is renewed under load, and nobody is dropped" {
	make_ca ca
	issue localhost ca DNS:localhost,IP:127.0.0.1
	cp localhost.pem served.pem
	cp localhost.key served.key
	issue localhost ca DNS:localhost,DNS:renewed.example
	local with="tls-certificate = \"$DIR/served.pem\" tls-key = \"$DIR/served.key\""
	write_config <<-CONF
	listen "127.0.0.1:0" { $with }
	listen "localhost:0" {}
	CONF
	launch_server -c "$CONFIG"
	await_server
	TLS_PORT=$(sed -n 's|.*listening on https://[^"]*:\([0-9]*\).*|\1|p' "$LOG")
	export TLS_PORT CERTS=$DIR
	peer >heard <<-'PY' &
	from tlsproto import *
	def names():
	    with TlsSocket() as sock:
	        return str(sock.tls.getpeercert()["subjectAltName"])
	old = [TlsPeer("/echo") for _ in range(6)]
	rounds, seen = 0, {"renewed" in names()}
	open("ready", "w").close()
	while not os.path.exists("over") or rounds < 20:
	    for peer in old:
	        peer.send_text(f"round {rounds}")
	    for peer in old:
	        eq(peer.hear_text(), f"round {rounds}")
	    seen.add("renewed" in names())
	    rounds += 1
	eq(seen, {False, True}, "certificates seen")
	for _ in range(8):
	    assert "renewed" in names()
	for peer in old:
	    peer.leave()
	PY
	wait_until test -e ready
	# A key that does not fit the certificate: nothing changes.
	cp localhost.key served.key
	reload <<-CONF
	listen "127.0.0.1:0" { $with }
	listen "localhost:0" {}
	CONF
	assert_output --partial 'not the key of'
	cp localhost.pem served.pem
	reload <<-CONF
	listen "127.0.0.1:0" { $with }
	listen "localhost:0" {}
	CONF
	assert_output --partial 'msg=reloaded'
	: >over
	wait $!
	refute_log 'msg=died'
}

@test "TLS on a listener where none was, and none again" {
	start_plain
	make_ca ca
	issue localhost ca DNS:localhost
	local plain='listen "127.0.0.1:0" {}'

	reload <<-CONF
	$plain
	listen "localhost:0" { tls-certificate = "$DIR/localhost.pem"
		tls-key = "$DIR/localhost.key" }
	CONF
	TLS_PORT=$(sed -n 's|.*listening on https://[^"]*:\([0-9]*\).*|\1|p' "$LOG")
	for _ in 1 2 3 4; do
		assert_equal "$(curl -sS --cacert ca.pem \
			"https://localhost:$TLS_PORT/healthz/live")" ok
	done
	# Sessions are resumed, whichever worker comes next.
	for _ in 1 2; do
		run resumes
		assert_output --partial 'Reused, TLSv1.3'
	done
	reload <<-CONF
	$plain
	listen "localhost:0" {}
	CONF
	assert_equal "$(curl -sS "http://localhost:$TLS_PORT/healthz/live")" ok
	refute_log 'msg=died'
}

resumes()
{
	local ask='GET /healthz/live HTTP/1.1\r\nHost: x\r\n\r\n'

	# shellcheck disable=SC2059  # it is the format
	printf "$ask" | timeout 60 openssl s_client -connect \
		"localhost:$TLS_PORT" -ign_eof -sess_out s >/dev/null 2>&1
	# shellcheck disable=SC2059
	printf "$ask" | timeout 60 openssl s_client -connect \
		"localhost:$TLS_PORT" -ign_eof -sess_in s 2>&1
}

@test "children that start after a reload have the new settings" {
	start_server
	ROUTES='route "/echo" { kind = echo }'
	reload <<-'CONF'
	route "/chat" { greeting = "Hello, %u" message = "%n says %t" }
	limits { message-size = 4096 rooms = 2 }
	CONF
	peer <<-'PY'
	a = Peer("/chat/a")
	eq(a.hear_text(), "Hello, 1")
	kill(broker_pid())
	eventually(lambda: ready(), "readiness")
	a.send_text("hi")
	eq(a.hear_text(), "user0 says hi")
	b = Peer("/chat/b")
	eq(b.hear_text(), "Hello, 1")
	try:
	    c = Peer("/chat/c")
	    c.expect_close(1013, skip_data=True)
	except Refused as no:
	    eq(no.answer.status, 503)
	for pid in worker_pids():
	    kill(pid)
	eventually(lambda: len(worker_pids()) == 2 and ready(), "workers")
	for _ in range(4):
	    eq(Peer("/chat/a").hear_text().startswith("Hello, "), True)
	    echo = Peer("/echo")
	    echo.send_text("x" * 4097)
	    echo.expect_close(1009)
	PY
}

@test "a reload while workers start reaches them" {
	start_server
	write_config <<<'limits { message-size = 4096 }'
	for delay in 0 0.002 0.01 0.03; do
		write_config <<<"limits { message-size = $((4096 + RANDOM)) }"
		for pid in $(worker_pids); do kill -KILL "$pid"; done
		sleep "$delay"
		write_config <<<'limits { message-size = 2048 }'
		kill -HUP "$SERVER_PID"
		wait_until worker_count_is 2
		wait_until server_ready
		peer <<-'PY'
		for _ in range(4):
		    echo = Peer("/echo")
		    echo.send_text("x" * 2048)
		    eq(len(echo.hear_text()), 2048)
		    echo.send_text("x" * 2049)
		    echo.expect_close(1009)
		PY
	done
}

@test "a reload is over when every process has read it" {
	local stopped

	start_server
	stopped=$(worker_pids | head -n 1)
	kill -STOP "$stopped"
	write_config <<<'limits { message-size = 4096 }'
	kill -HUP "$SERVER_PID"
	wait_until grep -q 'msg="setting changed"' "$LOG"
	# What comes meanwhile waits, and is not forgotten.
	write_config <<<'limits { message-size = 8192 }'
	kill -HUP "$SERVER_PID"
	refute_log 'msg=reloaded'
	kill -CONT "$stopped"
	reloaded_twice() { [[ $(grep -c 'msg=reloaded' "$LOG") == 2 ]]; }
	wait_until reloaded_twice
	grep -q 'from="4K" to="8K"' "$LOG"
}

@test "larger messages than before go through the broker at once" {
	start_server
	peer "$LOG" "$CONFIG" <<-'PY'
	log, config = sys.argv[1:]
	text = open(config).read()
	chat = Chatter()
	def reload(size):
	    before = open(log).read().count("msg=reloaded")
	    with open(config, "w") as file:
	        file.write(text + f"limits {{ message-size = {size} message-rate = 0 }}")
	    os.kill(SERVER_PID, signal.SIGHUP)
	    eventually(lambda: open(log).read().count("msg=reloaded") > before,
	               "the reload")
	for round in range(10):
	    reload(2000000)
	    chat.say("x" * 1900000)
	    chat.hear_until("[user0]: x")
	    chat.say("y" * 1000)
	    reload(1000)
	    chat.hear_until("[user0]: y")
	PY
	refute_log 'msg=died'
}

@test "history takes effect" {
	start_server
	peer "$LOG" "$CONFIG" <<-'PY'
	log, config = sys.argv[1:]
	text = open(config).read()
	chat = Chatter()
	for i in range(10):
	    chat.say(f"line {i}")
	chat.hear_until("[user0]: line 9")
	with open(config, "w") as file:
	    file.write(text.replace('"/chat" {', '"/chat" { history = 3 replay = 3'))
	os.kill(SERVER_PID, signal.SIGHUP)
	eventually(lambda: "msg=reloaded" in open(log).read(), "the reload")
	late = Peer("/chat")
	heard = [late.hear_text() for _ in range(4)]
	assert heard[:3] == [f"[user0]: line {i}" for i in (7, 8, 9)] or \
	    heard[1:] == [f"[user0]: line {i}" for i in (7, 8, 9)], heard
	PY
}

@test "the page is read anew, and who reads the old one gets all of it" {
	mkdir page
	head -c 3000000 /dev/zero | tr '\0' a >page/big.txt
	echo old >page/index.html
	start_server -o "site = \"$DIR/page\""
	peer "$LOG" "$DIR/page" <<-'PY'
	log, page = sys.argv[1:]
	slow = connect_tcp(receive_buffer=4096)
	slow.sendall(plain_head(target="/big.txt"))
	eq(slow.recv(12), b"HTTP/1.1 200")
	for round in range(3):
	    with open(page + "/big.txt", "w") as file:
	        file.write("b" * 3000000)
	    with open(page + "/index.html", "w") as file:
	        file.write(f"new {round}\n")
	    before = open(log).read().count("msg=reloaded")
	    os.kill(SERVER_PID, signal.SIGHUP)
	    eventually(lambda: open(log).read().count("msg=reloaded") > before,
	               "the reload")
	    for _ in range(4):
	        eventually(lambda: get("/").body == f"new {round}\n".encode(),
	                   "the new page")
	body = read_to_end(slow).partition(b"\r\n\r\n")[2]
	eq(body == b"a" * 3000000, True, "the old file")
	PY
	refute_log 'msg=died'
}

@test "a shorter grace time counts for who is away, other pings for the idle" {
	start_server
	peer "$LOG" "$CONFIG" <<-'PY'
	log, config = sys.argv[1:]
	text = open(config).read()
	away, idle = Peer("/chat?resume=new"), Peer("/echo")
	idle.answer_pings = False
	away.hear_text()
	away.vanish()
	wait_for_users(1)
	with open(config, "w") as file:
	    file.write(text.replace('"/chat" {', '"/chat" { grace = 0.2') +
	               "limits { ping-interval = 0.3 ping-timeout = 0.3 }")
	os.kill(SERVER_PID, signal.SIGHUP)
	idle.expect_close(1011)
	wait_for_users(0)
	PY
}

@test "workers are added, and serve" {
	start_server
	reload <<<'workers = 4'
	wait_until worker_count_is 4
	wait_until server_ready
	peer <<-'PY'
	chats = []
	def all_have_some():
	    chats.append(Chatter(f"/chat/{len(chats) % 3}"))
	    return len([pid for pid in worker_pids() if client_ports(pid)]) == 4
	eventually(all_have_some, "clients of each worker")
	kill(broker_pid())
	for chat in chats:
	    chat.say("hello")
	for chat in chats:
	    chat.hear_until("[")
	kill(worker_pids()[-1])
	eventually(lambda: len(worker_pids()) == 4 and ready(), "readiness")
	eq(Peer("/chat").hear_text().startswith("You are"), True)
	PY
}
