package guest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// environ returns the environment of the next process. Of a variable that is in
// it twice the last one counts, as os/exec has it.
func (g *Guest) environ(ctx context.Context, dir string) ([]string, error) {
	env := g.inherited(dir)
	if g.hooks.Environ != nil {
		extra, err := g.hooks.Environ(ctx)
		if err != nil {
			return nil, fmt.Errorf("environment: %w", err)
		}
		env = appendVars(env, extra)
	}
	return appendVars(env, g.cfg.Env.Vars), nil
}

// inherited returns what a process in dir gets without anybody's asking.
func (g *Guest) inherited(dir string) []string {
	env := []string{"PYTHONUNBUFFERED=1"}
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if !g.cfg.Env.Clean || slices.ContainsFunc(g.cfg.Env.Keep, func(keep string) bool { return sameName(keep, name) }) {
			env = append(env, variable)
		}
	}
	return append(env, "PWD="+dir) // the inherited one is ours
}

// Find returns the executable's path, or why the next start would not find it.
// What Hooks.Environ would say about PATH does not count.
func (g *Guest) Find() (string, error) {
	dir, err := workdir(g.cfg.Workdir)
	if err != nil {
		return "", err
	}
	return lookUp(g.cfg.Executable, dir, appendVars(g.inherited(dir), g.cfg.Env.Vars))
}

func appendVars(env []string, vars map[string]string) []string {
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		env = append(env, name+"="+vars[name])
	}
	return env
}

// sameName reports whether the system takes two names for one variable.
func sameName(a, b string) bool {
	if runtime.GOOS == "windows" {
		return strings.EqualFold(a, b)
	}
	return a == b
}

// lookUp finds the executable: below dir or, for a name without separators, in
// the directories of env's PATH. Relative directories in PATH do not count.
func lookUp(name, dir string, env []string) (string, error) {
	if filepath.IsAbs(name) {
		path, err := exec.LookPath(name)
		if err != nil {
			return "", fmt.Errorf("executable: %w", err)
		}
		return path, nil
	}
	path, err := exec.LookPath(filepath.Join(dir, name))
	if err == nil {
		return path, nil
	}
	if filepath.Base(name) != name {
		return "", fmt.Errorf("executable: %w", err)
	}
	for _, d := range filepath.SplitList(variable(env, "PATH")) {
		if !filepath.IsAbs(d) {
			continue
		}
		if path, err := exec.LookPath(filepath.Join(d, name)); err == nil {
			return path, nil
		}
	}
	if errors.Is(err, fs.ErrPermission) {
		return "", fmt.Errorf("executable: %w (nor is there one on PATH)", err)
	}
	return "", fmt.Errorf("executable: %q is neither in %s nor on PATH: %w", name, dir, exec.ErrNotFound)
}

// variable returns the value that counts.
func variable(env []string, name string) string {
	for _, v := range slices.Backward(env) {
		if its, value, _ := strings.Cut(v, "="); sameName(its, name) {
			return value
		}
	}
	return ""
}
