#!/usr/bin/env bats
# doc/protocol.md is what the server does: each example in it is run, and what
# it names is what the sources have.

load lib/common

examples()
{
	python "$TESTS/lib/protocol_examples.py" "$TOP/doc/protocol.md" "$@"
}

# run_example N: against a server of its own.
run_example()
{
	local options=() line

	while IFS= read -r line; do
		options+=(-o "$line")
	done < <(examples options "$1")
	rm -f "$LOG"
	start_server "${options[@]}"
	examples run "$1" || {
		echo "in example $1 of doc/protocol.md, from 0"
		return 1
	}
	stop_server
}

@test "every example of the protocol holds" {
	local count n

	count=$(examples count)
	for ((n = 0; n < count; n++)); do
		run_example "$n"
	done
}

@test "every event, request and error is documented, and shown" {
	examples complete "$TOP"
}
