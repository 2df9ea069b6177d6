#!/bin/sh
# fuzz.sh SRCDIR BUILDDIR [SECONDS] [NAME] TARGET …: builds the targets with
# libFuzzer, ASan and UBSan in BUILDDIR and runs each for some seconds, or
# only fuzz_NAME.  What is new in the corpus stays in BUILDDIR/corpus/NAME;
# an input that breaks something is kept in BUILDDIR/found/.  Run by
# make fuzz T=60 F=head.
set -eu
srcdir=$(cd "$1" && pwd) builddir=$2 seconds=${3:-60} only=${4:-}
shift 4
: "${MAKE:=make}" "${CC_FUZZ:=clang}"
found=$builddir/found

# Addresses are fixed: some kernels' randomisation occupies ASan's shadow.
fixed=
if setarch "$(uname -m)" -R true 2>/dev/null; then
  fixed="setarch $(uname -m) -R"
fi

chosen=
for target; do
  if test -z "$only" || test "${target##*/fuzz_}" = "$only"; then
    chosen="$chosen $target"
  fi
done
if test -z "$chosen"; then
  echo "fuzz: there is no target $only" >&2
  exit 64
fi

mkdir -p "$builddir" "$found"
cd "$builddir"
if ! test -f Makefile || test "$srcdir/configure" -nt Makefile; then
  "$srcdir/configure" -q --enable-sanitize CC="$CC_FUZZ" \
    CFLAGS='-g -O1 -fsanitize=fuzzer-no-link'
fi
# libFuzzer's main comes first, so that replay.c's is left out.  The flags of
# the make that called (a jobserver, T, F) are not for this one.
# shellcheck disable=SC2086
MAKEFLAGS='' $MAKE -s -j "$(nproc)" LDFLAGS=-fsanitize=fuzzer $chosen \
  >make.log 2>&1 || { tail -n 20 make.log; exit 1; }

failed=
for target in $chosen; do
  name=${target##*/fuzz_}
  mkdir -p "corpus/$name"
  dict=
  if test -f "$srcdir/tests/fuzz/$name.dict"; then
    dict=-dict=$srcdir/tests/fuzz/$name.dict
  fi
  status=0
  # shellcheck disable=SC2086
  $fixed "$target" -max_total_time="$seconds" -timeout=20 -max_len=4096 \
    -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$found/$name-" \
    $dict "corpus/$name" "$srcdir/tests/fuzz/corpus/$name" \
    >"$name.log" 2>&1 || status=$?
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$name.log")
  cover=$(sed -n 's/.* cov: \([0-9]*\) ft: \([0-9]*\) .*/\1 edges, \2 features/p' \
    "$name.log" | tail -n 1)
  echo "$name: ${runs:-0} runs, ${cover:-no coverage}"
  if test $status -ne 0; then
    failed="$failed $name"
    grep -aE 'does not hold|SUMMARY|ERROR: |assert' "$name.log" || :
    input=$(sed -n 's/.*Test unit written to //p' "$name.log" | tail -n 1)
    echo "$name: FAILED ($status), see $builddir/$name.log; to reproduce:"
    echo "  $fixed $builddir/$target ${input:-(no input was written)}"
  fi
done
test -z "$failed"
