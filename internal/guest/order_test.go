package guest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/junctorio/junctor/internal/guest"
)

func TestOrder(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		guests []string // "id" or "id after id,id"
		want   string   // ids in order
		err    string   // or a part of the error
	}{
		{"nothing from nothing", nil, "", ""},
		{"guests that wait for nobody stay as they stand", []string{"c", "a", "b"}, "c a b", ""},
		{"a guest comes after the one it waits for", []string{"a after b", "b"}, "b a", ""},
		{"only guests that must are moved", []string{"x", "a after b", "y", "b"}, "x b a y", ""},
		{"a chain is turned round", []string{"a after b", "b after c", "c after d", "d"}, "d c b a", ""},
		{"a guest waits for several", []string{"a after c,b", "b", "c"}, "c b a", ""},
		{"a diamond has each guest once", []string{"a after b,c", "b after d", "c after d", "d"}, "d b c a", ""},
		{"a name said twice counts once", []string{"a after b,b", "b"}, "b a", ""},
		{"a guest cannot wait for itself", []string{"a after a"}, "", "a after a"},
		{"a circle is spelled out without the way to it", []string{"x after a", "a after b", "b after c", "c after a"}, "", ": a after b after c after a"},
		{"a guest that waits for nobody's name", []string{"a after z"}, "", `there is no guest "z"`},
		{"two guests of one id", []string{"a", "b", "a"}, "", `"a": the id is used more than once`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			order, err := guest.Order(parseOrder(tt.guests))
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("got %v, want an error with %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, i := range order {
				id, _, _ := strings.Cut(tt.guests[i], " ")
				got = append(got, id)
			}
			if want := strings.Fields(tt.want); !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func parseOrder(guests []string) []guest.Config {
	configs := make([]guest.Config, 0, len(guests))
	for _, g := range guests {
		id, after, waits := strings.Cut(g, " after ")
		c := guest.Config{ID: id}
		if waits {
			c.After = strings.Split(after, ",")
		}
		configs = append(configs, c)
	}
	return configs
}
