#!/usr/bin/env bats
# Bash completes the programs' options and settings; what of wschatctl needs a
# server is tested in 55-control.bats.

load lib/common

# completes PROGRAM WORD...: what stands behind the last word's beginning.
completes()
{
	local name=$1 program=${WSCHATD%/*}/$1

	shift
	bash -c '
		. "$1"
		function=$2 program=$3
		shift 3
		COMP_WORDS=("$program" "$@") COMP_CWORD=$#
		"$function" "$program" "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
		echo "${COMPREPLY[*]}"
	' bash "$TOP/etc/bash-completion/$name" "${FUNCTION:-_$name}" \
		"$program" "$@"
}

@test "wschat: options, and files where they take one" {
	[[ -x ${WSCHATD%/*}/wschat ]] || skip "wschat is not built"
	assert_equal "$(completes wschat --no-r)" --no-reconnect
	assert_equal "$(completes wschat --i)" --insecure
	: >authority.pem
	assert_equal "$(completes wschat --ca auth)" authority.pem
	assert_equal "$(completes wschat --name --i)" ''
}

@test "wschat-bench: the same" {
	[[ -x ${WSCHATD%/*}/wschat-bench ]] || skip "wschat-bench is not built"
	export FUNCTION=_wschat
	assert_equal "$(completes wschat-bench --warm)" --warm-up
	assert_equal "$(completes wschat-bench --wh)" --when-all
	: >authority.pem
	assert_equal "$(completes wschat-bench --ca auth)" authority.pem
	assert_equal "$(completes wschat-bench -r --)" ''
}

@test "wschatd: options, settings, files" {
	assert_equal "$(completes wschatd --e)" --explain
	assert_equal "$(completes wschatd --explain log-l)" log-level
	assert_equal "$(completes wschatd --explain limits.ro)" \
		'limits.rooms limits.rooms-per-address'
	assert_equal "$(completes wschatd -o log-l)" log-level
	assert_equal "$(completes wschatd -c wschatd.c)" wschatd.conf
}
