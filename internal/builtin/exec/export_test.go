package exec

// Lines has a reader of at most so many octets a line cut chunks into lines.
func Lines(most int, chunks ...[]byte) (lines []string, err error) {
	r := &lineReader{most: most, fault: func() {}, each: func(line []byte) error {
		lines = append(lines, string(line))
		return nil
	}}
	for _, chunk := range chunks {
		if n, err := r.Write(chunk); n != len(chunk) || err != nil {
			panic("a line reader takes everything")
		}
	}
	r.end()
	return lines, r.err
}

// ParseAnswer reads a line as that of either mode.
func ParseAnswer(line []byte) (perCall, tagged error) {
	_, perCall = parseAnswer(line)
	_, tagged = parseTagged(line)
	return perCall, tagged
}
