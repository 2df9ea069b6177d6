#!/usr/bin/env bats
# Who is the same member again: by a cookie, with several tabs, and by a token
# after a connection was lost.  The clients are Python's websockets and node's
# ws.  How a handshake is read is tested in tests/unit/test_token.c.

load lib/common

# Tests in which the log is overwritten have one worker, so that it cannot be the
# other one that is overrun, however busy the machine is.

# A file with the shipped routes, and a page's route /lab whose members are told
# about each other.
start_sessions()
{
	printf 'site = "%s"\nworkers = 2\n' "$SITE" >"$CONFIG"
	start_server -o 'route "/lab" { announce = yes  grace = 30 }' "$@"
}

# members [ARGS...] <SCRIPT: runs Python on standard input with member imported.
members()
{
	{
		echo 'from member import *'
		cat
	} >"$DIR/members.py"
	python "$DIR/members.py" "$@"
}

# -- the session preset ------------------------------------------------------------

@test "tabs of a browser are one member" {
	start_sessions
	members <<-'PY'
	other = Member("/ws")
	other.expect("[server] Member joined: user1.")
	first = Member("/ws")
	first.expect("[server] Member joined: user2.")
	other.expect("[server] Member joined: user2.")
	second = Member("/ws", cookie=first.cookie)
	third = Member("/ws", cookie=f"a=b; {first.cookie}; c=d")
	eq(second.set_cookie, None, "a second cookie")
	for n, tab in enumerate((second, third, first)):
	    tab.say(f"tab {n}")
	    for one in other, first, second, third:
	        one.expect(f"[user2] tab {n}")
	other.say("/who")
	other.expect("[server::who] user2, user1")
	# A tab may close in any way: the member is there.
	second.leave()
	first.vanish()
	third.say("still here")
	other.expect("[user2] still here")
	third.expect("[user2] still here")
	third.leave()
	other.expect("[server] Member left: user2.")
	PY
}

@test "a browser that comes back is given the name it had, others a new one" {
	start_sessions
	members <<-'PY'
	other = Member("/ws")
	one = Member("/ws")
	other.expect("[server] Member joined: user1.",
	             "[server] Member joined: user2.")
	one.expect("[server] Member joined: user2.")
	one.say("/user Anna")
	one.expect("[server::nick] you are now Anna",
	           "[server] Member renamed from user2 to Anna.")
	other.expect("[server] Member renamed from user2 to Anna.")
	# A page that is loaded again: its browser says 1001.
	one.leave(1001)
	again = Member("/ws", cookie=one.cookie)
	again.say("hello")
	again.expect("[Anna] hello")
	other.expect("[Anna] hello")
	other.say("/nick anna")
	other.expect("[server::nick] the name anna is taken")
	# It leaves for good, and the cookie is a new member's.
	again.leave()
	other.expect("[server] Member left: Anna.")
	new = Member("/ws", cookie=one.cookie)
	eq(new.set_cookie, None, "another cookie")
	new.expect("[Anna] hello", "[server] Member joined: user3.")
	PY
}

@test "the cookie is for scripts to see never, and for the route alone" {
	start_sessions
	members <<-'PY'
	one = Member("/ws/lab")
	match = re.fullmatch(r"SESSION=([A-Za-z0-9_-]{22}); Path=/ws; HttpOnly; "
	                     r"SameSite=Lax", one.set_cookie)
	assert match, one.set_cookie
	two = Member("/ws", cookie="SESSION=nonsense")
	assert two.set_cookie, "a malformed cookie is replaced"
	assert two.cookie != one.cookie
	for target in "/chat", "/chat?resume=new", "/echo":
	    eq(Member(target, cookie=one.cookie).set_cookie, None, target)
	PY
}

@test "and so it is when a trusted proxy speaks TLS" {
	start_sessions -o 'trusted-proxies = "127.0.0.1"'
	members <<-'PY'
	def cookie(scheme):
	    return Member("/ws", fields={"X-Forwarded-Proto": scheme}).set_cookie
	assert cookie("https").endswith("; SameSite=Lax; Secure")
	assert cookie("http").endswith("; SameSite=Lax")
	PY
	stop_server
	rm "$LOG"
	start_sessions
	members <<-'PY'
	one = Member("/ws", fields={"X-Forwarded-Proto": "https"})
	assert one.set_cookie.endswith("; SameSite=Lax"), one.set_cookie
	PY
}

@test "over TLS the cookie is for TLS" {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
		-nodes -subj /CN=localhost -days 2 \
		-keyout "$DIR/key.pem" -out "$DIR/cert.pem" 2>/dev/null
	printf 'site = "%s"\n' "$SITE" >"$CONFIG"
	printf 'listen "127.0.0.1:0" { tls-certificate = "%s" tls-key = "%s" }\n' \
		"$DIR/cert.pem" "$DIR/key.pem" >>"$CONFIG"
	launch_server -c "$CONFIG"
	wait_until grep -q 'listening on https' "$LOG"
	PORT=$(sed -n 's|.*listening on https://[^"]*:\([0-9]*\).*|\1|p' "$LOG")
	members <<-'PY'
	one = Member("/ws", tls=True)
	assert one.set_cookie.endswith("; SameSite=Lax; Secure"), one.set_cookie
	one.expect("[server] Member joined: user1.")
	Member("/ws", tls=True, cookie=one.cookie).say("again")
	one.expect("[user1] again")
	PY
}

@test "a joiner and a tab get the last lines, and then live ones" {
	start_sessions -o 'limits { message-rate = 0 }'
	members <<-'PY'
	one = Member("/ws")
	one.expect("[server] Member joined: user1.")
	for n in range(150):
	    one.say(f"{n}")
	for n in range(150):
	    one.expect(f"[user1] {n}")
	two = Member("/ws")
	two.expect(*(f"[user1] {n}" for n in range(50, 150)))
	two.expect("[server] Member joined: user2.")
	one.expect("[server] Member joined: user2.")
	tab = Member("/ws", cookie=one.cookie)
	tab.expect(*(f"[user1] {n}" for n in range(50, 150)))
	# What it names as its last is what it has.
	tab = Member("/ws?after=147", cookie=one.cookie)
	tab.expect("[user1] 147", "[user1] 148", "[user1] 149")
	two.say("live")
	tab.expect("[user2] live")
	PY
}

@test "a tab goes where another tab of its member goes" {
	start_sessions
	members <<-'PY'
	one = Member("/ws")
	tab = Member("/ws", cookie=one.cookie)
	one.expect("[server] Member joined: user1.")
	one.say("/join lab")
	one.expect("[server::join] you are in lab, there are 1 users")
	while tab.hear() != "[server::join] you are in lab, there are 1 users":
	    pass
	tab.say("here")
	while (line := one.hear()) != "[user1] here":
	    assert line.startswith("[server]"), line
	# A tab that is opened for another room takes them along.
	third = Member("/ws", cookie=one.cookie)
	for each in one, tab:
	    while (line := each.hear()) != \
	            "[server::join] you are in the default room, there are 1 users":
	        assert line.startswith("[server] ") or line == "[user1] here", line
	third.say("and here")
	for each in one, tab, third:
	    while (line := each.hear()) != "[user1] and here":
	        assert line.startswith("[server] "), line
	PY
}

@test "a browser has 32 tabs, and no more" {
	start_sessions
	members <<-'PY'
	tabs = [Member("/ws")]
	tabs += [Member("/ws", cookie=tabs[0].cookie) for _ in range(31)]
	tabs[0].expect("[server] Member joined: user1.")
	Member("/ws", cookie=tabs[0].cookie).expect_close(1013)
	tabs[31].leave()
	# Gone when the server has been told.
	def has_place():
	    tab = Member("/ws", cookie=tabs[0].cookie)
	    try:
	        tab.expect_quiet()
	    except Closed as closed:
	        eq(closed.code, 1013)
	        return False
	    return True
	eventually(has_place, "a place for a tab")
	tabs[0].say("all are here")
	for tab in tabs[:31]:
	    tab.expect("[user1] all are here")
	PY
}

@test "on /ws commands are whole words, and nobody forges a line" {
	start_sessions
	members <<-'PY'
	one, two = Member("/ws"), Member("/ws")
	one.expect("[server] Member joined: user1.",
	           "[server] Member joined: user2.")
	two.expect("[server] Member joined: user2.")
	for text in "/whoami", "/helpme", "/users", "/userX", "/who?", "/ who":
	    one.say(text)
	one.expect("[server::error] no command /whoami; /help lists them",
	           "[server::error] no command /helpme; /help lists them",
	           "[server::error] no command /users; /help lists them",
	           "[server::error] no command /userX; /help lists them",
	           "[user1] /who?", "[user1] / who")
	two.expect("[user1] /who?", "[user1] / who")
	one.say("/who")
	one.expect("[server::who] user2, user1")
	one.say("/user user2")
	line = one.hear()
	assert line.startswith("[server::nick] the name user2 is"), line
	for name in "server", "Server", "[server]", "s\u0435rver":
	    one.say(f"/user {name}")
	    line = one.hear()
	    assert line.startswith(f"[server::nick] the name {name} is not"), line
	for text in "x\n[server] Member left: user2.", \
	        "x\r[server] gone", "x\u2028[server::who] nobody":
	    one.say(text)
	    for each in one, two:
	        line = each.hear()
	        assert line.startswith("[user1] x\u2424[server"), line
	PY
}

@test "a peer that fails never disconnects who says something" {
	start_sessions -o 'limits { message-rate = 0 }'
	members <<-'PY'
	one, two = Member("/ws"), Member("/ws")
	mute = [Peer("/ws", receive_buffer=4096) for _ in range(4)]
	one.expect(*(f"[server] Member joined: user{n}." for n in range(1, 7)))
	two.expect(*(f"[server] Member joined: user{n}." for n in range(2, 7)))
	for n in range(100):
	    one.say(f"{n:05}" + "x" * 40000)
	    for each in one, two:
	        while not (line := each.hear()).startswith("[user1] "):
	            pass
	        eq(line[8:13], f"{n:05}")
	    if n == 20:
	        for peer in mute[:2]:
	            peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
	                                 struct.pack("ii", 1, 0))
	            peer.sock.close()
	PY
}

# -- tokens ------------------------------------------------------------------------

@test "who asks for a token is given one, and nobody else" {
	start_sessions
	members <<-'PY'
	one = Member("/chat?resume=new")
	one.expect("You are connected! There are 1 users here.")
	token = one.expect_token()
	two = Member("/chat?resume=new&x=y")
	two.expect("You are connected! There are 2 users here.")
	assert two.expect_token() != token
	three = Member("/chat?x=y")
	three.expect("You are connected! There are 3 users here.")
	three.expect_quiet()
	for each in one, two, three:
	    eq(each.set_cookie, None, "a cookie")
	PY
}

@test "who comes back with its token is who it was" {
	start_sessions
	members <<-'PY'
	other = Member("/lab/x")
	other.expect("You are connected! There are 1 users here.",
	             "[server] Member joined: user0.")
	one = Member("/lab?resume=new")
	one.expect("You are connected! There are 1 users here.")
	token = one.expect_token()
	one.expect("[server] Member joined: user1.")
	one.say("/nick Anna")
	one.say("/join x")
	other.expect("[server] Member joined: Anna.")
	one.vanish()
	for text in "a", "b", "c":
	    other.say(text)
	    other.expect(f"[user0]: {text}")
	# It counts meanwhile, and has its name.
	other.say("/who")
	eq(sorted(other.hear().split("] ")[1].split(", ")), ["Anna (away)", "user0"])
	other.say("/nick anna")
	other.expect("[server::nick] the name anna is taken")
	# The path's room is for who is new.
	one = Member(f"/lab?resume={token}&after=1")
	one.expect("[server::resume] you are Anna again, in x",
	           "[user0]: b", "[user0]: c")
	one.say("back")
	for each in one, other:
	    each.expect("[Anna]: back")
	one.vanish()
	one = Member(f"/lab/x?after=4&resume={token}")
	one.expect("[server::resume] you are Anna again, in x")
	one.expect_quiet()
	one.say("/join")
	one.expect("[server::join] you are in the default room, "
	           "there are 1 users")
	one.vanish()
	one = Member(f"/lab/x?after=4&resume={token}")
	one.expect("[server::resume] you are Anna again, in the default room")
	PY
}

@test "without a number everything is repeated that was not proven" {
	start_sessions -o 'limits { ping-interval = 0.1 }'
	members <<-'PY'
	other = Member("/lab")
	other.expect("You are connected! There are 1 users here.",
	             "[server] Member joined: user0.")
	other.say("before")
	other.expect("[user0]: before")
	one = Peer("/lab?resume=new")
	eq(one.hear_text(), "You are connected! There are 2 users here.")
	token = one.hear_text().split()[-1]
	eq(one.hear_text(), "[server] Member joined: user1.")
	other.expect("[server] Member joined: user1.")
	for text in "a", "b":
	    other.say(text)
	    other.expect(f"[user0]: {text}")
	    eq(one.hear_text(), f"[user0]: {text}")

	# A ping behind them, whose pong proves them, in front of another ping.
	def is_proven():
	    try:
	        one.hear_text(0.05)
	    except Silence:
	        pass
	    return any(len(ping) == 16 and struct.unpack("=QQ", ping)[1] == 3
	               for ping in one.pings)
	eventually(is_proven, "a ping with the number 3")
	one.answer_pings = False
	one.send(PING, b"x")
	while (got := one.hear_frame()).opcode != PONG:
	    eq(got.opcode, PING)
	for text in "c", "d":
	    other.say(text)
	    other.expect(f"[user0]: {text}")
	    eq(one.hear_text(), f"[user0]: {text}")
	one.vanish()
	one = Member(f"/lab?resume={token}")
	one.expect("[server::resume] you are user1 again, in the default room",
	           "[server::resume] repeating from 4",
	           "[user0]: c", "[user0]: d")
	one.expect_quiet()
	# Who talks all the time is asked, too.
	asked = Peer("/lab/x?resume=new")
	eq(asked.hear_text(), "You are connected! There are 1 users here.")
	token = asked.hear_text().split()[-1]
	eq(asked.hear_text(), "[server] Member joined: user2.")

	def is_asked():
	    asked.send_text("x")
	    eq(asked.hear_text(), "[user2]: x")
	    return any(len(ping) == 16 and struct.unpack("=QQ", ping)[1] > 9
	               for ping in asked.pings)
	eventually(is_asked, "a ping with a number above 9", pause=0.02)
	PY
}

@test "a token that is not known is a new member's, and said to be" {
	start_sessions
	members <<-'PY'
	other = Member("/chat")
	other.expect("You are connected! There are 1 users here.")
	tokens = {"A" * 22}
	for n, wrong in enumerate(("A" * 22, "x", "", "A" * 21 + "B")):
	    one = Member(f"/chat?resume={wrong}&after=7")
	    one.expect(f"You are connected! There are {n + 2} users here.",
	               f"[server::resume] not known any more, you are user{n + 1}")
	    token = one.expect_token()
	    assert token not in tokens, "a token that was there"
	    tokens.add(token)
	    one.say(f"{n}")
	    one.expect(f"[user{n + 1}]: {n}")
	    other.expect(f"[user{n + 1}]: {n}")
	    one.vanish()
	    # The new one counts.
	    one = Member(f"/chat?resume={token}&after={n + 1}")
	    one.expect(f"[server::resume] you are user{n + 1} again, "
	               "in the default room")
	# One route's token is none of another.
	lab = Member(f"/lab?resume={token}")
	lab.expect("You are connected! There are 1 users here.",
	           "[server::resume] not known any more, you are user0")
	PY
}

@test "a token that is used in a second place closes the first" {
	start_sessions
	members <<-'PY'
	other = Member("/lab")
	other.expect("You are connected! There are 1 users here.",
	             "[server] Member joined: user0.")
	first = Member("/lab?resume=new")
	first.expect("You are connected! There are 2 users here.")
	token = first.expect_token()
	other.expect("[server] Member joined: user1.")
	first.expect("[server] Member joined: user1.")
	for n in range(5):
	    second = Member(f"/lab?resume={token}&after=9")
	    second.expect("[server::resume] you are user1 again, "
	                  "in the default room")
	    first.expect_close(4509)
	    first = second
	first.say("once")
	for each in first, other:
	    each.expect("[user1]: once")
	wait_for_who(other, ["user0", "user1"])
	first.leave()
	other.expect("[server] Member left: user1.")
	# Nobody else is in the room, whichever worker has the two.
	first = Member("/lab/empty?resume=new")
	first.expect("You are connected! There are 1 users here.")
	token = first.expect_token()
	first.expect("[server] Member joined: user2.")
	for n in range(5):
	    second = Member(f"/lab?resume={token}&after=0")
	    second.expect("[server::resume] you are user2 again, in empty")
	    first.expect_close(4509)
	    first = second
	PY
}

@test "who said goodbye is not waited for" {
	start_sessions
	members <<-'PY'
	other = Member("/lab")
	other.expect("You are connected! There are 1 users here.",
	             "[server] Member joined: user0.")

	def come(n):
	    one = Member("/lab?resume=new")
	    one.expect("You are connected! There are 2 users here.")
	    token = one.expect_token()
	    other.expect(f"[server] Member joined: user{n}.")
	    one.expect(f"[server] Member joined: user{n}.")
	    return one, token

	one, token = come(1)
	one.leave(1000)
	other.expect("[server] Member left: user1.")
	two, token = come(2)
	two.say("/quit")
	other.expect("[server] Member left: user2.")
	# A close frame without a code, and a breach of the protocol.
	for n, last in (3, frame(CLOSE)), (4, frame(TEXT, b"\xff")):
	    peer = Peer("/lab?resume=new")
	    other.expect(f"[server] Member joined: user{n}.")
	    peer.send_raw(last)
	    other.expect(f"[server] Member left: user{n}.")
	# A plain client is gone at once, however it goes.
	plain = Member("/lab")
	other.expect("[server] Member joined: user5.")
	plain.vanish()
	other.expect("[server] Member left: user5.")
	again = Member(f"/lab?resume={token}")
	again.expect("You are connected! There are 2 users here.",
	             "[server::resume] not known any more, you are user6")
	PY
}

@test "at the end of the grace time the leave is told, and the name is free" {
	start_sessions -o 'route "/lab" { grace = 2 }'
	members <<-'PY'
	other = Member("/lab")
	other.expect("You are connected! There are 1 users here.",
	             "[server] Member joined: user0.")
	one = Member("/lab?resume=new")
	one.expect("You are connected! There are 2 users here.")
	token = one.expect_token()
	one.say("/nick Anna")
	one.expect("[server] Member joined: user1.",
	           "[server::nick] you are now Anna")
	while (line := one.hear()) != "[server] Member renamed from user1 to Anna.":
	    pass
	other.expect("[server] Member joined: user1.",
	             "[server] Member renamed from user1 to Anna.")
	one.vanish()
	other.say("/nick anna")
	other.expect("[server::nick] the name anna is taken")
	other.expect("[server] Member left: Anna.")
	other.say("/nick anna")
	other.expect("[server::nick] you are now anna")
	one = Member(f"/lab?resume={token}")
	one.expect("You are connected! There are 2 users here.",
	           "[server::resume] not known any more, you are user2")
	PY
}

@test "a token in a subprotocol, which is not named in the answer" {
	start_sessions
	need_node_module ws
	members "$TESTS/lib/ws_client.mjs" <<-'PY'
	import json
	import subprocess
	one = Member("/lab?resume=new")
	one.expect("You are connected! There are 1 users here.")
	token = one.expect_token()
	one.expect("[server] Member joined: user0.")
	one.vanish()
	# It goes before the query.
	one = Member("/lab?resume=new", protocols=[f"wschat.resume.{token}"])
	one.expect("[server::resume] you are user0 again, in the default room")
	eq(one.socket.subprotocol, None)
	one.say("hello")
	one.expect("[user0]: hello")

	# node's ws fails when a server names none of those it offers; so it
	# comes with the query.
	node = subprocess.Popen(["node", sys.argv[1],
	    f"ws://{HOST}:{PORT}/lab?resume={token}&after=0"],
	    stdin=subprocess.PIPE, stdout=subprocess.PIPE)
	one.expect_close(4509)

	def event():
	    return json.loads(node.stdout.readline())
	eq(event(), {"open": True})
	eq(event(), {"text":
	    "[server::resume] you are user0 again, in the default room"})
	eq(event(), {"text": "[user0]: hello"})
	node.stdin.write(b"from node\n")
	node.stdin.flush()
	eq(event(), {"text": "[user0]: from node"})
	again = Member(f"/lab?resume={token}&after=2")
	again.expect("[server::resume] you are user0 again, in the default room")
	eq(event()["close"], 4509)
	PY
}

@test "no token is logged" {
	start_sessions -o 'log-level = debug'
	members <<-'PY' >"$DIR/tokens"
	one = Member("/lab?resume=new")
	one.expect("You are connected! There are 1 users here.")
	token = one.expect_token()
	one.vanish()
	Member(f"/lab?resume={token}").vanish()
	Member("/lab", protocols=[f"wschat.resume.{token}"]).vanish()
	page = Member("/ws")
	# Refused, malformed, too long, not found: with all that they carry.
	fields = [f"Cookie: {page.cookie}", "Origin: http://evil.example"]
	for target in (f"/lab?resume={token}", f"/none?resume={token}",
	               f"/?resume={token}", f"/lab/a/b?resume={token}"):
	    for more in fields, fields[:1]:
	        request(upgrade_head(target, fields=more) if more is fields
	                else plain_head(target=target, fields=more))
	request(upgrade_head(f"/lab?resume={token}", version="12"))
	print(token)
	print(page.cookie.split("=")[1])
	PY
	[[ $(wc -l <"$DIR/tokens") == 2 ]]
	wait_until grep -q 'unknown-route' "$LOG"
	run ! grep -F -f "$DIR/tokens" "$LOG"
	run ! grep -F 'resume' "$LOG"
}

# -- what must not be lost ---------------------------------------------------------

@test "a resume brings all that was said, once, while more is said" {
	start_sessions -o 'limits { message-rate = 0 }'
	members <<-'PY'
	other = Member("/chat")
	one = Member("/chat?resume=new")
	one.expect("You are connected! There are 2 users here.")
	token = one.expect_token()
	other.expect("You are connected! There are 1 users here.")
	said = 0

	# Another room counts as high.
	elsewhere = Member("/chat/elsewhere")

	def say(count):
	    global said
	    for _ in range(count):
	        said += 1
	        other.say(f"{said}")
	        elsewhere.say("x")

	heard = 0
	for turn in range(20):
	    one.vanish()
	    say(400)
	    one = Member(f"/chat?resume={token}&after={heard}")
	    say(200)
	    one.expect("[server::resume] you are user1 again, "
	               "in the default room")
	    # It is lost again in the middle.
	    until = said if turn == 19 else heard + 300
	    while heard < until:
	        heard += 1
	        one.expect(f"[user0]: {heard}")
	one.expect_quiet()
	PY
}

# Every one of them walked over the whole log between, so thousands who came
# back at once walked over each other.
@test "who missed a line is not walked to it past all that was said elsewhere" {
	start_sessions -o 'workers = 1 limits { message-rate = 0 }'
	members "$(worker_pids)" <<-'PY'
	def cpu_s():
	    with open(f"/proc/{sys.argv[1]}/stat") as file:
	        fields = file.read().rpartition(") ")[2].split()
	    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")

	def come_back():
	    """What a hundred who missed one line cost the worker."""
	    begin = cpu_s()
	    for _ in range(100):
	        one = Peer(f"/chat?resume={token}&after=0")
	        one.hear_text()
	        eq(one.hear_text(), "[user0]: hear")
	        one.vanish()
	    return cpu_s() - begin

	other = Member("/chat")
	one = Member("/chat?resume=new")
	one.hear()
	token = one.expect_token()
	one.vanish()
	other.say("hear")
	costs = come_back()
	talker = Peer("/chat/elsewhere")
	talker.hear_text()
	for _ in range(400):
	    talker.send_raw(frame(TEXT, "x") * 1000)
	    for _ in range(1000):
	        talker.hear_text()
	# The line that was missed last lies behind them.
	other.say("see")
	other.expect("You are connected! There are 1 users here.",
	             "[user0]: hear", "[user0]: see")
	more = come_back()
	assert more < 3 * costs + 0.1, f"{more} s instead of {costs} s"
	PY
}

@test "what the log does not have any more is said to be lost" {
	start_sessions -o 'log-size = "1M" workers = 1' \
		-o 'limits { message-rate = 0 }' \
		-o 'route "/lab" { history = 3 announce = no }' \
		-o 'limits { backlog = "4M" }'
	members <<-'PY'
	quiet = Member("/lab")
	quiet.expect("You are connected! There are 1 users here.")
	one = Member("/lab?resume=new")
	one.expect("You are connected! There are 2 users here.")
	token = one.expect_token()
	for n in range(1, 9):
	    quiet.say(f"{n}")
	    quiet.expect(f"[user0]: {n}")
	one.vanish()
	# Another room takes the ring several times over.
	busy = Member("/chat")
	busy.hear()
	for n in range(100):
	    busy.say("x" * 40000)
	    busy.hear()
	one = Member(f"/lab?resume={token}&after=2")
	one.expect("[server::resume] you are user1 again, in the default room",
	           "[server::resume] lost 3-5",
	           "[user0]: 6", "[user0]: 7", "[user0]: 8")
	quiet.say("9")
	one.expect("[user0]: 9")
	one.vanish()
	# Kept ones and messages, and a gap between.
	quiet.expect("[user0]: 9")
	for n in range(10, 13):
	    quiet.say(f"{n}")
	    quiet.expect(f"[user0]: {n}")
	one = Member(f"/lab?resume={token}&after=0")
	one.expect("[server::resume] you are user1 again, in the default room",
	           "[server::resume] lost 1-5")
	one.expect(*(f"[user0]: {n}" for n in range(6, 13)))
	one.expect_quiet()
	PY
}

@test "where nothing is kept all that is overwritten is said to be lost" {
	start_sessions -o 'log-size = "1M" workers = 1' \
		-o 'limits { message-rate = 0 }' \
		-o 'route "/lab" { history = 0 announce = no }'
	members <<-'PY'
	quiet = Member("/lab")
	quiet.expect("You are connected! There are 1 users here.")
	one = Member("/lab?resume=new")
	one.expect("You are connected! There are 2 users here.")
	token = one.expect_token()
	for n in range(1, 9):
	    quiet.say(f"{n}")
	    quiet.expect(f"[user0]: {n}")
	one.vanish()
	busy = Member("/chat")
	busy.hear()
	for n in range(60):
	    busy.say("x" * 40000)
	    busy.hear()
	one = Member(f"/lab?resume={token}&after=7")
	one.expect("[server::resume] you are user1 again, in the default room",
	           "[server::resume] lost 8-8")
	quiet.say("9")
	one.expect("[user0]: 9")
	one.vanish()
	one = Member(f"/lab?resume={token}&after=2")
	one.expect("[server::resume] you are user1 again, in the default room",
	           "[server::resume] lost 3-8", "[user0]: 9")
	one.expect_quiet()
	PY
}

@test "many lines of a quiet room are there for who comes back" {
	start_sessions -o 'log-size = "1M" workers = 1' \
		-o 'limits { message-rate = 0 }' \
		-o 'route "/lab" { history = 500 replay = 400 announce = no }'
	members <<-'PY'
	quiet = Member("/lab")
	quiet.expect("You are connected! There are 1 users here.")
	one = Member("/lab?resume=new")
	one.expect("You are connected! There are 2 users here.")
	token = one.expect_token()
	one.vanish()
	lines = [f"[user0]: {n} " + "y" * 100 for n in range(1, 501)]
	for line in lines:
	    quiet.say(line[9:])
	    quiet.expect(line)
	busy = Member("/chat")
	busy.hear()
	for n in range(60):
	    busy.say("x" * 40000)
	    busy.hear()
	for n in range(501, 521):
	    lines.append(f"[user0]: {n}")
	    quiet.say(f"{n}")
	    quiet.expect(lines[-1])
	new = Member("/lab")
	new.expect("You are connected! There are 3 users here.", *lines[-400:])
	for after in 0, 3, 130, 498, 500, 510:
	    one = Member(f"/lab?resume={token}&after={after}")
	    one.expect("[server::resume] you are user1 again, "
	               "in the default room", *lines[after:])
	    one.expect_quiet()
	    one.vanish()
	PY
}

@test "a joiner gets no lines older than history-age, a resume does" {
	start_sessions -o 'route "/lab" {
		history-age = 3 replay = 100 announce = no }' \
		-o 'log-size = "1M" workers = 1 limits { message-rate = 0 }'
	members <<-'PY'
	other = Member("/lab")
	other.expect("You are connected! There are 1 users here.")
	one = Member("/lab?resume=new")
	one.expect("You are connected! There are 2 users here.")
	token = one.expect_token()
	one.vanish()
	kept = Member("/lab/kept")
	kept.expect("You are connected! There are 1 users here.")
	for each in other, kept:
	    each.say("old")
	other.expect("[user0]: old")
	kept.expect("[user2]: old")
	old = time.monotonic()
	# It is overwritten while it is young, and kept.
	busy = Member("/chat")
	busy.hear()
	for n in range(60):
	    busy.say("x" * 40000)
	    busy.hear()
	eventually(lambda: time.monotonic() > old + 3, "it is old")
	one.vanish()
	other.say("older")
	other.expect("[user0]: older")
	old = time.monotonic()
	eventually(lambda: time.monotonic() > old + 3, "it is old")
	other.say("new")
	other.expect("[user0]: new")
	kept.say("new")
	kept.expect("[user2]: new")
	new = Member("/lab")
	new.expect("You are connected! There are 3 users here.")
	new.expect("[user0]: new")
	new = Member("/lab/kept")
	new.expect("You are connected! There are 2 users here.")
	new.expect("[user2]: new")
	one = Member(f"/lab?resume={token}&after=0")
	one.expect("[server::resume] you are user1 again, in the default room",
	           "[user0]: old", "[user0]: older", "[user0]: new")
	PY
}

@test "a session outlives a killed worker" {
	start_sessions
	members <<-'PY'
	token = {}
	for n in range(4):
	    one = Member("/lab?resume=new")
	    one.expect(f"You are connected! There are {n + 1} users here.")
	    token[n] = one.expect_token()
	    if n == 0:
	        first = one
	# One has heard something, another nothing at all.
	first.say("hello")
	while first.hear() != "[user0]: hello":
	    pass
	for pid in worker_pids():
	    kill(pid)
	eventually(lambda: get("/healthz/ready").status == 200 and
	           len(worker_pids()) == 2, "new workers")
	watch = Member("/lab")
	watch.expect("You are connected! There are 5 users here.",
	             "[server] Member joined: user4.")
	for n in range(4):
	    one = Member(f"/lab?resume={token[n]}&after=0")
	    one.expect(f"[server::resume] you are user{n} again, "
	               "in the default room", "[user0]: hello",
	               *(f"[user{m}]: {m}" for m in range(n)))
	    one.say(f"{n}")
	    one.expect(f"[user{n}]: {n}")
	    watch.expect(f"[user{n}]: {n}")
	    one.vanish()
	watch.expect_quiet()
	PY
}

@test "a session outlives a killed broker" {
	start_sessions
	members <<-'PY'
	other = Member("/lab")
	other.expect("You are connected! There are 1 users here.",
	             "[server] Member joined: user0.")
	live = Member("/lab?resume=new")
	live.expect("You are connected! There are 2 users here.")
	live_token = live.expect_token()
	away = Member("/lab?resume=new")
	away.expect("You are connected! There are 3 users here.")
	token = away.expect_token()
	other.expect("[server] Member joined: user1.",
	             "[server] Member joined: user2.")
	away.vanish()
	for n in range(3):
	    kill(broker_pid())
	    other.say(f"{n}")
	    other.expect(f"[user0]: {n}")
	    away = Member(f"/lab?resume={token}&after={n}")
	    away.expect("[server::resume] you are user2 again, "
	                "in the default room", f"[user0]: {n}")
	    away.vanish()
	live.expect("[server] Member joined: user1.",
	            "[server] Member joined: user2.",
	            "[user0]: 0", "[user0]: 1", "[user0]: 2")
	again = Member(f"/lab?resume={live_token}&after=3")
	again.expect("[server::resume] you are user1 again, in the default room")
	live.expect_close(4509)
	again.leave()
	other.expect("[server] Member left: user1.")
	PY
}

@test "tabs outlive a killed broker, and a killed worker" {
	start_sessions
	members <<-'PY'
	other = Member("/ws")
	other.expect("[server] Member joined: user1.")
	tabs = [Member("/ws")]
	tabs += [Member("/ws", cookie=tabs[0].cookie) for _ in range(3)]
	other.expect("[server] Member joined: user2.")
	kill(broker_pid())
	for n, tab in enumerate(tabs):
	    tab.say(f"{n}")
	    other.expect(f"[user2] {n}")
	for tab in tabs[:3]:
	    tab.leave()
	tabs[3].say("one is left")
	other.expect("[user2] one is left")
	for pid in worker_pids():
	    kill(pid)
	eventually(lambda: get("/healthz/ready").status == 200 and
	           len(worker_pids()) == 2, "new workers")
	tab = Member("/ws", cookie=tabs[0].cookie)
	while tab.hear() != "[user2] one is left":
	    pass
	tab.say("here")
	tab.expect("[user2] here")
	PY
}

# Which whispers had been heard was remembered in a table of fixed size, and
# those to people with many tabs drove each other out of it.
@test "whispers to many tabs are heard once when the broker is killed" {
	start_sessions -o 'limits { message-rate = 0 }'
	members <<-'PY'
	MEMBERS, TABS, WHISPERS = 16, 16, 400
	tabs = []
	for n in range(MEMBERS):
	    first = Peer("/ws")
	    cookie = first.answer.field("Set-Cookie").split(";")[0]
	    tabs += [first] + [Peer("/ws", fields=[f"Cookie: {cookie}"])
	                       for _ in range(TABS - 1)]
	boss = Peer("/ws")
	eventually(lambda: b" user17." in boss.hear_data()[1], "to be there")
	heard = [[] for _ in tabs]
	def listen(peer, lines):
	    while len(lines) < WHISPERS or lines[-1] != "end":
	        line = peer.hear_data()[1].decode()
	        if line.startswith("[server::whisper] from user17: "):
	            lines.append(line.split(": ")[1])
	listeners = [threading.Thread(target=listen, args=pair)
	             for pair in zip(tabs, heard)]
	for listener in listeners:
	    listener.start()
	to = ",".join(f"user{n + 1}" for n in range(MEMBERS))
	texts = [str(n) for n in range(WHISPERS)] + ["end"]
	boss.send_raw(b"".join(frame(TEXT, f"/w {to} {text}")
	                       for text in texts))
	kill(broker_pid())	# in the middle of it
	for listener in listeners:
	    listener.join()
	for lines in heard:
	    eq(lines, texts, "whispers")
	PY
}

@test "who moves and is lost before it knows misses nothing of the new room" {
	start_sessions
	members <<-'PY'
	there = Peer("/chat/b")
	eq(there.hear_data()[1][:17], b"You are connected", "greeting")
	here = Member("/chat?resume=new")
	here.hear()
	token = here.expect_token()
	for n in range(5):
	    here.say(f"{n}")
	    here.expect(f"[user1]: {n}")
	here.say("/join b")
	here.expect("[server::join] you are in b, there are 2 users")
	here.vanish()
	there.send_text("in b")
	eq(there.hear_data()[1], b"[user0]: in b", "line")
	# The last it knows to have had is the fifth line, of the other room.
	here = Member(f"/chat?resume={token}&after=5")
	here.expect("[server::resume] you are user1 again, in b",
	            "[server::resume] repeating from 1", "[user0]: in b")
	here.expect_quiet()
	PY
}

@test "who is replaced is told at once, and its last words are no log lines" {
	start_sessions -o 'limits { message-rate = 0 }'
	members <<-'PY'
	old = Member("/chat?resume=new")
	old.hear()
	token = old.expect_token()
	# By another worker: nobody else is in the room.  Late would be with what
	# that worker hears next, once a second.
	start = time.monotonic()
	for n in range(8):
	    new = Member(f"/chat?resume={token}&after=0")
	    old.expect_close(4509)
	    new.expect("[server::resume] you are user0 again, "
	               "in the default room")
	    old = new
	assert time.monotonic() - start < 2, "it was told late"
	talk = b"".join(frame(TEXT, f"{n}") for n in range(200))
	def talk_on(peer):
	    try:
	        for n in range(20):
	            peer.send_raw(talk)
	    except OSError:
	        pass
	peers = []
	for n in range(5):
	    peers.append(Peer(f"/chat?resume={token}&after=0"))
	    threading.Thread(target=talk_on, args=(peers[-1],)).start()
	last = Peer(f"/chat?resume={token}&after=0")
	last.send_close()
	PY
	run ! grep -F 'the broker refused a request' "$LOG"
}

@test "of one address only so many are away" {
	start_sessions -o \
		'limits { connections-per-address = 3  loopback-exempt = no }'
	members <<-'PY'
	other = Member("/lab")
	other.expect("You are connected! There are 1 users here.",
	             "[server] Member joined: user0.")
	for n in 1, 2, 3, 4:
	    one = Member("/lab?resume=new")
	    one.expect(f"You are connected! There are {n + 1} users here.")
	    other.expect(f"[server] Member joined: user{n}.")
	    one.vanish()
	    if n < 4:
	        wait_for_who(other, [f"user{m} (away)" for m in range(1, n + 1)] +
	                     ["user0"])
	other.expect("[server] Member left: user4.")
	PY
}
