//go:build interop

package interop_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// matrix collects what worked.
type matrix struct {
	columns []string

	mu    sync.Mutex // guards the fields below
	cells map[variant]map[string]string
	notes []string
}

const (
	worked = "ok"
	failed = "FAIL"
)

func newMatrix(columns []string) *matrix {
	return &matrix{columns: columns, cells: make(map[variant]map[string]string)}
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

// String prints one row per variant and one column per scenario. A cell that
// nobody filled is a failure and looks like one.
func (m *matrix) String() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "%-37s", "")
	for _, column := range m.columns {
		fmt.Fprintf(&b, " %s", column)
	}
	b.WriteByte('\n')
	for _, row := range variants() {
		fmt.Fprintf(&b, "%-37s %s\n", row, strings.TrimRight(m.line(row), " "))
	}
	for i, note := range m.notes {
		fmt.Fprintf(&b, "(%d) %s\n", i+1, note)
	}
	return b.String()
}

// line prints a row's cells, or one for all where they are the same footnote.
func (m *matrix) line(row variant) string {
	var cells, wide []string
	for _, column := range m.columns {
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

// print puts the matrix into the test's log and, for scripts/interop.sh, into
// a file.
func (m *matrix) print(t *testing.T) {
	t.Helper()
	var partners []string
	for _, hub := range hubs {
		partners = append(partners, hub.String())
	}
	text := fmt.Sprintf("A cell is a scenario played with each of %s; both ways.\n\n%s", strings.Join(partners, ", "), m)
	t.Log("\n" + text)
	if name := os.Getenv("JUNCTOR_INTEROP_MATRIX"); name != "" {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Error(err)
		}
	}
}
