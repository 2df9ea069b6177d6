#!/usr/bin/env bats
# wschatctl mute: who is muted talks to himself, and is told so.

load lib/common
load lib/controlled

MUTED='[server::error] an administrator has muted you: nobody hears this'

@test "nobody hears who is muted, and he is told" {
	start_controlled
	MUTED=$MUTED controller <<-'PY'
	muted = os.environ["MUTED"]
	a, b = Chatter(), Chatter()
	eq(ctl("mute", "user0"), {"ok": True})
	for text in "hello", "/me waves", "/whisper user1 psst":
	    a.say(text)
	    a.expect(muted)
	# He hears, asks and moves as before, and a new name changes nothing.
	b.say("quiet?")
	a.expect("[user1]: quiet?")
	b.expect("[user1]: quiet?")
	a.say("/nick Anna")
	a.expect("[server::nick] you are now Anna")
	a.say("still?")
	a.expect(muted)
	who = {m["name"]: m.get("muted") for m in ctl("who")["members"]}
	eq(who, {"Anna": True, "user1": None})
	eq(ctl("mutes")["mutes"], [{"name": "Anna", "route": "/chat"}])
	# So does the next broker.
	kill_broker()
	a.say("and now?")
	a.expect(muted)
	ctl("unmute", "anna")
	a.say("at last")
	a.expect("[Anna]: at last")
	eq(b.hear_until("[Anna]"), "[Anna]: at last")
	eq(ctl("unmute", "anna", code=1)["error"], "not-muted")
	eq(ctl("mute", "bert", code=1)["error"], "unknown-name")
	PY
	grep -q 'msg=ordered command=mute whom="user0" uid=[0-9]* result=done' "$LOG"
}

@test "an address is muted, for a time, with all who come from there" {
	start_controlled
	MUTED=$MUTED controller <<-'PY'
	a = Chatter()
	ctl("mute", "127.0.0.1", "2s")
	a.say("x")
	a.expect(os.environ["MUTED"])
	b = Chatter()
	b.say("y")
	b.expect(os.environ["MUTED"])
	[mute] = ctl("mutes")["mutes"]
	eq((mute["address"], "until" in mute), ("127.0.0.1", True))
	def heard():
	    b.say("z")
	    return b.hear_until("[").endswith(": z")
	eventually(heard, "the time is over", pause=0.1)
	eq(ctl("mutes")["mutes"], [])
	PY
	run ctl mute 127.0.0.1 soon
	assert_equal "$status" 64
}

@test "a JSON client is told under the id of its message" {
	start_controlled
	controller <<-'PY'
	from jsonchat import *
	a = Talker()
	ctl("mute", "user0")
	a.say("x", id="m-1")
	a.expect(error("muted", id="m-1"))
	a.say("x" * 10000)
	a.ask("whisper", to="user0", text="x")
	a.expect(error("muted"), error("muted"))
	ctl("unmute", "user0")
	# The same id is good for another try.
	a.say("x", id="m-1")
	a.expect(message(1, "user0", "x", id="m-1"))
	PY
}

@test "who is muted is marked for people" {
	start_controlled
	controller <<-'PY'
	a = Chatter()
	ctl("mute", "user0")
	out = subprocess.run([os.environ["WSCHATCTL"], "who"],
	    capture_output=True, text=True).stdout
	assert out.splitlines()[1].endswith("127.0.0.1 (muted)"), out
	out = subprocess.run([os.environ["WSCHATCTL"], "mutes"],
	    capture_output=True, text=True).stdout
	eq(out.split(), ["WHO", "ROUTE", "UNTIL", "user0", "/chat", "for",
	    "ever"])
	PY
}
