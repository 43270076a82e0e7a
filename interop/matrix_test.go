//go:build interop

package interop_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// matrix collects what worked.
type matrix struct {
	title   string
	rows    []variant
	columns []string

	mu    sync.Mutex // guards the fields below
	cells map[variant]map[string]string
	notes []string
}

const (
	worked = "ok"
	failed = "FAIL"
)

func newMatrix(title string, rows []variant, columns []string) *matrix {
	return &matrix{title: title, rows: rows, columns: columns, cells: make(map[variant]map[string]string)}
}

func (m *matrix) set(row variant, column, cell string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cells[row] == nil {
		m.cells[row] = make(map[string]string)
	}
	m.cells[row][column] = cell
}

// unable sets a cell to the number of the reason why it stays empty.
func (m *matrix) unable(row variant, column, reason string) {
	m.set(row, column, fmt.Sprintf("(%d)", m.note(reason)))
}

// note returns the number of a footnote.
func (m *matrix) note(text string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := slices.Index(m.notes, text); i >= 0 {
		return i + 1
	}
	m.notes = append(m.notes, text)
	return len(m.notes)
}

// String prints one row per variant and one column per scenario, as many columns
// beside each other as fit on a line. A cell that nobody filled is a failure and
// looks like one.
func (m *matrix) String() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var b strings.Builder
	for rest := m.columns; len(rest) > 0; {
		n := fitting(rest)
		fmt.Fprintf(&b, "%-37s %s\n", "", strings.Join(rest[:n], " "))
		for _, row := range m.rows {
			fmt.Fprintf(&b, "%-37s %s\n", row, strings.TrimRight(m.line(row, rest[:n]), " "))
		}
		b.WriteByte('\n')
		rest = rest[n:]
	}
	for i, note := range m.notes {
		fmt.Fprintf(&b, "(%d) %s\n", i+1, note)
	}
	return b.String()
}

// fitting is how many columns fit on a line beside the rows' names.
func fitting(columns []string) int {
	const width = 120
	n, taken := 1, len(columns[0])
	for _, column := range columns[1:] {
		if taken += 1 + len(column); taken > width {
			break
		}
		n++
	}
	return n
}

// line prints a row's cells, or one for all where they are the same footnote.
func (m *matrix) line(row variant, columns []string) string {
	var cells, wide []string
	for _, column := range columns {
		cell := m.cells[row][column]
		if cell == "" {
			cell = failed
		}
		cells = append(cells, cell)
		wide = append(wide, fmt.Sprintf("%-*s", len(column), cell))
	}
	if one := slices.Compact(cells); len(one) == 1 && one[0][0] == '(' {
		return one[0]
	}
	return strings.Join(wide, " ")
}

// print puts the matrix into the test's log and, for scripts/interop.sh, at the
// end of a file.
func (m *matrix) print(t *testing.T) {
	t.Helper()
	text := fmt.Sprintf("%s\n\n%s\n", m.title, m)
	t.Log("\n" + text)
	name := os.Getenv("JUNCTOR_INTEROP_MATRIX")
	if name == "" {
		return
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteString(text)
	if err := errors.Join(err, file.Close()); err != nil {
		t.Error(err)
	}
}
