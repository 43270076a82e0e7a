package dialogue_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shown says why no dialogue with a router can show a rule, and which test
// shows it instead; a rule that asks nothing of this code has none.
type shown struct {
	why  string
	dir  string // from the root of the repository
	test string
}

// elsewhere are the rules of the specification's protocol that no dialogue shows.
var elsewhere = map[string]shown{
	"MSG-3":  {why: "says what WAMP does not use"},
	"ID-6":   {why: "randomness does not show in one run"},
	"PV-4":   {"is the client's side", "client", "TestTheEndOfASession"},
	"CAN-9":  {"is the client's side", "client", "TestInterrupt"},
	"PCR-10": {"takes a caller that does not read", "router", "TestASlowCallerLosesItsProgressiveCallButNotItsSession"},
	"TMO-4":  {"is the client's side", "client", "TestACallIsCancelledWithItsContext"},
	"PCI-12": {"is the client's side", "client", "TestProgressiveInvocations"},
	"PPT-6":  {"is the client's side", "client/passthru", "TestTheLayoutIsTheOneThatIsDocumented"},
	"PSUB-4": {why: "is about other routers"},
	"RET-6":  {"asks for bounds, not for messages", "internal/core/broker", "TestWhatIsRetainedIsBounded"},
	"AUTH-6": {"the ID is within a signed text", "auth", "TestCRAChallenge"},
	"AUTH-7": {"is the client's side", "client", "TestChallenge"},
	"CRA-5":  {"is the client's side", "auth", "TestCRASigner"},
	"SCR-3":  {"is the client's side", "auth", "TestSCRAMSignerRefuses"},
	"SCR-9":  {"is about text, not about messages", "auth", "TestSCRAMFindsNormalizedAuthIDs"},
	"SCR-10": {"gives values to compute", "auth", "TestSCRAMKnownValues"},
	"CS-5":   {"is the client's side", "auth", "TestCryptosignSigner"},
	"CS-6":   {"takes a TLS connection to bind to", "auth", "TestCryptosignBindsToTheChannel"},
	"CS-9":   {why: "is about optional parts that are not there"},
}

func TestWhatIsShownElsewhereIsShownThere(t *testing.T) {
	t.Parallel()
	for rule, s := range elsewhere {
		if (s.test == "") != (s.dir == "") || s.why == "" {
			t.Errorf("%s: %+v says too little", rule, s)
			continue
		}
		if s.test != "" && !cites(t, s, rule) {
			t.Errorf("%s: %s in %s is not there or does not cite the rule", rule, s.test, s.dir)
		}
	}
}

// cites reports whether the test is there and names the rule.
func cites(t *testing.T, s shown, rule string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, s.dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(textOf(t, s.test, text), rule) {
			return true
		}
	}
	return false
}

// textOf returns the text of a test with its comment, or nothing.
func textOf(t *testing.T, test string, source []byte) string {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "", source, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Name.Name != test {
			continue
		}
		begin := f.Pos()
		if f.Doc != nil {
			begin = f.Doc.Pos()
		}
		return string(source[files.Position(begin).Offset:files.Position(f.End()).Offset])
	}
	return ""
}
