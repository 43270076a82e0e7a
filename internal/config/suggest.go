package config

import (
	"strings"
)

// suggest returns a hint for a word that is none of the valid ones.
func suggest(word string, valid []string) string {
	best, distance := "", (len(word)+2)/4+1 // a slip in every four letters
	for _, candidate := range valid {
		if d := editDistance(strings.ToLower(word), strings.ToLower(candidate)); d < distance {
			best, distance = candidate, d
		}
	}
	if best != "" {
		return "did you mean " + quote(best) + "?"
	}
	return "valid here: " + joinWords(valid)
}

// editDistance is the number of characters to insert, remove, replace or swap
// with their neighbour to get from a to b. Words that are too long to be a slip
// of the keyboard are as far apart as their lengths.
func editDistance(a, b string) int {
	const longest = 64
	if len(a) > longest || len(b) > longest {
		return max(len(a), len(b))
	}
	s, t := []rune(a), []rune(b)
	before, last := make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := range s {
		row := make([]int, len(t)+1)
		row[0] = i + 1
		for j := range t {
			cost := 1
			if s[i] == t[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && s[i] == t[j-1] && s[i-1] == t[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(t)]
}

func joinWords(words []string) string { return strings.Join(words, ", ") }
