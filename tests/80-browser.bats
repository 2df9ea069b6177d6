#!/usr/bin/env bats
# The page in Chromium.  Screenshots are kept where WSCHATD_SCREENSHOTS says.

load lib/common

# page_test NAME: runs browser/room.mjs's part of that name.
page_test()
{
	need_node_module playwright-core
	command -v chromium >/dev/null || skip 'no chromium'
	HOME=$DIR PORT=$PORT PYTHON=$PYTHON PYTHONPATH=$TESTS/lib \
		SCREENSHOTS=${WSCHATD_SCREENSHOTS:-$DIR} SERVER_PID=$SERVER_PID \
		timeout -k 2 90 node "$TESTS/browser/room.mjs" "$1" 3>&-
}

@test "two pages and a Python client talk in one room" {
	start_server
	page_test talk
	[[ -s ${WSCHATD_SCREENSHOTS:-$DIR}/talk.png ]]
}

@test "the page takes what is said for text, not for HTML" {
	start_server
	page_test markup
}

@test "the page connects again by itself when its worker has died" {
	start_server -w 1
	page_test comeback
}
