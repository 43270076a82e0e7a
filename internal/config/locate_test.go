package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/junctorio/junctor/internal/config"
)

// The rules of Crossbar.io, in a directory of its own for each case.
func TestLocate(t *testing.T) {
	env := func(dir string) func(string) (string, bool) {
		return func(name string) (string, bool) { return dir, name == "CROSSBAR_DIR" && dir != "" }
	}
	tests := []struct {
		name      string
		files     string // to make
		search    config.Search
		file, dir string
	}{
		{"config.yaml comes before config.json", "config.json config.yaml", config.Search{}, "config.yaml", "."},
		{"config.json counts without config.yaml", "config.json", config.Search{}, "config.json", "."},
		{"a directory config.yaml is no file", "config.yaml/x config.json", config.Search{}, "config.json", "."},
		{".crossbar comes before the working directory", ".crossbar/config.json config.json", config.Search{}, ".crossbar/config.json", ".crossbar"},
		{"a file .crossbar is no node directory", ".crossbar config.json", config.Search{}, "config.json", "."},
		{"CROSSBAR_DIR comes before .crossbar", ".crossbar/config.json d/config.json", config.Search{LookupEnv: env("d")}, "d/config.json", "d"},
		{"an empty CROSSBAR_DIR is none", ".crossbar/config.json", config.Search{LookupEnv: env("")}, ".crossbar/config.json", ".crossbar"},
		{"the directory given comes before CROSSBAR_DIR", "e/config.json d/config.json", config.Search{Dir: "e", LookupEnv: env("d")}, "e/config.json", "e"},
		{"a file given as directory stands for its directory", "e/config.json e/other.json", config.Search{Dir: "e/other.json"}, "e/config.json", "e"},
		{"a name is within the node directory", "e/config.json", config.Search{Dir: "e", Config: "other.yaml"}, "e/other.yaml", "e"},
		{"an absolute name is itself", "", config.Search{Dir: "e", Config: "/etc/other.yaml"}, "/etc/other.yaml", "e"},
		{"a file brings its directory", ".crossbar/config.json", config.Search{File: "f/x.json"}, "f/x.json", "f"},
		{"a file and a directory", "e/config.json", config.Search{File: "f/x.json", Dir: "e"}, "f/x.json", "e"},
		{"a file in the working directory", "", config.Search{File: "x.json"}, "x.json", "."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			for name := range strings.FieldsSeq(test.files) {
				if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, nil, 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			file, dir, err := test.search.Locate()
			if err != nil || file != test.file || dir != test.dir {
				t.Errorf("got %q in %q, error %v; want %q in %q", file, dir, err, test.file, test.dir)
			}
		})
	}
}

func TestLocateSaysWhereItLooked(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	_, dir, err := config.Search{Dir: empty}.Locate()
	if !errors.Is(err, config.ErrNotFound) || !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("got %v, want ErrNotFound", err)
	}
	for _, name := range []string{"config.yaml", "config.json"} {
		if !strings.Contains(err.Error(), filepath.Join(empty, name)) {
			t.Errorf("%q does not mention %s", err, name)
		}
	}
	if dir != empty {
		t.Errorf("got node directory %q, want %q", dir, empty)
	}
}
