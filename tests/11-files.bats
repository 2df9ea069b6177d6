#!/usr/bin/env bats
# The files that the configuration is made of, and those that it names: of
# which kind they must be, and who may write and read them.

load lib/common
load lib/certificates

# check ARGS...: wschatd -t, which must end by itself.
check()
{
	run timeout 20 "$WSCHATD" -t "$@"
}

# told_since LINE: whether the log says behind it what came of a reload.
told_since()
{
	tail -n "+$(($1 + 1))" "$LOG" |
		grep -qE 'msg=(reloaded|"settings not reloaded")'
}

# reload: has the server read its files again; $output is what it says of it.
reload()
{
	local before

	before=$(wc -l <"$LOG")
	kill -HUP "$SERVER_PID"
	wait_until told_since "$before"
	output=$(tail -n "+$((before + 1))" "$LOG" | grep proc=parent)
}

# A FIFO that nobody writes into once held up whoever opened it for ever.
@test "what is included must be a regular file, or /dev/null" {
	mkdir conf.d other.d
	write_config <<<'include = "conf.d/*"'
	mkfifo conf.d/pipe
	check -c "$CONFIG"
	assert_failure 78
	assert_output \
		"wschatd: $CONFIG:5: include: $DIR/conf.d/pipe: is no regular file"
	rm conf.d/pipe
	ln -s ../other.d conf.d/folder
	check -c "$CONFIG"
	assert_failure 78
	assert_output --partial "$CONFIG:5: include: $DIR/conf.d/folder: Is a d"
	rm conf.d/folder
	ln -s /dev/zero conf.d/zero
	check -c "$CONFIG"
	assert_failure 78
	assert_output --partial "conf.d/zero: is no regular file"
	rm conf.d/zero
	# As for systemd: such a link takes the place of a file to leave out.
	ln -s /dev/null conf.d/masked
	check -c "$CONFIG"
	assert_success
}

@test "a socket is not included" {
	write_config <<<"include = \"$DIR/socket\""
	peer <<-'PY'
	import socket
	socket.socket(socket.AF_UNIX).bind("socket")
	PY
	check -c "$CONFIG"
	assert_failure 78
	assert_output --partial "$CONFIG:5: include: $DIR/socket: is no regular"
}

@test "the configuration is a regular file, a link to one, or open already" {
	mkfifo pipe
	check -c "$DIR/pipe"
	assert_failure 78
	assert_output "wschatd: $DIR/pipe: is no regular file"
	check -c "$DIR"
	assert_failure 78
	assert_output "wschatd: $DIR: Is a directory"
	ln -s "$CONFIG" link
	check -c "$DIR/link"
	assert_success
	check -c /dev/null
	assert_success
	check -c /dev/stdin <"$CONFIG"
	assert_success
	# Who writes may be late.
	check -c /dev/stdin < <(read -rt 0.3 <>"$DIR/pipe" || echo 'workres = 1')
	assert_failure 78
	assert_output --partial '/dev/stdin:1: workres: unknown setting'
	check -c <(echo 'workres = 1')
	assert_output --partial ':1: workres: unknown setting'
	# It is nobody's to read any more, or never was.
	check -c /dev/fd/77
	assert_failure 78
	check -c /dev/fd/0x
	assert_failure 78
}

@test "a FIFO among the included files does not hold up a reload" {
	mkdir conf.d
	write_config <<<'include = "conf.d/*.conf"'
	start_server
	mkfifo conf.d/pipe.conf
	reload
	assert_output --regexp 'msg="settings not reloaded" error=".*/conf.d/pipe.conf: is no regular file"'
	server_ready
	rm conf.d/pipe.conf
	echo 'limits { fragments = 9 }' >conf.d/a.conf
	reload
	assert_output --partial 'setting="limits.fragments" from="64" to="9"'
}

# Standard input is /dev/null by then: the server had the built-in settings.
@test "a configuration that was open at the start is kept by a reload" {
	local path

	echo 'limits { fragments = 9 }' >>"$CONFIG"
	# shellcheck disable=SC2016  # for the shell that starts the server
	for path in /dev/stdin /dev/fd/9; do
		LAUNCH_WITH=(bash -c 'exec 9< <(cat "$0"); exec "$@" <&9'
			"$CONFIG")
		launch_server -l 127.0.0.1:0 -c "$path"
		await_server
		reload
		assert_output --partial 'msg="settings not reloaded"'
		assert_output --partial "$path: was open at the start alone"
		refute_output --partial 'setting changed'
		stop_server
		rm "$LOG"
	done
}

@test "a certificate and a list of bans are regular files" {
	mkfifo pipe
	write_config <<-CONF
	listen "127.0.0.1:0" {
		tls-certificate = "$DIR/pipe" tls-key = "$DIR/pipe"
	}
	CONF
	check -c "$CONFIG"
	assert_failure 78
	assert_output --partial "tls-certificate \"$DIR/pipe\": is no regular"
	run timeout 20 "$WSCHATD" -c /dev/null -l 127.0.0.1:0 \
		-o "bans = \"$DIR/pipe\""
	assert_failure 66
	assert_output --partial "$DIR/pipe: is no regular file"
}

# -- whose they are -----------------------------------------------------------------

@test "a configuration that everybody may write is warned of" {
	local warning="warning: others may change the configuration:"

	check -c "$CONFIG"
	assert_output ''
	chmod 666 "$CONFIG"
	check -c "$CONFIG"
	assert_success
	assert_output "wschatd: $CONFIG: $warning everybody may write it"
	chmod 644 "$CONFIG"
	echo >more
	chmod 646 more
	echo 'include = "more"' >>"$CONFIG"
	check -c "$CONFIG"
	assert_success
	assert_output "wschatd: $DIR/more: $warning everybody may write it"
	# The server, and a reload, say it in the log.
	start_server
	grep -qF 'level=warning proc=parent msg="others may change the configuration" file="'"$DIR/more"'" why="everybody may write it"' "$LOG"
	chmod 644 more
	reload
	refute_output --partial 'others may'
	chmod 646 more
	reload
	assert_output --partial 'others may change'
	assert_output --partial 'msg=reloaded'
}

@test "started as root, the configuration should be root's alone" {
	[[ $(id -u) == 0 ]] || skip 'not root'
	chmod 664 "$CONFIG"
	check -c "$CONFIG"
	assert_output ''
	chgrp 65534 "$CONFIG"
	check -c "$CONFIG"
	assert_success
	assert_output --partial 'its group may write it'
	chmod 644 "$CONFIG"
	check -c "$CONFIG"
	assert_output ''
	chown 65534 "$CONFIG"
	check -c "$CONFIG"
	assert_success
	assert_output --partial "it is not root's"
}

@test "another user may have a configuration that his group writes" {
	local who=(setpriv --reuid 12346 --clear-groups)

	[[ $(id -u) == 0 ]] || skip 'not root'
	"${who[@]}" test -x "$WSCHATD" ||
		skip 'the program is not readable for others'
	chgrp 65534 "$CONFIG"
	chmod 664 "$CONFIG"
	run timeout 20 "${who[@]}" "$WSCHATD" -t -c /dev/stdin <"$CONFIG"
	assert_success
	assert_output ''
}

@test "a key that everybody may read is warned of" {
	make_ca ca
	chmod 640 ca.key
	write_config <<-CONF
	listen "127.0.0.1:0" {
		tls-certificate = "$DIR/ca.pem" tls-key = "$DIR/ca.key"
	}
	CONF
	check -c "$CONFIG"
	assert_success
	assert_output ''
	chmod 644 ca.key
	check -c "$CONFIG"
	assert_success
	assert_output --partial 'level=warning proc=parent msg="a key is no secret" file="'"$DIR/ca.key"'" why="everybody may read it"'
}
