package cli

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/junctorio/junctor/wamp"
)

// maxStdin bounds what an argument "-" reads: the largest message a junctor
// transport can be configured to take.
const maxStdin = 64 << 20

// parseValue reads one argument of the command line. JSON is taken as what it
// says (number, true, false, null, "string", list, object); a text in single
// quotes is a string; what begins like a list, an object or a quoted string
// but is none is an error rather than a surprise; anything else is a string.
func parseValue(text string) (any, error) {
	v, err := parseJSON([]byte(text))
	if err == nil || errors.Is(err, errNumberRange) {
		return v, err
	}
	if n := len(text); n >= 2 && text[0] == '\'' && text[n-1] == '\'' {
		return text[1 : n-1], nil
	}
	if text != "" && strings.ContainsRune(`{["`, rune(text[0])) {
		return nil, fmt.Errorf("%s begins like JSON, but is not: %w; if it is to be a string, write %s or use --strings",
			abbreviate(text), err, abbreviate(quote(text)))
	}
	return text, nil
}

// errNumberRange marks integers that no 64 bits can hold.
var errNumberRange = errors.New("does not fit in 64 bits; put it in quotes to send it as a string")

// parseJSON decodes exactly one JSON value into the kinds that wamp.Dict
// documents. A string of NUL and base64 is binary, WAMP's convention (JS-1).
func parseJSON(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, jsonError(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("more text after the value, at offset %d", d.InputOffset())
	}
	return fromJSON(v)
}

func jsonError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("unexpected end")
	}
	return err
}

// fromJSON turns what encoding/json made into WAMP's kinds, in place.
func fromJSON(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case json.Number:
		return number(v.String())
	case string:
		return binary(v), nil
	case []any:
		for i := range v {
			if v[i], err = fromJSON(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for k := range v {
			if v[k], err = fromJSON(v[k]); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

func number(text string) (any, error) {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i, nil
	}
	if u, err := strconv.ParseUint(text, 10, 64); err == nil {
		return u, nil
	}
	if !strings.ContainsAny(text, ".eE") {
		return nil, fmt.Errorf("number %s %w", abbreviate(text), errNumberRange)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, fmt.Errorf("number %s %w", abbreviate(text), errNumberRange)
	}
	return f, nil
}

func binary(s string) any {
	if encoded, ok := strings.CutPrefix(s, "\x00"); ok {
		if b, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			return b
		}
	}
	return s
}

// quote writes text as JSON would.
func quote(text string) string {
	b, _ := json.Marshal(text) // a string always has a JSON form
	return string(b)
}

// abbreviate shortens text that is repeated in a message.
func abbreviate(text string) string {
	const most = 60
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}

// arguments are the flags that carry a request's arguments.
type arguments struct {
	keywords []string // -k key=value
	strings  bool     // --strings
}

func (a *arguments) add(cmd *cobra.Command) {
	cmd.Flags().StringArrayVarP(&a.keywords, "keyword", "k", nil, "a keyword argument as key=value (repeatable)")
	cmd.Flags().BoolVar(&a.strings, "strings", false, "take every argument as a string, as it stands")
}

// parse turns positional arguments and -k flags into args and kwargs. One
// positional argument may be "-": it is read from stdin.
func (a *arguments) parse(positional []string, stdin io.Reader) ([]any, wamp.Dict, error) {
	args := make([]any, 0, len(positional))
	for i, text := range positional {
		v, err := a.value(text, &stdin)
		if err != nil {
			return nil, nil, usagef("argument %d: %v", i+1, err)
		}
		args = append(args, v)
	}
	kwargs, err := a.parseKeywords()
	return args, kwargs, err
}

// value reads one positional argument; it takes stdin away once it is used.
func (a *arguments) value(text string, stdin *io.Reader) (any, error) {
	switch {
	case text == "-" && *stdin == nil:
		return nil, errors.New(`"-" stands for standard input, which can be read only once`)
	case text == "-":
		data, err := readStdin(*stdin)
		*stdin = nil
		if err != nil {
			return nil, err
		}
		if !utf8.Valid(data) && !a.strings {
			return data, nil
		}
		return a.text(strings.TrimSuffix(string(data), "\n"))
	}
	return a.text(text)
}

func (a *arguments) text(text string) (any, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("the text is not UTF-8, as strings must be")
	}
	if a.strings {
		return text, nil
	}
	return parseValue(text)
}

func (a *arguments) parseKeywords() (wamp.Dict, error) {
	if len(a.keywords) == 0 {
		return nil, nil
	}
	kwargs := make(wamp.Dict, len(a.keywords))
	for _, pair := range a.keywords {
		key, text, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return nil, usagef("-k %s: want key=value", abbreviate(pair))
		}
		if _, twice := kwargs[key]; twice {
			return nil, usagef("-k %s: the keyword is given twice", key)
		}
		v, err := a.text(text)
		if err != nil {
			return nil, usagef("-k %s: %v", key, err)
		}
		kwargs[key] = v
	}
	return kwargs, nil
}

func readStdin(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxStdin+1))
	if err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	if len(data) > maxStdin {
		return nil, fmt.Errorf("standard input is larger than %d octets", maxStdin)
	}
	return data, nil
}
