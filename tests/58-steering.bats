#!/usr/bin/env bats
# wschatctl steers the whole server: drain, reload, log-level.

load lib/common
load lib/controlled

# lines WORD: how many lines of the log have it.
lines()
{
	grep -c -- "$1" "$LOG" || true
}

@test "reload answers when it is done, or says what is wrong" {
	start_controlled
	run ctl reload
	assert_success
	assert_output ''
	write_config <<<'limits { message-size = 4096 }
	log-size = 32M'
	run ctl reload
	assert_success
	assert_output 'needs a restart: log-size'
	run ctl --json reload
	assert_output '{"ok":true,"restart":"log-size"}'
	grep -q 'setting="limits.message-size" from="64K" to="4K"' "$LOG"
	write_config <<<'no-such-thing = 7'
	run ctl reload
	assert_equal "$status" 1
	assert_output --regexp "^wschatctl: $CONFIG:[0-9]+: .*no-such-thing"
	run ctl --json reload
	assert_equal "$status" 1
	assert_output --partial '{"ok":false,"error":"failed","text":"'
	grep -q 'msg=ordered command=reload uid=' "$LOG"
}

@test "what all are told is answered when all have read it" {
	local stopped

	start_controlled
	stopped=$(worker_pids | head -n 1)
	kill -STOP "$stopped"
	ctl log-level debug >first 2>&1 3>&- &
	wait_until grep -q 'msg=ordered command=log-level' "$LOG"
	run ctl reload
	assert_equal "$status" 1
	assert_output --partial 'has not read the order before this one'
	kill -0 $!
	kill -CONT "$stopped"
	wait $!
	run ctl reload
	assert_success
}

@test "log-level changes all processes, and a reload changes it back" {
	start_controlled
	controller <<-'PY'
	log = os.environ["LOG"]
	def tells(process):
	    Chatter()
	    return any("level=debug" in line and f"proc={process}" in line
	        for line in open(log))
	Chatter()
	assert not tells("worker")
	eq(ctl("log-level", "debug"), {"ok": True})
	eventually(lambda: tells("worker"), "workers tell more")
	# One that starts later does, too.
	kill_broker()
	eventually(lambda: tells("broker"), "so does a new broker")
	ctl("reload")
	text = open(log).read()
	assert 'setting="log-level" from="debug" to="info"' in text, text
	eq(ctl("log-level", "chatty", code=1)["error"], "bad-level")
	PY
}

@test "drain ends the server as SIGTERM does, within the time it is given" {
	start_controlled -o 'drain-time = 60'
	controller <<-'PY'
	import time
	many = [Chatter() for _ in range(8)]
	start = time.monotonic()
	eq(ctl("drain", "1s"), {"ok": True})
	for chat in many:
	    chat.expect_close(1001)
	took = time.monotonic() - start
	assert 0.3 < took < 30, took
	PY
	wait_until server_gone
	wait "$SERVER_PID"
	grep -q 'msg=stopping order=drain seconds=1 connections=8' "$LOG"
	SERVER_PID=
}

@test "drain takes the setting's time, and says no when it is too late" {
	start_controlled -o 'drain-time = 30'
	controller <<-'PY'
	a = Chatter()
	eq(ctl("drain", "2h", code=1)["text"], "the time is over an hour")
	ctl("drain")
	eq(ctl("drain", "0", code=1)["text"], "the server ends already")
	eq(ctl("reload", code=1)["text"], "the server ends")
	PY
	run ctl drain soon
	assert_equal "$status" 64
	grep -q 'msg=stopping order=drain seconds=30' "$LOG"
	wait_until server_gone
	SERVER_PID=
}
