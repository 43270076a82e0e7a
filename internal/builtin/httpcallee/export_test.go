package httpcallee

import "net/url"

// Resolve resolves what a caller asks for against a base URL.
func Resolve(base, ref string) (*url.URL, error) {
	u, err := parseBase(base)
	if err != nil {
		return nil, err
	}
	return (&config{base: u}).resolve(ref)
}
