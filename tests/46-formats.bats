#!/usr/bin/env bats
# What a route may be told to say, each by one line of configuration.

load lib/common

@test "each format of a line is one setting" {
	start_server \
		-o 'route "/colon" { message = "[%n]: %t" }' \
		-o 'route "/blank" { message = "[%n] %t" first-user = 1 }' \
		-o 'route "/said" { message = "%n said: %t" }' \
		-o 'route "/bare" { message = "%t" }'
	peer <<-'PY'
	for path, line in (("/colon", "[user0]: a text"),
	        ("/blank", "[user1] a text"), ("/said", "user0 said: a text"),
	        ("/bare", "a text")):
	    one, other = Chatter(path), Chatter(path)
	    one.say("a text")
	    one.expect(line)
	    other.expect(line)
	PY
}

@test "each format of a greeting is one setting" {
	start_server \
		-o 'route "/short" { greeting = "You are connected!" }' \
		-o 'route "/none" { greeting = "" }' \
		-o 'route "/own" { greeting = "%u here, 100%% welcome" }'
	peer <<-'PY'
	for path, line in ("/short", "You are connected!"), \
	        ("/own", "1 here, 100% welcome"), ("/none", None):
	    one = Peer(path)
	    if line:
	        eq(one.hear_text(), line)
	    one.send_text("first")
	    eq(one.hear_text(), "[user0]: first")
	PY
}

@test "an echo may have a format, binary messages have none" {
	start_server -o 'route "/said" { kind = echo echo = "You said: %t" }'
	peer <<-'PY'
	one = Peer("/said")
	for text in "a text", "", "two\nlines":
	    one.send_text(text)
	    eq(one.hear_text(), f"You said: {text}")
	one.send(BINARY, b"a\0b")
	eq(one.hear_data(), (BINARY, b"a\0b"))
	PY
}

@test "a format that means nothing is an error that names it" {
	for form in '%n' '%' '%t %x'; do
		run -78 "$WSCHATD" -t -c /dev/null \
			-o "route \"/e\" { kind = echo echo = \"$form\" }"
		assert_output --partial 'means nothing here; there is %t and %%'
	done
}
