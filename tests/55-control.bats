#!/usr/bin/env bats
# wschatctl, and the socket by which it comes.  What an order does to rooms is
# tested in tests/unit/test_office.c, how one is read in test_order.c.

load lib/common
load lib/controlled

@test "the socket is its owner's alone, and goes with the server" {
	start_controlled
	assert_equal "$(stat -c '%a %F' "$WSCHATCTL_SOCKET")" "600 socket"
	run ctl status
	assert_success
	assert_line --regexp '^version +[0-9]'
	assert_line --regexp "^pid +$SERVER_PID\$"
	assert_line --regexp '^uptime +[0-9]+s$'
	assert_line --regexp '^restarts +0 of the broker, 0 of workers$'
	assert_line --regexp '^worker 1 +0 connections$'
	assert_line --regexp '^worker\[1\] +[0-9]+ +[0-9]+s +[0-9.]+ MB$'
	stop_server
	[[ ! -e $WSCHATCTL_SOCKET ]]
	run ctl status
	assert_equal "$status" 69
	assert_output --partial "$WSCHATCTL_SOCKET: no server there"
}

@test "without the setting there is no socket" {
	start_server
	run ss -xlH
	refute_output --partial "$DIR"
}

@test "a path that is none is refused" {
	for setting in control attach; do
		run timeout 60 "$WSCHATD" -t -c /dev/null \
			-o "$setting = \"run/x\""
		assert_equal "$status" 78
		assert_output --partial "$setting = \"run/x\": is not a path"
	done
}

@test "a command line that is wrong is told so" {
	for words in '' 'stat' 'who a b' 'say' 'kick' 'tail' 'trace' '-x status' \
		'tail /chat -n x' '-s'; do
		# shellcheck disable=SC2086  # words are meant
		run ctl $words
		assert_equal "$words: $status" "$words: 64"
		assert_line --partial 'wschatctl: '
	done
	run ctl help
	assert_success
	assert_output "$(ctl --help)"
}

# "drain -1" once ended the server at once: -1 was the option of top.
@test "an option that a command does not take is refused" {
	start_controlled
	for words in 'drain -1' 'ban 192.0.2.1 -1' 'who -r /chat' \
		'-n 5 status' 'unban 192.0.2.1 -r /chat'; do
		# shellcheck disable=SC2086  # words are meant
		run ctl $words
		assert_equal "$words: $status" "$words: 64"
		assert_line --partial 'is not an option of'
	done
	run ctl bans
	assert_success
	refute_output --partial 192.0.2.1
}

@test "who names no room, and no address, is told how" {
	start_controlled
	run ctl say chat hello
	assert_failure 1
	assert_output --partial 'named by their paths, such as /chat/lab'
	run ctl ban 10.0.0
	assert_failure 1
	assert_output --partial 'no address, and nobody has that name'
}

@test "a ban says until when" {
	start_controlled
	run ctl ban 192.0.2.1
	assert_line '192.0.2.1 is banned for ever'
	run ctl ban 192.0.2.1 1h
	assert_line --regexp \
		'^192\.0\.2\.1 is banned until [0-9-]{10} [0-9:]{8}$'
	run ctl --help
	assert_success
	assert_line --regexp '^  tail +ROOM'
}

@test "somebody else's user is turned away" {
	[[ $(id -u) == 0 ]] || skip "needs root"
	open=$(mktemp -d /tmp/wschatctl.XXXXXX)
	chmod 755 "$open"
	cp "$WSCHATCTL" "$open/wschatctl"
	chmod 755 "$open/wschatctl"
	start_server -o "control = \"$open/control\""
	stranger() {
		setpriv --reuid=65534 --clear-groups "$open/wschatctl" \
			-s "$open/control" status
	}
	run stranger
	assert_equal "$status" 77
	# Also when the file lets everybody in.
	chmod 666 "$open/control"
	run stranger
	rm -rf "$open"
	assert_equal "$status" 77
	assert_output --partial 'not yours'
	grep -q 'control refused" uid=65534' "$LOG"
}

@test "status has each process, and how often it was started again" {
	start_controlled
	controller <<-'PY'
	import signal
	here = [Chatter() for _ in range(4)]
	before = ctl("status")
	eq([w["connections"] for w in before["workers"]], [2, 2])
	eq(before["restarts"], {"broker": 0, "worker": 0})
	eq([p["process"] for p in before["processes"]],
	    ["parent", "broker", "worker[0]", "worker[1]"])
	eq(before["processes"][0]["pid"], SERVER_PID)
	eventually(lambda: all(p["memory"] > 1 << 20
	    for p in ctl("status")["processes"]), "memory is known")
	os.kill(before["processes"][2]["pid"], signal.SIGKILL)
	def is_back():
	    now = ctl("status")
	    return now["restarts"]["worker"] == 1 and \
	        len(now["processes"]) == 4 and now
	now = eventually(is_back, "another worker")
	assert now["processes"][2]["pid"] != before["processes"][2]["pid"]
	PY
}

@test "top shows rates, one object for each second or one table" {
	start_controlled
	controller <<-'PY'
	a, b = Chatter(), Chatter()
	top = subprocess.Popen([os.environ["WSCHATCTL"], "top", "-j"],
	    stdout=subprocess.PIPE, text=True)
	def busy():
	    for n in range(10):
	        a.say("x")
	        b.expect("[user0]: x")
	    second = json.loads(top.stdout.readline())
	    return second["messages_s"] > 2 and second["lag_ms"] and second
	second = eventually(busy, "messages are seen", pause=0)
	eq((second["connections"], second["rooms"]), (2, 1))
	assert second["deliveries_s"] > second["messages_s"]
	assert second["bytes_in_s"] > 0 and second["bytes_out_s"] > 0
	assert 0 < second["lag_ms"] < 5000
	eq(len(second["processes"]), 4)
	eventually(lambda: any(p["cpu"] > 0 for p in json.loads(
	    top.stdout.readline())["processes"]), "processors work", pause=0)
	top.terminate()
	top.wait()
	eq(ctl("top", "-1")["members"], 2)
	PY
	run ctl top
	assert_success
	assert_line --regexp '^wschatd [0-9.]+, up [0-9]+s$'
	assert_line --regexp '^messages +0/s said'
	assert_line --regexp '^PROCESS +PID +CPU +MEMORY +CONNECTIONS'
	assert_line --regexp '^worker\[1\] +[0-9]+ +[0-9.]+% +[0-9.]+ MB +0 '
	refute_output --partial $'\033'
}

@test "on a terminal top draws in place until q or Ctrl-C" {
	local key tmux
	start_controlled
	for key in q C-c; do
		# Its own: a server that is told to end still answers a while.
		tmux=$DIR/tmux.$key
		timeout 60 tmux -S "$tmux" -f /dev/null new-session -d \
			-x 100 -y 24 "$WSCHATCTL top; echo code=\$?; stty -a;
			exec cat" 3>&-
		shown() {
			tmux -S "$tmux" capture-pane -p | grep -q "$1"
		}
		wait_until shown '^worker\[1\]'
		drawn_once() {
			[[ $(tmux -S "$tmux" capture-pane -p |
				grep -c '^PROCESS') == 1 ]]
		}
		wait_until drawn_once
		tmux -S "$tmux" send-keys "$key"
		wait_until shown '^code=0'
		wait_until shown ' icanon'
		tmux -S "$tmux" kill-server
	done
}

@test "who is there, and in which rooms" {
	start_controlled
	controller <<-'PY'
	a, b, c = Chatter(), Chatter(), Chatter(path="/chat/lab")
	a.say("/nick Jörg")
	a.expect("[server::nick] you are now Jörg")
	eq(names(), ["Jörg", "user1", "user2"])
	eq(names("/chat"), ["Jörg", "user1"])
	eq(names("/chat/lab"), ["user2"])
	one = [m for m in ctl("who")["members"] if m["name"] == "Jörg"][0]
	eq(one["connections"][0]["address"], "127.0.0.1")
	eq(one["room"], "/chat")
	eq([(r["room"], r["members"]) for r in ctl("rooms")["rooms"]],
	    [("/chat", 2), ("/chat/lab", 1)])
	eq(ctl("who", "/chat/none", code=1)["error"], "unknown-room")
	status = ctl("status")
	eq((status["connections"], status["members"], status["rooms"]),
	    (3, 3, 2))
	PY
}

@test "the server says what is said through it" {
	start_controlled
	controller <<-'PY'
	a, lab = Chatter(), Chatter(path="/chat/lab")
	a.say("before")
	a.expect("[user0]: before")
	eq(ctl("say", "/chat", "the", "-j", "end")["seq"], 2)
	a.expect("[server]: the -j end")
	ctl("say", "/chat", text="one\n\ntwo é\nthree")
	for text in "one", "", "two é", "three":
	    a.expect(f"[server]: {text}")
	ctl("say", "/chat", "forged\n[user0]: line")
	a.expect("[server]: forged\u2424[user0]: line")
	eq(ctl("say", "/chat/none", "x", code=1)["error"], "unknown-room")
	eq(ctl("say", "/chat", "x" * 70000, code=1)["error"], "too-big")
	ctl("say", "/chat/lab", "here")
	lab.expect("[server]: here")
	# Nobody else is called so.
	a.say("/nick server")
	assert a.hear().startswith("[server::nick] the name server")
	PY
}

@test "who is kicked stays away, the others stay" {
	start_controlled
	controller <<-'PY'
	a, b = Chatter(), Chatter()
	a.say("/nick Anna")
	a.expect("[server::nick] you are now Anna")
	eq(ctl("kick", "anna")["connections"], 1)
	a.expect_close(4500)
	eventually(lambda: names() == ["user1"], "Anna is gone")
	b.say("still here")
	b.expect("[user1]: still here")
	eq(ctl("kick", "anna", code=1)["error"], "unknown-name")
	conn = ctl("who")["members"][0]["connections"][0]["conn"]
	ctl("kick", f"conn={conn}")
	b.expect_close(4500)
	PY
	grep -q 'msg=ordered command=kick whom="anna" uid=[0-9]* result=done' "$LOG"
}

@test "who is banned is kept out, also by the next broker and server" {
	start_controlled -o "bans = \"$DIR/bans\""
	controller <<-'PY'
	import signal
	def refused():
	    Peer("/chat").expect_close(4503)
	a = Chatter()
	eq(ctl("ban", "user0")["bans"], [{"address": "127.0.0.1"}])
	a.expect_close(4503)
	refused()
	broker = subprocess.run(["pgrep", "-f", "-P", os.environ["SERVER_PID"],
	    "wschatd: broker"], capture_output=True, text=True).stdout.split()
	os.kill(int(broker[0]), signal.SIGKILL)
	refused()
	eq(ctl("bans")["bans"], [{"address": "127.0.0.1"}])
	PY
	wait_until bans_file_is '127[.]0[.]0[.]1 for ever'
	stop_server
	: >"$LOG"
	start_controlled -o "bans = \"$DIR/bans\""
	controller <<-'PY'
	Peer("/chat").expect_close(4503)
	ctl("unban", "127.0.0.1")
	eq(ctl("unban", "127.0.0.1", code=1)["error"], "not-banned")
	Chatter()
	# For a time.
	ctl("ban", "127.0.0.1", "2s")
	Peer("/chat").expect_close(4503)
	def joins():
	    try:
	        Chatter()
	        return True
	    except Closed:
	        return False
	eventually(joins, "the ban is over")
	eq(ctl("bans")["bans"], [])
	PY
	run ctl ban 127.0.0.1 soon
	assert_equal "$status" 64
}

@test "where addresses have no limits they are banned and muted all the same" {
	start_controlled -o 'limits { connections-per-address = 0
		rooms-per-address = 0 message-rate-per-address = 0 }'
	controller <<-'PY'
	there = Chatter()
	ctl("mute", "127.0.0.1")
	there.say("x")
	assert "muted" in there.hear_text()
	assert '"127.0.0.1"' in json.dumps(ctl("who"))
	ctl("ban", "127.0.0.1")
	eq(Peer("/chat").hear_frame().payload[:2], (4503).to_bytes(2, "big"))
	PY
}

@test "a file of bans that has another form is named" {
	printf '# comment\n\n192.0.2.1 for ever\nx 7\n' >"$DIR/bans"
	for only in -t '-l 127.0.0.1:0'; do
		# shellcheck disable=SC2086  # words are meant
		run timeout 60 "$WSCHATD" $only -c "$CONFIG" \
			-o "bans = \"$DIR/bans\""
		assert_equal "$status" 78
		assert_output --partial "$DIR/bans:4"
	done
}

@test "a file of bans that could not be written is warned of" {
	run timeout 60 "$WSCHATD" -t -c "$CONFIG" -o "bans = \"$DIR/bans\""
	assert_success
	assert_output ''
	start_server -o "bans = \"$DIR/none/bans\""
	grep -qF 'level=warning proc=parent msg="bans will not be stored" folder="'"$DIR/none/"'" error="No such file or directory"' "$LOG"
	run timeout 60 "$WSCHATD" -t -c "$CONFIG" \
		-o "bans = \"$DIR/none/bans\""
	assert_success
	assert_output --partial 'bans will not be stored'
}

@test "a room is followed, also behind a broker that dies" {
	start_controlled
	controller <<-'PY'
	import signal
	a = Chatter()
	for n in range(5):
	    a.say(f"line {n}")
	    a.expect(f"[user0]: line {n}")
	tail = subprocess.Popen([os.environ["WSCHATCTL"], "tail", "/chat",
	    "-n2"], stdout=subprocess.PIPE, text=True)
	def shown():
	    return tail.stdout.readline()[9:].rstrip()
	eq((shown(), shown()), ("user0: line 3", "user0: line 4"))
	a.say("/me waves")
	a.expect("* user0 waves")
	eq(shown(), "* user0 waves")
	before = ctl("status")
	broker = subprocess.run(["pgrep", "-f", "-P", os.environ["SERVER_PID"],
	    "wschatd: broker"], capture_output=True, text=True).stdout.split()
	os.kill(int(broker[0]), signal.SIGKILL)
	a.say("meanwhile")
	a.expect("[user0]: meanwhile")
	eq(shown(), "user0: meanwhile")
	b = Chatter()
	eq(shown(), "-- user1 joined (2 here)")
	b.say("/nick Berta")
	eq(shown(), "-- user1 is now Berta")
	ctl("say", "/chat", "bye")
	eq(shown(), "server: bye")
	tail.kill()
	tail.wait()
	PY
}

# A caller that breaks the rules costs nobody else anything.
@test "rude callers are answered or cut off, and the rest is served" {
	start_controlled
	controller <<-'PY'
	def call(*pieces, end=True):
	    s = socket.socket(socket.AF_UNIX)
	    s.settimeout(PATIENCE)
	    s.connect(os.environ["WSCHATCTL_SOCKET"])
	    for piece in pieces:
	        s.sendall(piece)
	    if end:
	        s.shutdown(socket.SHUT_WR)
	        return b"".join(iter(lambda: s.recv(65536), b""))
	    return s
	status = b'{"command":"status"}\n'
	eq(call(), b"")
	eq(call(b'{"command":"sta'), b"")
	for line in b"x\n", b"\n", b"\xff\xfe\n", b'{"command":"reboot"}\n':
	    assert b'"ok":false' in call(line), line
	# In pieces, and several at once, each answered in order.
	eq(call(status[:5], status[5:] + b"x\n" + status).count(b"\n"), 3)
	a = Chatter()
	# Too long, with and without an end.
	try:
	    assert b"too-long" in call(b"x" * 300000)
	except (BrokenPipeError, ConnectionResetError):
	    pass
	# As many as are served, who say nothing or follow and do not read.
	idle = [call(end=False) for _ in range(16)]
	deaf = [call(b'{"command":"tail","room":"/chat","lines":100}\n',
	    end=False) for _ in range(15)]
	for n in range(60):
	    a.say("y" * 60000)
	    a.expect("[user0]: " + "y" * 60000)
	ctl("status")
	# Nobody has work with them.
	def ticks():
	    fields = open(f"/proc/{broker}/stat").read().split()
	    return int(fields[13]) + int(fields[14])
	broker = broker_pid()
	def rests():
	    before, end = ticks(), time.monotonic() + 0.5
	    while time.monotonic() < end:
	        time.sleep(0.1)
	    return ticks() - before < 10
	eventually(rests, "the broker rests", pause=0)
	for s in idle:
	    s.close()
	eq(ctl("say", "/chat", "still")["members"], 1)
	a.expect("[server]: still")
	PY
}

@test "more callers than are served wait" {
	start_controlled
	controller <<-'PY'
	many = []
	for _ in range(40):
	    s = socket.socket(socket.AF_UNIX)
	    s.settimeout(PATIENCE)
	    s.connect(os.environ["WSCHATCTL_SOCKET"])
	    s.sendall(b'{"command":"status"}\n')
	    many.append(s)
	for s in many:
	    assert b'"ok":true' in s.recv(65536)
	    s.close()
	PY
}

@test "a text that is no UTF-8 is not said" {
	start_controlled
	run ctl say /chat $'\xff'
	assert_equal "$status" 65
}

@test "bash completes commands, rooms and names" {
	start_controlled
	controller <<-'PY'
	a = Chatter(path="/chat/lab")
	subprocess.run(["bash", "-c", """
	    set -e
	    PATH=${WSCHATCTL%/*}:$PATH
	    . "$1"
	    try() {
	        COMP_LINE=$* COMP_POINT=${#COMP_LINE}
	        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
	        _wschatctl
	        echo "${COMPREPLY[*]}"
	    }
	    test "$(try wschatctl st)" = status
	    test "$(try wschatctl --so)" = --socket
	    [[ $(cd "${WSCHATCTL_SOCKET%/*}" && try wschatctl -s co) == control ]]
	    test "$(try wschatctl -s "$WSCHATCTL_SOCKET" say /c)" = /chat/lab
	    test "$(try wschatctl kick us)" = user0
	    test "$(try wschatctl trace us)" = user0
	    wschatctl ban 192.0.2.0/24
	    wschatctl mute 198.51.100.0/24
	    wschatctl mute user0
	    test "$(try wschatctl unban 1)" = 192.0.2.0/24
	    test "$(try wschatctl unmute 1)" = 198.51.100.0/24
	    test "$(try wschatctl unmute us)" = user0
	    test -z "$(try wschatctl unban 192.0.2.0/24 1)"
	    # As bash has it, which knows no colons inside of words.
	    wschatctl ban 2001:db8::/32
	    wschatctl ban 2001:db9::/32
	    test "$(try wschatctl unban 2)" = "2001:db8::/32 2001:db9::/32"
	    split() {
	        COMP_LINE="wschatctl unban $1" COMP_POINT=${#COMP_LINE}
	        COMP_WORDS=(wschatctl unban "${@:2}") COMP_CWORD=$#
	        _wschatctl
	        echo "${COMPREPLY[*]}"
	    }
	    test "$(split 2001: 2001 :)" = "db8::/32 db9::/32"
	    test "$(split 2001:db9 2001 : db9)" = db9::/32
	    test "$(split 2001:db9:: 2001 : db9 ::)" = /32
	    test -z "$(try wschatctl kick user0 us)"
	    """, "bash", os.environ["COMPLETION"]], check=True)
	PY
}
