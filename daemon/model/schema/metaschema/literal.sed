# One literal of C for each line.
s/[\"]/\\&/g
s/.*/"&\\n"/
