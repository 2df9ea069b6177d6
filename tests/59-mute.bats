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
	ctl("mute", "127.0.0.1", "3s")
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

@test "an address stays muted in the next server, a user is none there" {
	printf '%s\n' '198.51.100.7 for ever' 'mute 192.0.2.1 for ever # old' \
		'mute 192.0.2.2 17' >"$DIR/bans"
	start_controlled -o "bans = \"$DIR/bans\""
	MUTED=$MUTED controller <<-'PY'
	eq(ctl("mutes")["mutes"], [{"address": "192.0.2.1"}])
	eq(ctl("bans")["bans"], [{"address": "198.51.100.7"}])
	a = Chatter()
	ctl("mute", "user0")
	ctl("mute", "127.0.0.1", "1h")
	ctl("unmute", "192.0.2.1")
	a.say("x")
	a.expect(os.environ["MUTED"])
	PY
	wait_until bans_file_is \
		$'198.51.100.7 for ever\nmute 127[.]0[.]0[.]1 [0-9]{10}'
	stop_server
	rm "$LOG"
	start_controlled -o "bans = \"$DIR/bans\""
	MUTED=$MUTED controller <<-'PY'
	[mute] = ctl("mutes")["mutes"]
	eq((mute["address"], "until" in mute), ("127.0.0.1", True))
	a = Chatter()
	a.say("x")
	a.expect(os.environ["MUTED"])
	ctl("unmute", "127.0.0.1")
	# He is another user0.
	a.say("y")
	a.expect("[user0]: y")
	PY
	wait_until bans_file_is '198.51.100.7 for ever'
	stop_server
	rm "$LOG"
	for line in mute 'mute 192.0.2.1' 'mute x for ever' 'mut 192.0.2.1 7'; do
		echo "$line" >"$DIR/bans"
		run timeout 20 "$WSCHATD" -c "$CONFIG" -l 127.0.0.1:0 \
			-o "bans = \"$DIR/bans\""
		assert_failure 78
		assert_output --partial "$DIR/bans:1: is not"
	done
}
