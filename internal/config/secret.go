package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxSecretFile bounds a file that holds a secret, in octets.
const maxSecretFile = 1 << 16

// Secret is a secret, or the file that holds it. It prints as neither.
type Secret struct {
	Text string // "" if File holds it
	File string // joined to the node directory
}

// String does not tell.
func (s Secret) String() string {
	if s.File != "" {
		return "secret in " + s.File
	}
	return "secret"
}

// GoString does not tell either.
func (s Secret) GoString() string { return s.String() }

// Read returns the secret, of a file without the end of its line. A file is
// read anew each time.
func (s Secret) Read() (string, error) {
	if s.File == "" {
		return s.Text, nil
	}
	return ReadSecretFile(s.File)
}

// Octets is Read for secrets that need not be text: nothing is cut off.
func (s Secret) Octets() ([]byte, error) {
	if s.File == "" {
		return []byte(s.Text), nil
	}
	return readSmallFile(s.File)
}

// ReadSecretFile returns what a file holds, without the end of its line. It
// must be a regular file, not empty, and may hold 64 KiB.
func ReadSecretFile(path string) (string, error) {
	data, err := readSmallFile(path)
	if err != nil {
		return "", err
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if text == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return text, nil
}

func readSmallFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, bare(err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, bare(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err == nil && len(data) > maxSecretFile {
		err = fmt.Errorf("%s holds more than %d octets", path, maxSecretFile)
	}
	return data, bare(err)
}

// bare drops the name of the system call from an error of package os.
func bare(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return fmt.Errorf("%s: %w", pe.Path, pe.Err)
	}
	return err
}

// secretFile is the object that names a file.
var secretFile = object[Secret]{
	name:  "secretFile",
	title: "Secret in a file",
	fields: []field[Secret]{{
		key: "file", required: true, added: true,
		is:  into(filePath, func(s *Secret) *string { return &s.File }),
		doc: "The file. An end of line after the secret does not count.",
	}},
}

// secretSource is a string, an environment variable that holds it, or a file
// that does. Whoever uses it reads the file.
var secretSource = form[Secret]{
	words:  "a string",
	link:   "a string or " + linkTo(secretFile.title),
	schema: schema{"anyOf": []schema{secret.schema, {"$ref": "#/$defs/" + secretFile.name}}},
	defs:   []definition{&secretFile},
	read: func(c *checker, v *value) (Secret, bool) {
		if v.kind == isObject {
			return secretFile.form().read(c, v)
		}
		text, ok := secret.read(c, v)
		return Secret{Text: text}, ok
	},
}

// keySource is a file with a private key, or an environment variable that
// holds the key itself.
var keySource = form[Secret]{
	words:  "a file with a private key",
	link:   "a file with a private key, or `\"${NAME}\"`",
	schema: anyText.schema,
	read: func(c *checker, v *value) (Secret, bool) {
		if v.kind == isText && wholeVariable.MatchString(v.text) {
			text, ok := secret.read(c, v)
			return Secret{Text: text}, ok
		}
		path, ok := filePath.read(c, v)
		return Secret{File: path}, ok
	},
}

// secretDoc ends what the reference says about a secret.
const secretDoc = " `\"${NAME}\"` takes it from an environment variable, `{\"file\": \"PATH\"}` from a file."

// secret is a string, or an environment variable that holds it. What it is
// stands in no finding.
var secret = form[string]{
	words:  "a string",
	schema: schema{"type": "string", "minLength": 1},
	read: func(c *checker, v *value) (string, bool) {
		switch {
		case v.kind != isText:
			c.fail(WrongType, v.position(), secretHint(v), "must be a string, is %s", v.kind)
			return "", false
		case v.text == "":
			c.fail(WrongType, v.position(), "", "must be a string that is not empty")
			return "", false
		}
		name := wholeVariable.FindStringSubmatch(v.text)
		if name == nil {
			return v.text, true
		}
		setting, ok := c.lookupEnv(name[1])
		if !ok {
			c.fail(Unresolved, v.position(), "set it", "the environment variable %s is not set", name[1])
		}
		return setting, ok
	},
}

func secretHint(v *value) string {
	if v.kind == isInteger || v.kind == isNumber {
		return "write it in quotes"
	}
	return ""
}
