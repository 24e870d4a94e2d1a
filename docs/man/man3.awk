# SPDX-License-Identifier: GPL-2.0-or-later
# From the public header to pages of section 3: one for each of its parts that a line
# "--- part ---" begins, called after the first function there, and a page for every
# other function that leads to it.
#   awk -v dir=OUT -v version=0.1.0 -f man3.awk kvmstats.h

function escape(text)
{
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	gsub(/`/, "\\(ga", text)
	sub(/^[.']/, "\\\\\\&&", text)
	return text
}

# @name and NAME() stand out, as do -ERRNO and constants.
function inline(text,    out, word)
{
	while (match(text, /@[a-z_]+|kvmstats_[a-z_]+\(\)|-E[A-Z0-9]+|KVMSTATS_[A-Z0-9_*]+/)) {
		word = substr(text, RSTART, RLENGTH)
		out = out escape(substr(text, 1, RSTART - 1))
		if (word ~ /^@/)
			out = out "\\fI" escape(substr(word, 2)) "\\fR"
		else
			out = out "\\fB" escape(word) "\\fR"
		text = substr(text, RSTART + RLENGTH)
	}
	return out escape(text)
}

function put(line)
{
	body = body line "\n"
}

# A line of a prototype, and more lines where it is too long for a terminal
function put_code(line,    cut)
{
	while (length(line) > 70) {
		for (cut = 70; cut > 20 && substr(line, cut, 2) != ", "; cut--)
			;
		if (cut == 20)
			break
		synopsis = synopsis "\\fB" escape(substr(line, 1, cut)) "\\fR\n"
		line = "        " substr(line, cut + 2)
	}
	synopsis = synopsis "\\fB" escape(line) "\\fR\n"
}

# What is in a comment, after its first line
function put_text(    i, line, list, len)
{
	for (i = 2; i <= nr_lines; i++) {
		line = lines[i]
		if (line == "") {
			put(".PP")
			list = 0
		} else if (match(line, /^@[a-z_, @]+: */)) {
			len = RLENGTH
			put(".TP")
			put(inline(substr(line, 1, index(line, ":") - 1)))
			put(inline(substr(line, len + 1)))
		} else if (match(line, /^ +-E[^:]*: */)) {
			len = RLENGTH
			put(".TP")
			put(inline(substr(line, 2, index(line, ":") - 2)))
			put(inline(substr(line, len + 1)))
			list = 1
		} else if (match(line, /^ +- /)) {
			len = RLENGTH
			put(".IP \\(bu 2")
			put(inline(substr(line, len + 1)))
			list = 1
		} else {
			# What goes on with an item is indented by more than one blank.
			if (list && line ~ /^ ?[^ \t]/) {
				put(".PP")
				list = 0
			}
			sub(/^[ \t]+/, "", line)
			sub(/^Return: */, "", line)
			if (lines[i] ~ /^Return:/)
				put("Returns")
			if (line != "")
				put(inline(line))
		}
	}
}

function end_part(    file, i)
{
	if (!nr_names)
		return
	file = dir "/" names[1] ".3"
	printf ".TH %s 3 \"\" \"kvmstats %s\" \"libkvmstats\"\n.nh\n.ad l\n.SH NAME\n", \
		toupper(names[1]), version >file
	for (i = 1; i <= nr_names; i++)
		printf "%s%s", names[i], i < nr_names ? ",\n" : "" >file
	printf " \\- %s\n.SH SYNOPSIS\n.nf\n.B #include <kvmstats/kvmstats.h>\n.PP\n", \
		escape(part) >file
	printf "%s.fi\n.SH DESCRIPTION\n%s", synopsis, body >file
	printf ".SH SEE ALSO\n.BR libkvmstats (3),\n.BR kvmstats (4)\n" >file
	close(file)
	for (i = 2; i <= nr_names; i++) {
		file = dir "/" names[i] ".3"
		printf ".so man3/%s.3\n", names[1] >file
		close(file)
	}
}

/^\/\* --- .* --- \*\/$/ {
	end_part()
	part = $0
	gsub(/^\/\* --- | --- \*\/$/, "", part)
	nr_names = 0
	synopsis = body = ""
	next
}

# In a comment that documents
/^\/\*\*$/ { in_comment = 1; nr_lines = 0; next }
in_comment && /^ \*\/$/ { in_comment = 0; pending = nr_lines; next }
in_comment {
	line = $0
	sub(/^ \* ?/, "", line)
	# A parameter's text goes on behind a tab, that of a list behind more blanks.
	lines[++nr_lines] = line
	next
}

# What it documents: a function up to its semicolon, or a struct up to its end
pending && part && (/^[a-z].*\(/ || in_code) {
	in_code = 1
	code = code $0 "\n"
	if (!/;$/)
		next
	match(code, /kvmstats_[a-z_]+\(/)
	names[++nr_names] = substr(code, RSTART, RLENGTH - 1)
	gsub(/\t/, "        ", code)
	n = split(code, row, "\n")
	for (i = 1; i < n; i++)
		put_code(row[i])
	title = lines[1]
	sub(/^[a-z_]*\(\) - /, "", title)
	put(".SS " names[nr_names] "()")
	put(inline(toupper(substr(title, 1, 1)) substr(title, 2) "."))
	put_text()
	in_code = pending = 0
	code = ""
	next
}

pending && part && /^struct .*\{$/ {
	put(".SS " $1 " " $2)
	title = lines[1]
	sub(/^struct [a-z_]* - /, "", title)
	put(inline(toupper(substr(title, 1, 1)) substr(title, 2) "."))
	put_text()
	pending = 0
}

END { end_part() }
