package serializer

import (
	"errors"
	"fmt"
)

// syntaxError says what is wrong with encoded data, and where.
type syntaxError struct {
	offset int
	text   string
}

func failAt(pos int, format string, args ...any) error {
	return &syntaxError{offset: pos, text: fmt.Sprintf(format, args...)}
}

func truncated(data []byte) error { return failAt(len(data), "unexpected end") }

func (e *syntaxError) Error() string { return fmt.Sprintf("octet %d: %s", e.offset, e.text) }

// tooDeep is the error about a list or dictionary at octet pos.
func tooDeep(pos int) error {
	return failAt(pos, "nested deeper than %d levels", maxDepth)
}

// pathError says where in a payload something is wrong.
type pathError struct {
	path string // such as "args[2].name"
	err  error
}

func (e *pathError) Error() string { return e.path + ": " + e.err.Error() }

func (e *pathError) Unwrap() error { return e.err }

// within prepends a step to the path of an error.
func within(step string, err error) error {
	var inner *pathError
	if errors.As(err, &inner) {
		return &pathError{path: step + inner.path, err: inner.err}
	}
	return &pathError{path: step, err: err}
}

func withinItem(i uint64, err error) error { return within(fmt.Sprintf("[%d]", i), err) }

func withinKey(key string, err error) error { return within(fmt.Sprintf(".%.40s", key), err) }

// elementName names the i-th element of a payload in a path.
func elementName(i uint64) string {
	if i == 0 {
		return "args"
	}
	return "kwargs"
}
