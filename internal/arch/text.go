package arch

import (
	"bytes"
	"fmt"
	"io/fs"
	"regexp"
)

// banned is what no tracked file may contain. The expressions are written so
// that they do not match themselves.
var banned = []struct {
	what string
	text *regexp.Regexp
}{
	{
		"a path of somebody's machine",
		regexp.MustCompile(`(^|[^\w.$}~-])/(wor[k]|far[m]|roo[t]|home/\w+|User[s]/\w+)/|/tmp/(bas[h]_|studi[o])`),
	},
	{
		"the host of a package registry",
		regexp.MustCompile(`\b(registry\.(npm[j]s|yarn[p]kg)|pyp[i]\.org|python[h]osted\.org|(proxy|sum|index)\.golan[g]\.org|goproxy\.(i[o]|cn))`),
	},
	{
		"the address of a package registry",
		regexp.MustCompile(`"resolve[d]": *"http|GOPROX[Y]=|--registr[y][= ]|--(extra-)?index-ur[l]|index-ur[l] *=`),
	},
}

// CheckText returns where the named files of tree contain what no tracked file
// may contain. Files with zero octets are taken as binary and left out.
func CheckText(tree fs.FS, files []string) ([]Finding, error) {
	var findings []Finding
	for _, name := range files {
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return nil, err
		}
		if bytes.IndexByte(text, 0) >= 0 {
			continue
		}
		findings = append(findings, checkLines(name, text)...)
	}
	return findings, nil
}

func checkLines(name string, text []byte) []Finding {
	var findings []Finding
	for i, line := range bytes.Split(text, []byte("\n")) {
		for _, rule := range banned {
			if found := rule.text.Find(line); found != nil {
				findings = append(findings, Finding{
					Where: fmt.Sprintf("%s:%d", name, i+1),
					What:  fmt.Sprintf("contains %s: %q", rule.what, found),
				})
			}
		}
	}
	return findings
}
