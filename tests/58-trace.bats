#!/usr/bin/env bats
# wschatctl trace: a user is followed.

load lib/common
load lib/controlled

# tracer <SCRIPT: as controller, with Trace(WORDS...), which gives one event
# after another.
tracer()
{
	{
		cat <<-'PY'
		class Trace:
		    def __init__(self, *words):
		        self.run = subprocess.Popen([os.environ["WSCHATCTL"],
		            "trace", *words], stdout=subprocess.PIPE, text=True)
		        log = os.environ["LOG"]
		        def ordered():
		            return open(log).read().count("command=trace")
		        eventually(lambda: ordered() > Trace.count, "it is heard")
		        Trace.count = ordered()
		    count = 0
		    def line(self):
		        line = self.run.stdout.readline()
		        assert line, "the trace has ended"
		        return line.rstrip("\n")
		    def shown(self):
		        return self.line()[9:]
		    def event(self):
		        return json.loads(self.line())
		    def end(self, code):
		        eq(self.run.stdout.read(), "", "the rest")
		        eq(self.run.wait(10), code)
		PY
		cat
	} | controller "$@"
}

@test "what comes from a user and goes to him is shown, line by line" {
	start_controlled
	tracer <<-'PY'
	a, b, c = Chatter(), Chatter(), Chatter(path="/chat/lab")
	a.say("before")
	a.expect("[user0]: before")
	trace = Trace("user0")
	a.say("hé\u200b\x07")
	a.say("/me waves")
	b.hear_until("* user0 waves")
	b.say("/nick Berta")
	b.say("to all")
	b.say("/whisper user0 psst")
	b.say("/whisper user2 not for him")
	c.say("elsewhere")
	c.hear_until("[user2]: elsewhere")
	for line in ("from message /chat user0 size=7: hé\u200b\u2407",
	        "from action /chat user0 size=5: waves",
	        "to   rename /chat user1 Berta",
	        "to   message /chat Berta size=6: to all",
	        "to   whisper /chat Berta size=4: psst"):
	    eq(trace.shown(), line)
	a.say("/whisper Berta yes")
	eq(trace.shown(), "from whisper /chat Berta size=3: yes")
	a.say("/nick Anna")
	eq(trace.shown(), "from rename /chat user0 Anna")
	a.say("/join lab")
	eq(trace.shown(), "from move /chat/lab")
	b.say("he hears this no more")
	b.hear_until("[Berta]: he hears this no more")
	c.say("but this")
	eq(trace.shown(), "to   message /chat/lab user2 size=8: but this")
	c.leave()
	eq(trace.shown(), "to   leave /chat/lab user2")
	ctl("say", "/chat/lab", "a word")
	eq(trace.shown(), "to   message /chat/lab server size=6: a word")
	ctl("kick", "Anna")
	eq(trace.shown(), "from leave /chat/lab")
	trace.end(0)
	eq(ctl("trace", "Anna", code=1)["error"], "unknown-name")
	PY
	grep -q 'msg=ordered command=trace whom="user0" uid=[0-9]* result=done' \
		"$LOG"
}

@test "as JSON, with connections that come and go, and no token" {
	printf 'site = "%s"\nworkers = 2\n' "$SITE" >"$CONFIG"
	start_controlled
	tracer <<-'PY'
	from member import Member
	a = Member("/ws")
	a.expect("[server] Member joined: user1.")
	trace = Trace("user1", "--json", "--route", "/ws")
	tab = Member("/ws", cookie=a.cookie)
	event = trace.event()
	eq((event["direction"], event["type"], event["connections"]),
	    ("from", "connect", 2))
	assert event["conn"] > 0
	tab.leave()
	event = trace.event()
	eq((event["type"], event["connections"]), ("disconnect", 1))
	a.vanish()
	eq(trace.event()["connections"], 0)
	back = Member("/ws", cookie=a.cookie)
	eq(trace.event()["connections"], 1)
	back.say("here")
	event = trace.event()
	eq(sorted(event), ["at", "direction", "name", "room", "seq", "size",
	    "text", "time", "type"])
	eq((event["room"], event["size"], event["text"]), ("/ws", 4, "here"))
	# A token, in a room of the other route.
	c = Member("/chat?resume=new")
	token = c.hear() and c.expect_token()
	other = Trace("user0", "-j", "-r", "/chat")
	c.vanish()
	seen = [other.line()]
	c = Member("/chat?resume=" + token)
	seen += [other.line()]
	eq([json.loads(line)["type"] for line in seen],
	    ["disconnect", "connect"])
	for secret in token, a.cookie.split("=", 1)[1]:
	    assert secret not in "".join(seen) + json.dumps(event)
	    assert secret not in open(os.environ["LOG"]).read()
	for one in trace, other:
	    one.run.terminate()
	    one.run.wait(10)
	PY
}

@test "another broker goes on, and Ctrl-C or the end of the server ends it" {
	start_controlled
	tracer <<-'PY'
	a = Chatter()
	trace = Trace("user0", "-j")
	a.say("/nick Anna")
	eq(trace.event()["to"], "Anna")
	kill_broker()
	a.say("meanwhile")
	event = trace.event()
	eq((event["text"], event["name"], event["direction"]),
	    ("meanwhile", "Anna", "from"))
	assert abs(event["time"] / 1000 - time.time()) < 20
	other = Trace("Anna")
	other.run.send_signal(signal.SIGINT)
	eq(other.run.wait(10), -signal.SIGINT)
	os.kill(SERVER_PID, signal.SIGTERM)
	rest = trace.run.stdout.read()
	assert rest == "" or '"leave"' in rest, rest
	assert trace.run.wait(10) in (0, 69)
	PY
	wait_until server_gone
	SERVER_PID=
}
