# Makes wschat-protocol(7) of doc/protocol.md, so that its facts stand once:
#
#	awk -f man/protocol.awk doc/protocol.md >man/wschat-protocol.7
#
# Knows what that file uses: headings, paragraphs, lists, tables, code.

function head() {
	print ".\\\" Made from doc/protocol.md by man/protocol.awk."
	print ".Dd November 21, 2026"
	print ".Dt WSCHAT-PROTOCOL 7"
	print ".Os"
	print ".Sh NAME"
	print ".Nm wschat-protocol"
	print ".Nd what a client of wschatd says and hears"
	print ".Sh DESCRIPTION"
	fresh = 1
}

# What is special to roff.
function plain(s) {
	gsub(/\\/, "\\e", s)
	return s
}

function guard(s) {
	return s ~ /^[.']/ ? "\\&" s : s
}

# Of a paragraph: links lose their address, code and stress become bold.
function inline(s,    out, at) {
	s = plain(s)
	while (match(s, /\[[^]]*\]\([^)]*\)/)) {
		at = substr(s, RSTART + 1, RLENGTH - 1)
		sub(/\].*/, "", at)
		s = substr(s, 1, RSTART - 1) at substr(s, RSTART + RLENGTH)
	}
	out = ""
	while (match(s, /`[^`]+`|\*\*[^*]+\*\*/)) {
		at = substr(s, RSTART, RLENGTH)
		gsub(/^(`|\*\*)|(`|\*\*)$/, "", at)
		out = out substr(s, 1, RSTART - 1) "\\fB" at "\\fR"
		s = substr(s, RSTART + RLENGTH)
	}
	return guard(out s)
}

# Each sentence begins a line.
function sentences(s,    n, parts, i, out) {
	n = split(s, parts, /[.] +/)
	out = parts[1]
	for (i = 2; i <= n; i++)
		out = out ".\n" guard(parts[i])
	return out
}

function close_list() {
	if (list != "") print ".El"
	list = ""
}

function flush_text() {
	if (text == "") return
	if (!fresh) print ".Pp"
	print sentences(inline(text))
	text = ""
	fresh = 0
}

function flush_item() {
	if (item != "") print sentences(inline(item))
	item = ""
}

function settle() { flush_item(); flush_text(); close_list() }

function open_list(kind) {
	if (list == kind) return
	settle()
	print kind == "tag" ? ".Bl -tag -width Ds" : ".Bl -" kind
	list = kind
	fresh = 0
}

function row(s,    n, cells, i, rest) {
	gsub(/\\\|/, "\001", s)
	sub(/^\|/, "", s)
	sub(/\|[ \t]*$/, "", s)
	n = split(s, cells, "|")
	for (i = 1; i <= n; i++) {
		gsub(/^[ \t]+|[ \t]+$/, "", cells[i])
		gsub(/\001/, "|", cells[i])
	}
	print ".It " inline_item(cells[1])
	for (i = 2; i <= n; i++)
		if (cells[i] != "")
			rest = rest (rest == "" ? "" : ": ") cells[i]
	print rest == "" ? "\\&" : sentences(inline(rest))
}

# Behind a macro a word of the language would be taken for one.
function inline_item(s) {
	s = inline(s)
	gsub(/"/, "\\(dq", s)
	return s == "" ? "\\&" : "\"" s "\""
}

BEGIN { head() }

fence && /^```/ { print ".Ed"; fence = 0; fresh = 0; next }
fence { print guard(plain($0)); next }
/^```/ { settle(); print ".Bd -literal -offset indent"; fence = 1; next }
indented && /^(    |$)/ {
	if ($0 == "") { blanks++; next }
	for (; blanks > 0; blanks--) print ""
	print guard(plain(substr($0, 5)))
	next
}
indented { print ".Ed"; indented = 0; blanks = 0; fresh = 0 }
/^    / && list == "" && text == "" {
	print ".Bd -literal -offset indent"
	print guard(plain(substr($0, 5)))
	indented = 1
	next
}
/^# / { next }
/^## / { settle(); print ".Sh " inline(toupper(substr($0, 4))); fresh = 1; next }
/^### / { settle(); print ".Ss " inline(substr($0, 5)); fresh = 1; next }
/^\|[-| ]+\|$/ { open_list("tag"); held = ""; next }
/^\|/ && list != "tag" { settle(); held = $0; next }
/^\|/ { row($0); next }
/^- / { flush_item(); open_list("bullet"); print ".It"; item = substr($0, 3); next }
/^[0-9]+\. / {
	flush_item()
	open_list("enum")
	print ".It"
	item = $0
	sub(/^[0-9]+\. /, "", item)
	next
}
/^$/ { if (list == "tag") close_list(); flush_item(); flush_text(); after = 1; next }
{
	sub(/^[ \t]+/, "")
	if (item != "") { item = item " " $0; next }
	if (list != "") close_list()
	text = text (text == "" ? "" : " ") $0
}
END { settle(); if (indented) print ".Ed"
	print ".Sh SEE ALSO\n.Xr wschat 1 ,\n.Xr wschatd.conf 5 ,\n.Xr wschatd 8" }
