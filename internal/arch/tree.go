package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Package is a directory of Go files, tests left out.
type Package struct {
	Dir   string // relative to the module's root, "." for the root
	Name  string
	Files []File
}

// File is what the rules need to know of a source file.
type File struct {
	Path    string // relative to the module's root
	Imports []string
	Inits   int      // functions named init
	Calls   []string // "time.Now" and the like: a package's function, selected
}

// Load parses every production file of the tree, whatever its build
// constraints. It skips what the go command skips: testdata, vendor, and
// directories whose name begins with a dot or an underscore.
func Load(tree fs.FS) ([]Package, error) {
	byDir := make(map[string]*Package)
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return skipDir(name)
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		return loadFile(tree, name, byDir)
	})
	if err != nil {
		return nil, err
	}
	packages := make([]Package, 0, len(byDir))
	for _, p := range byDir {
		packages = append(packages, *p)
	}
	slices.SortFunc(packages, func(a, b Package) int { return strings.Compare(a.Dir, b.Dir) })
	return packages, nil
}

func skipDir(name string) error {
	base := path.Base(name)
	if name != "." && (base[0] == '.' || base[0] == '_' || base == "testdata" || base == "vendor" || base == "node_modules") {
		return fs.SkipDir
	}
	return nil
}

func loadFile(tree fs.FS, name string, byDir map[string]*Package) error {
	source, err := fs.ReadFile(tree, name)
	if err != nil {
		return err
	}
	syntax, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("arch: %w", err)
	}
	dir := path.Dir(name)
	if byDir[dir] == nil {
		byDir[dir] = &Package{Dir: dir, Name: syntax.Name.Name}
	}
	byDir[dir].Files = append(byDir[dir].Files, describe(name, syntax))
	return nil
}

func describe(name string, syntax *ast.File) File {
	f := File{Path: name}
	names := make(map[string]string) // as the file calls it → import path
	for _, spec := range syntax.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has accepted it, so this does not happen
		}
		f.Imports = append(f.Imports, imported)
		if spec.Name != nil {
			names[spec.Name.Name] = imported
		} else {
			names[path.Base(imported)] = imported
		}
	}
	ast.Inspect(syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				f.Inits++
			}
		case *ast.SelectorExpr:
			if id, ok := n.X.(*ast.Ident); ok && names[id.Name] != "" {
				f.Calls = append(f.Calls, names[id.Name]+"."+n.Sel.Name)
			}
		}
		return true
	})
	return f
}
