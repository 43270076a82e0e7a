package config

import (
	"fmt"
	"strconv"
	"strings"
)

// checker is what reading the tree shares: its surroundings and what was found
// so far.
type checker struct {
	options  Options
	format   Format
	findings Findings
}

func (c *checker) report(s Severity, k Kind, at Position, hint, format string, args ...any) {
	c.findings = append(c.findings, Finding{
		Position: at, Severity: s, Kind: k, Message: fmt.Sprintf(format, args...), Hint: hint,
	})
}

func (c *checker) fail(k Kind, at Position, hint, format string, args ...any) {
	c.report(Error, k, at, hint, format, args...)
}

func (c *checker) warn(k Kind, at Position, hint, format string, args ...any) {
	c.report(Warning, k, at, hint, format, args...)
}

// wrongType reports that v is not what is wanted, with what most likely led to
// it.
func (c *checker) wrongType(v *value, want, hint string) {
	if hint == "" {
		hint = c.typeHint(v, want)
	}
	c.fail(WrongType, v.position(), hint, "must be %s, is %s", want, v.withKind())
}

// withKind describes the value and says what it is.
func (v *value) withKind() string {
	switch v.kind {
	case isText:
		return "the string " + v.String()
	case isInteger, isNumber:
		return "the number " + v.String()
	default:
		return v.String()
	}
}

func (c *checker) typeHint(v *value, want string) string {
	switch {
	case v.kind == isNull:
		return "leave the key out to get its default"
	case v.kind == isText && strings.HasPrefix(want, "true") && (v.text == "true" || v.text == "false"):
		return "write true or false without quotes"
	case v.kind == isText && isDecimal(v.text):
		return "write it without quotes"
	case v.kind == isBool && strings.HasPrefix(want, "a whole number"):
		return "Crossbar.io reads true as 1 here, junctor does not"
	case strings.HasPrefix(want, "a list") && v.kind != isObject:
		return "put it in brackets"
	case v.kind == isBool && c.format == YAML && want != "an object":
		return "YAML takes yes, no, on and off without quotes for booleans"
	}
	return ""
}

func isDecimal(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil
}

// lookupEnv returns an environment variable; empty counts as unset.
func (c *checker) lookupEnv(name string) (string, bool) {
	if c.options.LookupEnv == nil {
		return "", false
	}
	s, _ := c.options.LookupEnv(name)
	return s, s != ""
}
