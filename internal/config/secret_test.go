package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/junctorio/junctor/internal/config"
)

func TestSecretRead(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, file, text, octets string }{
		{"without an end of line", "sesame", "sesame", "sesame"},
		{"with one", "sesame\n", "sesame", "sesame\n"},
		{"with one of Windows", "sesame\r\n", "sesame", "sesame\r\n"},
		{"with spaces and lines within", " a\nb \n\n", " a\nb \n", " a\nb \n\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "secret")
			if err := os.WriteFile(path, []byte(tt.file), 0o600); err != nil {
				t.Fatal(err)
			}
			s := config.Secret{File: path}
			if got, err := s.Read(); err != nil || got != tt.text {
				t.Errorf("Read gives %q, %v", got, err)
			}
			if got, err := s.Octets(); err != nil || string(got) != tt.octets {
				t.Errorf("Octets gives %q, %v", got, err)
			}
		})
	}
	s := config.Secret{Text: "sesame\n"}
	if got, err := s.Read(); err != nil || got != "sesame\n" {
		t.Errorf("Read gives %q, %v", got, err)
	}
	if got, err := s.Octets(); err != nil || string(got) != "sesame\n" {
		t.Errorf("Octets gives %q, %v", got, err)
	}
}

func TestSecretIsNotPrinted(t *testing.T) {
	t.Parallel()
	got := fmt.Sprintf("%v %+v %#v %s", config.Secret{Text: "sesame"}, config.CRACredentials{Secret: config.Secret{Text: "sesame"}}.Secret,
		config.Secret{Text: "sesame"}, config.Secret{Text: "sesame"})
	if got != "secret secret secret secret" {
		t.Errorf("got %s", got)
	}
}
