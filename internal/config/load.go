package config

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Options are the surroundings in which a configuration is read. The zero
// Options stand for no environment variables and no node directory.
type Options struct {
	// Dir is the node directory, to which relative paths are joined. Empty
	// leaves them relative (Load: the directory of the file).
	Dir string

	// LookupEnv looks up environment variables, as os.LookupEnv does.
	LookupEnv func(name string) (string, bool)
}

// Load reads the configuration file at path, whose extension tells the format.
// The error says that there is no such file or that it cannot be read; what is
// wrong within it is in the findings, which are sorted. A node with errors
// among its findings is incomplete and must not be started; it is nil if the
// file could not even be parsed.
func Load(path string, options Options) (*Node, Findings, error) {
	format, ok := FormatOf(path)
	if !ok {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return nil, nil, fmt.Errorf("config: %s is a directory; name the file in it", path)
		}
		return nil, nil, fmt.Errorf("config: %s: the name must end in .json, .yaml or .yml", path)
	}
	data, err := readFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("config: %w", err)
	}
	if options.Dir == "" {
		options.Dir = filepath.Dir(path)
	}
	node, findings := Parse(path, data, format, options)
	return node, findings, nil
}

// readFile reads a file up to one octet more than is parsed.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFileSize+1))
}

// Parse reads a configuration from memory; name is for the findings. Otherwise
// it is as Load.
func Parse(name string, data []byte, format Format, options Options) (*Node, Findings) {
	root, problem := parseTree(name, data, format)
	if problem != nil {
		return nil, Findings{*problem}
	}
	c := &checker{options: options, format: format}
	node := &Node{Dir: options.Dir}
	if nodeObject.readInto(c, root, node) {
		completeIDs(node)
		c.crossCheck(node)
	}
	c.findings.Sort()
	return node, c.findings
}
