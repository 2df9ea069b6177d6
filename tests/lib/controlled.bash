# A server with a control socket, and wschatctl: WSCHATCTL is the program, which
# finds the server by WSCHATCTL_SOCKET.
# shellcheck shell=bash

: "${WSCHATCTL:=${WSCHATD%/*}/wschatctl}"
[[ $WSCHATCTL == /* ]] || WSCHATCTL=$(realpath -- "$WSCHATCTL")

# start_controlled ARGS...: with a control socket, and addresses that count.
start_controlled()
{
	export WSCHATCTL_SOCKET=$DIR/run/control WSCHATCTL LOG TZ=UTC
	export COMPLETION=$TOP/etc/bash-completion/wschatctl
	start_server -o "control = \"$WSCHATCTL_SOCKET\"" \
		-o 'limits { loopback-exempt = no }' "$@"
}

ctl()
{
	timeout 60 "$WSCHATCTL" "$@" 3>&-
}

# bans_file_is REGEX: but for comments.  To be waited for: the parent writes it
# when the broker has told it, which may be after the broker's answer.
bans_file_is()
{
	[[ $(grep -v '^#' "$DIR/bans") =~ ^$1$ ]]
}

# controller <SCRIPT: as peer, with ctl(ARGS...), which gives the JSON of -j.
controller()
{
	{
		cat <<-'PY'
		import json, os, signal, socket, subprocess
		def ctl(*words, text=None, code=0):
		    done = subprocess.run([os.environ["WSCHATCTL"], "-j", *words],
		        input=text, capture_output=True, text=True, timeout=60)
		    eq(done.returncode, code, done.stderr)
		    lines = [json.loads(line) for line in
		        done.stdout.splitlines()]
		    return lines[0] if len(lines) == 1 else lines
		def kill_broker():
		    found = subprocess.run(["pgrep", "-f", "-P",
		        os.environ["SERVER_PID"], "wschatd: broker"],
		        capture_output=True, text=True).stdout.split()
		    os.kill(int(found[0]), signal.SIGKILL)
		def names(*words):
		    return sorted(m["name"] for m in ctl("who", *words)["members"])
		PY
		cat
	} >"$DIR/script"
	peer "$@" <"$DIR/script"
}
