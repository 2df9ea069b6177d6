# Debian's programs that start services or conflict with each other: unpacked,
# not installed.  ./quickstart test has fetched them (PACKAGES_ROOT); else
# they are fetched when a test wants them.
# shellcheck shell=bash

# need_packages PACKAGE...: their programs are in PATH; or skips the test.
need_packages()
{
	local package

	ROOT=${PACKAGES_ROOT:-${top_builddir:-$TOP/build}/packages}
	for package in "$@"; do
		[[ -e $ROOT/.$package ]] && continue
		mkdir -p "$ROOT"
		(cd "$DIR" && timeout 60 apt-get -q download "$package" &&
			dpkg -x "$package"_*.deb "$ROOT") >/dev/null 2>&1 ||
			skip "Debian's package $package cannot be had"
		touch "$ROOT/.$package"
	done
	PATH=$ROOT/usr/bin:$ROOT/usr/sbin:$PATH
	LD_LIBRARY_PATH=$ROOT/usr/lib/$(gcc -print-multiarch)
	LD_LIBRARY_PATH+=:$LD_LIBRARY_PATH/systemd
	export LD_LIBRARY_PATH
}
