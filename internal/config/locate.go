package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ErrNotFound says that there is no configuration where it was looked for. It
// unwraps to fs.ErrNotExist.
var ErrNotFound = fmt.Errorf("no configuration found: %w", fs.ErrNotExist)

// Search is what the user said about where the configuration is.
type Search struct {
	// File is a configuration file. If set, it is used as it is; its directory
	// is the node directory unless Dir says otherwise.
	File string

	// Dir is the node directory (--cbdir), or a file in it. If empty, the
	// environment variable CROSSBAR_DIR counts, else .crossbar if it is a
	// directory, else the working directory.
	Dir string

	// Config is the name of the configuration file within the node directory
	// (--config). If empty, it is config.yaml or config.json, in this order.
	Config string

	// LookupEnv looks up environment variables, as os.LookupEnv does; nil
	// stands for none.
	LookupEnv func(name string) (string, bool)
}

// Locate returns the configuration file and the node directory by the rules of
// Crossbar.io. If no name is given and there is no such file, the error is an
// ErrNotFound that says where it looked.
func (s Search) Locate() (file, dir string, err error) {
	dir = s.nodeDir()
	switch {
	case s.File != "" && s.Dir == "":
		return s.File, filepath.Dir(s.File), nil
	case s.File != "":
		return s.File, dir, nil
	case filepath.IsAbs(s.Config):
		return s.Config, dir, nil
	case s.Config != "":
		return filepath.Join(dir, s.Config), dir, nil
	}
	var tried []string
	for _, name := range []string{"config.yaml", "config.json"} {
		file = filepath.Join(dir, name)
		if isReadable(file) {
			return file, dir, nil
		}
		tried = append(tried, file)
	}
	return "", dir, fmt.Errorf("config: %w (looked for %s)", ErrNotFound, strings.Join(tried, ", "))
}

func (s Search) nodeDir() string {
	dir := s.Dir
	if dir == "" && s.LookupEnv != nil {
		dir, _ = s.LookupEnv("CROSSBAR_DIR")
	}
	if dir == "" && isDir(".crossbar") {
		dir = ".crossbar"
	}
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		dir = filepath.Dir(dir)
	}
	return filepath.Clean(dir)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func isReadable(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	info, err := f.Stat()
	return errors.Join(err, f.Close()) == nil && !info.IsDir()
}
