#!/bin/sh
# Rules of the source tree that a compiler does not check, as TAP: who may
# include whom, which clock is read, what a file must open with, and that the
# manual names every setting.  Run by make check; by hand from anywhere.
cd "${top_srcdir:-$(dirname "$0")/..}" || exit 1
LC_ALL=C.UTF-8
export LC_ALL

sources=$(find src tests bench -name '*.[ch]' 2>/dev/null | sort)

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

# rule NAME: standard input lists the offenders; none is good.
rule() {
  offenders=$(cat)
  if test -z "$offenders"; then
    echo "ok - $1"
  else
    echo "not ok - $1"
    echo "$offenders" | sed 's/^/#   /'
  fi
}

skip() {
  echo "ok - $1 # SKIP $2"
}

# includes_beyond FOLDER ALLOWED: our includes in src/FOLDER from elsewhere.
# Ours are in double quotes; ALLOWED is an alternation of folders.
includes_beyond() {
  grep -nE '^#[[:space:]]*include[[:space:]]*"' -r "src/$1" \
      --include='*.[ch]' 2>/dev/null |
    grep -vE "\"(config\\.h|($2)/[a-z0-9_]+\\.h)\""
}

# Lines of code: comments of one and of several lines are taken out, and so
# are texts in quotes.
code_of() {
  awk '
    FNR == 1 { inside = 0 }
    {
      line = $0
      gsub(/\\["\\]/, "", line)
      gsub(/"[^"]*"/, "\"\"", line)
      out = ""
      while (line != "") {
        if (inside) {
          at = index(line, "*/")
          if (!at) break
          line = substr(line, at + 2); inside = 0
        } else {
          at = index(line, "/*")
          if (!at) { out = out line; break }
          out = out substr(line, 1, at - 1)
          line = substr(line, at + 2); inside = 1
        }
      }
      if (out ~ /[^[:space:]]/) print FILENAME ":" FNR ": " out
    }' "$@" /dev/null
}

# The rules; their results are numbered at the end.
rules() {

# --- Who includes whom
includes_beyond base 'base' | rule 'base includes base alone'
includes_beyond ipc 'ipc|base' | rule 'ipc includes ipc and base'
includes_beyond log 'log|base' | rule 'log includes log and base'
includes_beyond ws 'ws|base' | rule 'ws includes ws and base'
includes_beyond parent 'parent|base|ipc|log' |
  rule 'the parent includes no other process, and no protocol of clients'
includes_beyond broker 'broker|base|ipc|log' |
  rule 'the broker includes no other process, and no protocol of clients'
includes_beyond inetd 'inetd|base|ipc' |
  rule 'who comes from a super-server includes no other process'
includes_beyond worker 'worker|base|ipc|log|ws' |
  rule 'the worker includes no other process'
includes_beyond client 'client|base|ws' |
  rule 'the terminal client includes nothing of the server'
includes_beyond ctl 'ctl|base' |
  rule 'the control program includes nothing of the server'
includes_beyond bench 'bench|base|ws' |
  rule 'the load generator includes nothing of the server'
grep -nE '#[[:space:]]*include[[:space:]]*<(event|sys/socket)' -r src/ws \
    src/log --include='*.[ch]' 2>/dev/null |
  rule 'ws and log know no socket and no event'

# --- What code may not do
# shellcheck disable=SC2086
code_of $sources |
  grep -E 'gettimeofday|[^_a-z]time\(NULL\)|CLOCK_REALTIME' |
  grep -vE '^(src/base/clock\.c|tests/|bench/)' |
  rule 'the wall clock is read in base/clock.c alone'
# shellcheck disable=SC2086
code_of $sources |
  grep -E '(^|[^_a-zA-Z0-9])(strcpy|strcat|v?sprintf|gets|alloca)\(' |
  grep -v '^tests/' | rule 'no call that does not know its size'
# shellcheck disable=SC2086
code_of $sources | grep -E '(^|[^_a-zA-Z0-9])(sleep|usleep|nanosleep)\(' |
  grep -vE '^(tests/|bench/)' | rule 'nothing sleeps'

# --- What a file must open with
for file in $sources; do
  test "$(head -c 2 "$file")" = '/*' || echo "$file"
done | rule 'every file opens with a comment'
for file in $(echo "$sources" | grep '^src/.*\.c$'); do
  own=${file#src/}
  own=${own%.c}.h
  awk -v file="$file" -v own="$own" -v has="$(test -f "src/$own" && echo 1)" '
    /^#[ \t]*include/ {
      n++
      if (n == 1 && $0 !~ /"config\.h"/) print file ": not config.h first"
      if (n == 2 && has && !index($0, "\"" own "\""))
        print file ": its own header is not second"
      if (n == 2) exit
    }' "$file"
done | rule 'config.h comes first, the own header second'
for file in $(echo "$sources" | grep '^src/.*\.h$'); do
  test "$(grep -c '^#ifndef [A-Z0-9_]*_H$' "$file")" -ge 1 || echo "$file"
done | rule 'every header is guarded'

# --- Form
for file in $sources; do
  expand -t 8 "$file" | awk -v file="$file" '
    /clang-format off/ { off = 1 }
    /clang-format on/ { off = 0 }
    !off && length($0) > 80 { print file ":" NR ": " length($0) " columns" }'
done | rule 'lines have at most 80 columns, but for fenced tables'
# shellcheck disable=SC2086
grep -nE '[[:space:]]+$' $sources | rule 'no space at the end of a line'
# Spelled apart, so that this file does not find itself.
grep -rnE '\b(XX''X|TO''DO|FIX''ME|HA''CK)\b' --exclude-dir=build \
    --exclude-dir=.git --exclude-dir=autom4te.cache --exclude-dir=build-aux \
    src tests bench etc web man doc quickstart bootstrap configure.ac \
    Makefile.am README.md HACKING.md NEWS 2>/dev/null |
  rule 'nothing is marked as unfinished'
for file in bootstrap quickstart .ci/run tests/source-rules.sh tests/unit/run.sh; do
  test -x "$file" || echo "$file is not executable"
done | rule 'what is run by name is executable'
find src doc man web etc README.md NEWS LICENSE -type f -perm /111 \
    ! -name '*.sh' ! -name '*.py' | rule 'nothing else is executable'
for file in $(find src tests -name '*.[ch]' -o -name '*.bats' | sort); do
  grep -qE "[[:space:]](${file}|${file%.c})( |\$)" src/local.mk \
    tests/local.mk tests/fuzz/local.mk tests/faults/local.mk ||
    echo "$file"
done | rule 'every file is in a local.mk'
for file in tests/fuzz/fuzz_*.c; do
  name=${file#tests/fuzz/fuzz_}
  find "tests/fuzz/corpus/${name%.c}" -type f 2>/dev/null | grep -q . ||
    echo "$file: no corpus"
done | rule 'every fuzz target has a corpus'
for folder in tests/fuzz/corpus/*; do
  test -f "tests/fuzz/fuzz_${folder##*/}.c" || echo "$folder: no target"
  find "$folder" -size +64k
done | rule 'every corpus has a target, and no file beyond 64 KiB'

grep -nE '^[[:space:]]+! ' tests/*.bats |
  rule 'no test says "!", which fails only as its last command: refute does'

# --- Manuals
if command -v mandoc >/dev/null; then
  for page in man/*.[1-8]; do
    mandoc -Tlint -W warning "$page"
  done 2>&1 | rule 'mandoc finds nothing in the manuals'
else
  skip 'mandoc finds nothing in the manuals' 'mandoc is missing'
fi

awk -f man/protocol.awk doc/protocol.md | diff - man/wschat-protocol.7 |
  rule 'wschat-protocol(7) is what doc/protocol.md says'
{
  # Wire codes of their own, statuses, and the words of errors.
  grep -oE '^CLOSE_REASON\([A-Z_0-9]+, +[1-9][0-9]+' src/ws/close_codes.h |
    grep -oE '[0-9]{4}$' | grep -vE '^(1000|1003)$' | sort -u |
    sed 's/^/| /; s/$/ |/'
  grep '^JSON_ERROR(' src/worker/json_errors.h | cut -d'"' -f2 | sort -u |
    sed 's/^/`/; s/$/`/'
} | while read -r fact; do
  grep -qF -e "$fact" doc/protocol.md || echo "$fact is not in doc/protocol.md"
done | rule 'close codes and errors are in doc/protocol.md'

# The settings' names are the first text of each row of the table; in the
# manual each is an item ".It Cm name".
table=$(grep -l 'settings_table\[\] *=' src/*/settings*.c 2>/dev/null)
if test -n "$table"; then
  known=$(sed -n '/settings_table\[\] *=/,/^};/p' "$table" |
    tr '\n' ' ' | grep -oE '[A-Z_]+\( *"[a-z-]+"|SECTION_[A-Z]+, *"[a-z-]+"|\.name *= *"[a-z-]+"' |
    grep -oE '"[a-z-]+"' | tr -d '"' | sort -u)
  told=$(grep -oE '^\.It (Ic|Cm) [a-z-]+' man/wschatd.conf.5 | awk '{print $3}' | sort -u)
  if test -z "$known"; then
    skip 'every setting is in wschatd.conf(5)' 'the table has another form'
  else
    for name in $known; do
      echo "$told" | grep -qxF -e "$name" || echo "$name is not in the manual"
    done | rule 'every setting is in wschatd.conf(5)'
    # Rows that say RESTART, and items that say so.
    sed -n '/settings_table\[\] *=/,/^};/p' "$table" | tr '\n' ' ' |
      sed 's/"),/&\n/g' | grep 'RESTART' |
      grep -oE '[A-Z]+\("[a-z-]+"' | cut -d'"' -f2 | sort >"$scratch/rows"
    awk '/^\.It|^\.El/ { name = $2 == "Cm" ? $3 : "" }
      /^A change needs a restart\.$/ { print name }' man/wschatd.conf.5 |
      sort >"$scratch/items"
    diff "$scratch/rows" "$scratch/items" |
      rule 'wschatd.conf(5) says which settings need a restart'
    for name in $told; do
      case $name in include|listen|limits|route) continue ;; esac
      echo "$known" | grep -qxF -e "$name" || echo "$name is not a setting"
    done | rule 'wschatd.conf(5) has no other settings'
  fi
else
  skip 'every setting is in wschatd.conf(5)' 'no table of settings'
fi

# The words and aliases of commands are the second and third text of a row.
grep '^COMMAND(' src/worker/command.h | cut -d'"' -f2,4 | tr '",' '\n\n' |
  grep . | while read -r word; do
    grep -qE "^\\|.*\`/$word[ \`].*\\|\$" doc/protocol.md ||
      echo "/$word is not in doc/protocol.md"
  done | rule 'every command is in doc/protocol.md'

# The client understands them itself when it speaks wschat.v1.
grep '^SLASH_COMMAND(' src/client/slash.h | cut -d'"' -f2,4 |
  tr '",' '\n\n' | grep . | grep -vx exit | while read -r word; do
    grep -qE "^COMMAND\\(.*\"([a-z]+,)*$word(,[a-z]+)*\"" \
        src/worker/command.h || echo "/$word is no command of the server"
  done | rule 'the commands of wschat are those of the server'

# What the manual must say of each row that --explain lists (standard input),
# as "name: sentence".
sentences() {
  sed 's|"[^" ]*/wschatd/web"|"/usr/local/share/wschatd/web"|' |
    awk -F '  +' '
    {
      name = $1
      sub(/.*\./, "", name)
      bounds = $3
      value = $4 == "\"\"" ? "empty" : $4 == "{}" ? "none" : $4
      if ($2 == "size") gsub(/"/, "", value)
      if ($2 == "switch" || $2 == "word")
        print name ": Default: " value "."
      else
        print name ": " bounds "; default: " value "."
    }'
}

if test -x "${WSCHATD:-none}"; then
  # Bounds and defaults; the sentence is a line of the item.
  "$WSCHATD" --explain | sentences | sort >"$scratch/rows"
  awk '/^\.(It|El)/ { name = $2 == "Cm" ? $3 : "" }
    name != "" && /(^D|; d)efault: / { print name ": " $0 }' \
    man/wschatd.conf.5 | sort >"$scratch/items"
  diff "$scratch/rows" "$scratch/items" |
    rule 'wschatd.conf(5) has the bounds and defaults of the settings'
  # The shipped file has each, as a comment with its default, once.
  "$WSCHATD" --explain | awk -F '  +' '
    { sub(/.*\./, "", $1); print "#" $1 " = " $4 }' |
    sed 's|"[^" ]*/wschatd/web"|"@pkgdatadir@/web"|' |
    sort >"$scratch/rows"
  grep -oE '^[[:space:]]*#[a-z-]+ = .*' etc/wschatd.conf.in |
    sed 's/^[[:space:]]*//' | sort >"$scratch/lines"
  diff "$scratch/rows" "$scratch/lines" |
    rule 'the shipped configuration has every setting with its default'
else
  skip 'manual and shipped configuration agree with the settings' \
    'wschatd is not built'
fi

if test -x "${WSCHATD:-none}"; then
  # The form the build ships is accepted, and so is a file without a line.
  for file in "${top_builddir:-.}/etc/wschatd.conf" /dev/null; do
    test -e "$file" || continue
    "$WSCHATD" -t -c "$file" >/dev/null 2>&1 || echo "$file: not accepted"
  done | rule 'the shipped configuration is accepted'
else
  skip 'the shipped configuration is accepted' 'wschatd is not built'
fi

}

rules | awk '
  /^(not )?ok - / { sub(/ok -/, "ok " ++n " -") }
  { print }
  END { print "1.." n }'
