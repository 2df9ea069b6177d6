#!/bin/sh
# coverage.sh SRCDIR BUILDDIR TEST …: builds the unit tests and the replay of
# the corpora with clang's coverage in BUILDDIR, runs them and says which
# lines of src/ws/ they reach.  Fails below 95 %.  Run by make coverage.
set -eu
srcdir=$(cd "$1" && pwd) builddir=$2
shift 2
: "${MAKE:=make}" "${LEAST:=95}"

mkdir -p "$builddir"
cd "$builddir"
if ! test -f Makefile || test "$srcdir/configure" -nt Makefile; then
  "$srcdir/configure" -q CC=clang \
    CFLAGS='-g -O0 -fprofile-instr-generate -fcoverage-mapping'
fi
rm -rf profiles
mkdir profiles
# A profile for each program; processes that a test starts add to its own.
LLVM_PROFILE_FILE=$builddir/profiles/%m.profraw
export LLVM_PROFILE_FILE
MAKEFLAGS='' $MAKE -s -j "$(nproc)" check TESTS= >make.log 2>&1 ||
  { tail -n 20 make.log; exit 1; }
MAKEFLAGS='' $MAKE check TESTS="$*" >check.log 2>&1 ||
  { grep -E '^(FAIL|ERROR)' check.log; echo "see $builddir/check.log"; exit 1; }
unset LLVM_PROFILE_FILE
llvm-profdata merge -o all.profdata profiles/*.profraw

# The first program stands without -object.
objects=$1
shift
for test; do objects="$objects -object $test"; done
# shellcheck disable=SC2086
llvm-cov export -format=lcov -instr-profile=all.profdata $objects \
  "$srcdir/src/ws" >ws.lcov 2>llvm-cov.log ||
  { cat llvm-cov.log; exit 1; }

# DA:line,count of each file; a file may stand there once for each program.
awk -v root="$srcdir/" -v least="$LEAST" '
  function percent(hit, all) { return all ? 100 * hit / all : 100 }
  /^SF:/ { file = substr($0, 4); sub(root, "", file) }
  /^DA:/ {
    split(substr($0, 4), part, ",")
    key = file SUBSEP part[1]
    if (!(key in count)) {
      count[key] = 0
      if (!(file in lines)) order[++files] = file
      lines[file]++
      if (part[1] + 0 > last[file]) last[file] = part[1] + 0
    }
    count[key] += part[2]
  }
  END {
    for (i = 1; i <= files; i++) {
      file = order[i]
      hit = 0
      missing = ""
      for (n = 1; n <= last[file]; n++) {
        if (!((file, n) in count)) continue
        if (count[file, n] > 0) hit++
        else missing = missing " " n
      }
      all += lines[file]
      reached += hit
      printf "%-24s %4d of %4d lines %6.2f %%%s\n", file, hit,
        lines[file], percent(hit, lines[file]),
        missing == "" ? "" : "  not:" missing | "sort"
      if (file == "src/ws/head.c") head = percent(hit, lines[file])
    }
    close("sort")
    total = percent(reached, all)
    printf "%-24s %4d of %4d lines %6.2f %%\n", "src/ws", reached, all, total
    if (!all || total < least || head < least) {
      printf "below %d %%\n", least
      exit 1
    }
  }' ws.lcov
