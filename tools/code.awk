# code.awk FILE...: prints file:line:code with comments and the insides of literals blanked, so that a rule about code
# is not tripped by words about it.
FNR == 1 { comment = 0 }
{
	line = $0
	out = ""
	literal = ""
	for (i = 1; i <= length(line); i++) {
		c = substr(line, i, 1)
		two = substr(line, i, 2)
		if (comment) {
			if (two == "*/") {
				comment = 0
				i++
			}
		} else if (literal != "") {
			if (c == "\\")
				i++
			else if (c == literal) {
				literal = ""
				out = out c
			}
		} else if (two == "/*") {
			comment = 1
			i++
		} else if (two == "//") {
			break
		} else {
			if (c == "\"" || c == "'")
				literal = c
			out = out c
		}
	}
	if (out ~ /[^ \t]/)
		printf "%s:%d:%s\n", FILENAME, FNR, out
}
