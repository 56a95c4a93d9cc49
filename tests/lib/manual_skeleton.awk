# SPDX-License-Identifier: MIT
# Prints the bones of a manual page in mdoc, which are the same in every language: its sections, items,
# synopses and examples in their order, and between them the names of options, commands, variables,
# files and pages, each once and sorted.

function is_name(word)
{
	return word ~ /^[[:print:]]+$/ && word !~ /^[[:punct:]]$/ && word !~ /[\200-\377]/
}

# The arguments, from this field on, of the macros in the list; of a page its name and section.
function names(from, macros, macro, first, i)
{
	found = ""
	macro = ""
	for (i = from; i <= NF; i++)
		if ($i ~ /^[A-Z][a-z]$/)
			macro = $(first = i)
		else if (macro == "Xr" && i > first + 2)
			continue
		else if (macro != "" && index(macros, macro " ") && is_name($i))
			found = found " " macro ":" $i
	return found
}

# Prints what was named since the last bone.
function flush(i, j, count, sorted, swap)
{
	count = 0
	for (i in named)
		sorted[++count] = i
	for (i = 2; i <= count; i++)
		for (j = i; j > 1 && sorted[j] < sorted[j - 1]; j--) {
			swap = sorted[j]
			sorted[j] = sorted[j - 1]
			sorted[j - 1] = swap
		}
	for (i = 1; i <= count; i++)
		print "  " sorted[i]
	split("", named)
}

function bone(text)
{
	flush()
	print text
}

BEGIN { inline = "Fl Ic Cm Ev Pa Xr Va " }
is_literal { print "  | " $0; if ($1 == ".Ed") is_literal = 0; next }
$1 == ".Bd" { bone($0); is_literal = 1; next }
$1 == ".Sh" { bone($1 ($2 == "NAME" || $2 == "SYNOPSIS" ? " " $2 : "")); next }
$1 == ".Ss" { bone($1 (NF == 2 && $2 ~ /^[a-z]+$/ ? " " $2 : "")); next }
$1 == ".It" { bone($1 (NF == 2 && $2 ~ /^[0-9]+$/ ? " " $2 : names(2, inline "Ql Ar "))); next }
$1 == ".Dl" || $1 == ".Op" || $1 == ".Dt" { bone($0); next }
/^\.[A-Z][a-z]( |$)/ && $1 !~ /^\.(Bl|El|Pp|Dd|Os|Nd)$/ {
	$1 = substr($1, 2)
	found = names(1, inline)
	many = split(found, parts, " ")
	for (i = 1; i <= many; i++)
		named[parts[i]] = 1
}
END { flush() }
