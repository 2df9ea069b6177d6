#!/usr/bin/env bats
# The commands of text clients: names, rooms, whispers.  The form of lines and
# answers is tested in tests/unit/test_command.c and test_aside.c, names in
# test_name.c.

load lib/common

@test "who has which name" {
	start_server
	peer <<-'PY'
	a, b = Chatter(), Chatter()
	a.say("/who")
	a.expect("[server::who] user1, user0")
	a.say("/nick Anna")
	a.expect("[server::nick] you are now Anna")
	a.say("hello")
	for one in a, b:
	    one.expect("[Anna]: hello")
	b.say("/who")
	b.expect("[server::who] user1, Anna")
	# The alias, and back to one's own number.
	a.say("/user Otto")
	a.expect("[server::nick] you are now Otto")
	a.say("/nick user0")
	a.expect("[server::nick] you are now user0")
	a.say("again")
	for one in a, b:
	    one.expect("[user0]: again")
	PY
}

@test "a name is unique without regard to case, width and look" {
	start_server
	peer <<-'PY'
	a, b = Chatter(), Chatter()
	a.say("/nick Alice")
	a.expect("[server::nick] you are now Alice")
	for name in ("Alice", "alice", "ALICE", "\uff21lice", "\u0410lice",
	        "Al\u0131ce", "Alic\u0435"):
	    b.say(f"/nick {name}")
	    b.expect(f"[server::nick] the name {name} is taken")
	b.say("/nick a b")
	b.expect("[server::error] usage: /nick NAME")
	# Free again when its owner takes another one, or leaves.
	a.say("/nick Berta")
	a.expect("[server::nick] you are now Berta")
	b.say("/nick alice")
	b.expect("[server::nick] you are now alice")
	a.send_close()
	eventually(lambda: [b.say("/nick Berta"), b.hear()][1] ==
	    "[server::nick] you are now Berta", "the name of who left")
	PY
}

@test "whoever may not have a name is told why" {
	start_server
	peer <<-'PY'
	a = Chatter()
	letters = ("A name consists of letters, digits and - . _ ' and opens "
	    "with a letter, a digit or _.")
	for name, why in (
	        ("server", "That name is reserved."),
	        ("SERVER", "That name is reserved."),
	        ("s\u0435rver", "That name is reserved."),
	        ("user7", "That name is reserved."),
	        ("user1x,", letters),
	        ("-a", letters),
	        ("x" * 33, "A name has at most 32 characters."),
	        ("\u0301a", "An accent follows a letter; "
	            "a letter has at most four."),
	        ("a\u05d0", "A name is written from the left or from the "
	            "right, not both.")):
	    a.say(f"/nick {name}")
	    a.expect(f"[server::nick] the name {name} is not possible: {why}")
	a.say("still here")
	a.expect("[user0]: still here")
	PY
}

@test "of two who want a name at once one gets it" {
	start_server
	peer <<-'PY'
	room = [Chatter() for _ in range(12)]
	for i in range(10):
	    for one in room:
	        one.say(f"/nick Name{i}")
	    answers = [one.hear() for one in room]
	    eq(sum(a.endswith(f"you are now Name{i}") for a in answers), 1)
	    eq(sum(a.endswith("is taken") for a in answers), 11)
	PY
}

@test "renames are announced where joins are" {
	start_server -o 'route "/chat" { announce = yes }'
	peer <<-'PY'
	a = Chatter()
	a.expect("[server] Member joined: user0.")
	b = Chatter()
	for one in a, b:
	    one.expect("[server] Member joined: user1.")
	a.say("/nick Anna")
	a.expect("[server::nick] you are now Anna")
	for one in a, b:
	    one.expect("[server] Member renamed from user0 to Anna.")
	a.send_close()
	b.expect("[server] Member left: Anna.")
	PY
}

@test "/me does, // says, others are said" {
	start_server
	peer <<-'PY'
	a, b = Chatter(), Chatter()
	a.say("/me waves /wildly/")
	a.say("//who is there")
	a.say("/etc/hosts is wrong")
	a.say("/")
	for one in a, b:
	    one.expect("* user0 waves /wildly/", "[user0]: /who is there",
	        "[user0]: /etc/hosts is wrong", "[user0]: /")
	a.say("/nonsense x")
	a.expect("[server::error] no command /nonsense; /help lists them")
	a.say("/ping")
	a.expect("[server::ping] pong")
	a.say("/help")
	assert a.hear().startswith("[server::help] ")
	a.say("/help nick")
	assert "/nick NAME" in a.hear()
	a.say("/quit so long")
	b.expect("[user0]: so long")
	a.expect_close(1000, skip_data=True)
	PY
}

@test "without commands everything is said" {
	start_server -o 'route "/chat" { commands = no }'
	peer <<-'PY'
	a = Chatter()
	for text in "/who", "//x", "/nick a", "/quit":
	    a.say(text)
	    a.expect(f"[user0]: {text}")
	PY
}

@test "/join goes to another room, /rooms lists them" {
	start_server -o 'route "/chat" { announce = yes }'
	peer <<-'PY'
	a, b, c = (Chatter(path) for path in
	    ("/chat", "/chat", "/chat/lab"))
	for one, count in (a, 2), (b, 1), (c, 1):
	    for _ in range(count):
	        assert one.hear().startswith("[server] Member joined: ")
	a.say("/join lab")
	a.expect("[server::join] you are in lab, there are 2 users",
	    "[server] Member joined: user0.")
	b.expect("[server] Member left: user0.")
	c.expect("[server] Member joined: user0.")
	a.say("in the lab")
	for one in a, c:
	    one.expect("[user0]: in the lab")
	b.say("/rooms")
	line = b.hear()
	assert line.startswith("[server::rooms] ") and "lab (2)" in line, line
	b.say("outside")
	b.expect("[user1]: outside")
	a.say("/who")
	a.expect("[server::who] user0, user2")
	a.say("/join lab")
	a.expect("[server::join] the room lab is not possible: you are there")
	a.say("/join not/a/room")
	assert "not possible" in a.hear()
	# Back to the default room.
	a.say("/join")
	line = a.hear()
	assert line.startswith("[server::join] you are in ") and \
	    line.endswith("there are 2 users"), line
	a.expect("[server] Member joined: user0.")
	b.expect("[server] Member joined: user0.")
	c.expect("[server] Member left: user0.")
	a.say("back")
	b.expect("[user0]: back")
	PY
}

@test "a route need not list its rooms" {
	start_server -o 'route "/chat" { list-rooms = no }'
	peer <<-'PY'
	a = Chatter()
	a.say("/rooms")
	a.expect("[server::rooms] are not listed here")
	PY
}

@test "there are so many rooms, and those there are stay open" {
	start_server -o 'limits { rooms = 2 }'
	peer <<-'PY'
	a, b = Chatter(), Chatter("/chat/lab")
	a.say("/join other")
	a.expect("[server::join] the room other is not possible: "
	    "There are too many rooms.")
	Peer("/chat/other").expect_close(1013)
	a.say("/join lab")
	a.expect("[server::join] you are in lab, there are 2 users")
	# The default room is empty now, and gone.
	b.say("/join other")
	b.expect("[server::join] you are in other, there are 1 users")
	Chatter().say("always open")
	PY
}

@test "an address makes so many rooms" {
	start_server \
	    -o 'limits { rooms-per-address = 1 loopback-exempt = no }'
	peer "$(broker_pid)" <<-'PY'
	a, b = Chatter(), Chatter("/chat/lab")
	a.say("/join other")
	a.expect("[server::join] the room other is not possible: "
	    "There are too many rooms.")
	os.kill(int(sys.argv[1]), signal.SIGKILL)
	a.say("/join other")
	a.expect("[server::join] the room other is not possible: "
	    "There are too many rooms.")
	a.say("/join lab")
	a.expect("[server::join] you are in lab, there are 2 users")
	PY
}

@test "a whisper reaches those it names, wherever they are, and no other" {
	start_server -o 'workers = 3'
	peer <<-'PY'
	room = [Chatter("/chat" if i % 2 else "/chat/lab") for i in range(8)]
	other = Chatter("/chat/other")
	room[3].say("/nick Carla")
	room[3].expect("[server::nick] you are now Carla")
	room[0].say("/w user1,carla,user99,user5,user1 psst: a [server] b")
	room[0].expect("[server::whisper] to user1, Carla, user5: "
	    "psst: a [server] b", "[server::whisper] not found: user99")
	for i in 1, 3, 5:
	    room[i].expect("[server::whisper] from user0: psst: a [server] b")
	room[0].say("/msg nobody hello")
	room[0].expect("[server::whisper] not found: nobody")
	# In its place between the room's lines.
	room[2].say("one")
	room[2].expect("[user2]: one")
	room[2].say("/whisper user4 two")
	room[2].expect("[server::whisper] to user4: two")
	room[2].say("three")
	room[4].expect("[user2]: one", "[server::whisper] from user2: two",
	    "[user2]: three")
	# Nobody else has heard anything but his room's.
	other.say("end")
	other.expect("[user8]: end")
	room[7].say("end")
	room[7].expect("[user7]: end")
	PY
}

@test "no name is too long to be refused" {
	start_server -o 'workers = 1'
	peer "$(worker_pids)" <<-'PY'
	a, b = Chatter(), Chatter()
	for names in "x" * 4097, "x" * 60000, ",".join(["y" * 300] * 16), \
	        "user1\0", "\0":
	    a.say(f"/w {names} hello")
	    a.expect("[server::error] usage: /whisper NAME[,NAME…] text")
	widest = ",".join(["\U00020000" * 32] * 16)
	a.say(f"/w {widest} hello")
	a.expect(f"[server::whisper] not found: {widest.replace(',', ', ')}")
	a.say("/nick " + "\U00020000" * 32)
	a.expect("[server::nick] you are now " + "\U00020000" * 32)
	for length in 33, 512, 513, 60000:
	    b.say("/nick " + "x" * length)
	    line = b.hear()
	    assert line.endswith(
	        " is not possible: A name has at most 32 characters."), line
	b.say("/w user1 " + "z" * 65000)
	b.expect("[server::whisper] from user1: " + "z" * 65000,
	    "[server::whisper] to user1: " + "z" * 65000)
	a.say("/join " + "r" * 65)
	assert "not possible" in a.hear()
	os.kill(int(sys.argv[1]), 0)
	PY
}

@test "names and rooms outlive the broker, and whispers come once" {
	start_server -o 'workers = 2'
	peer "$(broker_pid)" <<-'PY'
	a, b, c = Chatter(), Chatter(), Chatter("/chat/lab")
	a.say("/nick Anna")
	a.expect("[server::nick] you are now Anna")
	b.say("/join lab")
	assert "you are in lab" in b.hear()
	os.kill(int(sys.argv[1]), signal.SIGKILL)
	for i in range(20):
	    c.say(f"/w Anna,user1 whisper {i}")
	c.say("/who")
	for i in range(20):
	    c.expect(f"[server::whisper] to Anna, user1: whisper {i}")
	    for one in a, b:
	        one.expect(f"[server::whisper] from user2: whisper {i}")
	assert c.hear() in ("[server::who] user1, user2",
	    "[server::who] user2, user1")
	b.say("/nick anna")
	b.expect("[server::nick] the name anna is taken")
	b.say("still here")
	for one in b, c:
	    one.expect("[user1]: still here")
	a.say("alone")
	a.expect("[Anna]: alone")
	PY
}

@test "whoever lags follows his own moves and names in order" {
	start_server -o 'limits { message-rate = 0 backlog = 0 }'
	peer <<-'PY'
	slow = Chatter(receive_buffer=4096)
	talker, lab = Chatter(), Chatter("/chat/lab")
	pad = "x" * 8000
	for i in range(200):
	    talker.say(f"{i} {pad}")
	    talker.hear()
	slow.say("/nick Snail")
	slow.say("/join lab")
	eventually(lambda: [lab.say("/who"), lab.hear_until("[server::who]")][1]
	    .count("Snail"), "the move")
	talker.say("not for him")
	for i in range(200):
	    lab.say(f"lab {i} {pad}")
	    lab.hear_until(f"[user2]: lab {i} ")
	for i in range(200):
	    slow.expect(f"[user1]: {i} {pad}")
	slow.expect("[server::nick] you are now Snail")
	slow.expect("[server::join] you are in lab, there are 2 users")
	for i in range(200):
	    slow.expect(f"[user2]: lab {i} {pad}")
	PY
}

@test "a move neither adds to what who lags is owed nor takes from it" {
	start_server -o 'limits { message-rate = 0 backlog = 16M }'
	peer <<-'PY'
	slow = Chatter(receive_buffer=4096)
	talker, lab = Chatter(), Chatter("/chat/lab")
	pad = "x" * 8000
	for i in range(600):
	    talker.say(f"{i} {pad}")
	    talker.hear()
	slow.say("/nick Snail")
	slow.say("/join lab")
	eventually(lambda: [lab.say("/who"), lab.hear_until("[server::who]")][1]
	    .count("Snail"), "the move")
	for i in range(300):
	    slow.expect(f"[user1]: {i} {pad}")
	for i in range(3):
	    lab.say(f"lab {i}")
	    lab.hear_until(f"[user2]: lab {i}")
	for i in range(300, 600):
	    slow.expect(f"[user1]: {i} {pad}")
	slow.expect("[server::nick] you are now Snail")
	slow.expect("[server::join] you are in lab, there are 2 users")
	for i in range(3):
	    slow.expect(f"[user2]: lab {i}")
	PY
}

@test "what waits for one who lags is not counted against another" {
	start_server -o 'workers = 1' \
	    -o 'limits { message-rate = 0 backlog = 4M }'
	peer <<-'PY'
	slow = [Chatter(receive_buffer=4096) for _ in range(2)]
	talker, whisperer = Chatter(), Chatter("/chat/lab")
	pad = "x" * 8000
	for i in range(450):
	    talker.say(f"{i} {pad}")
	    talker.hear()
	text = "y" * 60000
	for name, count in ("user0", 60), ("user1", 20):
	    for i in range(count):
	        whisperer.say(f"/w {name} {i} {text}")
	        whisperer.expect(f"[server::whisper] to {name}: {i} {text}")
	for one, count in zip(slow, (60, 20)):
	    for i in range(450):
	        one.expect(f"[user2]: {i} {pad}")
	    for i in range(count):
	        one.expect(f"[server::whisper] from user3: {i} {text}")
	PY
}

@test "who asks and asks and takes no answer is closed" {
	start_server -o 'limits { message-rate = 0 backlog = 64K }'
	peer "$LOG" <<-'PY'
	a = Chatter(receive_buffer=4096)
	try:
	    for _ in range(100):
	        for _ in range(500):
	            a.say("/help")
	except (BrokenPipeError, ConnectionResetError):
	    pass
	eventually(lambda: "why=backlog" in open(sys.argv[1]).read(),
	    "the end")
	PY
}

# The reader of the log was ahead of what the broker had sent it.
@test "a whisper comes before what its sender says next, through any worker" {
	start_server -o 'limits { message-rate = 0 }'
	peer <<-'PY'
	# Some of them are on the speaker's worker, some are not.
	room = [Chatter() for _ in range(6)]
	speaker, rest = room[0], room[1:]
	names = ",".join(f"user{n}" for n in range(1, 6))
	for n in range(300):
	    speaker.send_raw(b"".join(frame(TEXT, line.encode()) for line in (
	        f"a{n}", f"/w {names} b{n}", f"c{n}")))
	    for who in rest:
	        who.expect(f"[user0]: a{n}", f"[server::whisper] from user0: b{n}",
	                   f"[user0]: c{n}")
	PY
}
