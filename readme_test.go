package junctor_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/rawsocket"
)

// TestReadmeClient runs the README's client, and checks that it is the
// README's.
func TestReadmeClient(t *testing.T) {
	t.Parallel()
	run := func(ctx context.Context, url string) (err error) {
		// README begin
		session, err := client.Connect(ctx, url, client.Options{Realm: "realm1"})
		if err != nil {
			return err
		}
		defer session.Close()

		add := func(_ context.Context, inv *client.Invocation) (client.Reply, error) {
			var n [2]int
			if err := inv.Decode(&n, nil); err != nil {
				return client.Reply{}, err
			}
			return client.Return(n[0] + n[1]), nil
		}
		if _, err := session.Register(ctx, "com.example.add", add, nil); err != nil {
			return err
		}
		sum, err := client.Call[int](ctx, session, "com.example.add", client.Args{2, 40}, nil)
		// README end
		if sum != 42 {
			t.Errorf("2 + 40 = %d", sum)
		}
		return err
	}
	if err := run(t.Context(), serve(t)); err != nil {
		t.Fatal(err)
	}
	here, readme := read(t, "readme_test.go"), read(t, "README.md")
	_, block, _ := strings.Cut(here, "\t\t// README begin\n")
	block, _, _ = strings.Cut(block, "\t\t// README end\n")
	block = regexp.MustCompile(`(?m)^\t\t`).ReplaceAllString(block, "")
	if !strings.Contains(readme, "```go\n"+block+"```\n") {
		t.Errorf("the README's client is not the one that this test runs:\n%s", block)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestDecisionsAreListed checks that the index of decisions has each page, under
// its title.
func TestDecisionsAreListed(t *testing.T) {
	t.Parallel()
	index := read(t, "docs/decisions/README.md")
	pages, err := filepath.Glob("docs/decisions/0*.md")
	if err != nil || len(pages) < 10 {
		t.Fatalf("found %d pages, %v", len(pages), err)
	}
	for _, page := range pages {
		title, _, _ := strings.Cut(read(t, page), "\n")
		entry := "\n- [" + strings.TrimPrefix(title, "# ") + "](" + filepath.Base(page) + ")\n"
		if !strings.Contains(index, entry) {
			t.Errorf("docs/decisions/README.md does not have%s", entry)
		}
	}
}

// TestDocumentationLinks checks that what the documentation links to is there,
// headings included.
func TestDocumentationLinks(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)\s#:]*)(#[^)\s]*)?\)`)
	count := 0
	headings := map[string][]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/decisions/*.md", "examples/*/*.md", "interop/*.md"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			for _, m := range link.FindAllStringSubmatch(withoutCode(read(t, file)), -1) {
				count++
				target := file
				if m[1] != "" {
					target = filepath.Join(filepath.Dir(file), m[1])
				}
				if _, err := os.Stat(target); err != nil {
					t.Errorf("%s: %v", file, err)
				} else if m[2] != "" {
					if headings[target] == nil {
						headings[target] = anchors(read(t, target))
					}
					if !slices.Contains(headings[target], m[2]) {
						t.Errorf("%s: %s has no heading %s", file, target, m[2])
					}
				}
			}
		}
	}
	if count < 100 {
		t.Errorf("found %d links; docs/configuration.md alone has more", count)
	}
}

// withoutCode leaves out what between backquotes looks like a link.
func withoutCode(markdown string) string {
	markdown = regexp.MustCompile("(?ms)^```.*?^```").ReplaceAllString(markdown, "")
	return regexp.MustCompile("`[^`\n]*`(\\]\\()?").ReplaceAllString(markdown, "$1")
}

// anchors returns what links to headings look like.
func anchors(markdown string) []string {
	var all []string
	punctuation := regexp.MustCompile(`[^\p{L}\p{N}\- _]`)
	for _, m := range regexp.MustCompile(`(?m)^#+ +(.*)$`).FindAllStringSubmatch(markdown, -1) {
		name := punctuation.ReplaceAllString(strings.ToLower(m[1]), "")
		all = append(all, "#"+strings.ReplaceAll(name, " ", "-"))
	}
	return all
}

// serve returns the URL of a router that ends with the test.
func serve(t *testing.T) string {
	t.Helper()
	r := router.New(router.Options{})
	role := router.Role{Name: auth.DefaultRole, AllowByDefault: true}
	if _, err := r.AddRealm(router.RealmConfig{Name: "realm1", Roles: []router.Role{role}}); err != nil {
		t.Fatal(err)
	}
	listener, err := rawsocket.Listen(rawsocket.ListenConfig{Network: "tcp", Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	access := router.Access{Methods: auth.Set{auth.Anonymous{}}}
	go func() {
		served <- listener.Serve(func(c transport.Conn) { _ = r.Attach(context.Background(), c, access) })
	}()
	t.Cleanup(func() {
		listener.Close()
		r.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return "rs://" + listener.Addr().String()
}
