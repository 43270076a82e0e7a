package dialogue_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/junctorio/junctor/internal/dialogue"
)

// elsewhere are the rules of the families below that no dialogue with a router
// can show, and why, or where they are shown.
var elsewhere = map[string]string{
	"MSG-3":  "says what WAMP does not use",
	"ID-6":   "randomness does not show in one run",
	"SES-11": "the router says GOODBYE first: package session",
	"SES-12": "both say GOODBYE at once: package session",
	"SES-13": "the reasons are the caller's choice",
	"PV-4":   "the client's side: packages session and client",
	"ORD-7":  "authorizers that take their time: package router",
	"CAN-9":  "the client's side",
	"PCR-10": "back-pressure: package router",
	"TRL-1":  "takes a configuration: package router",
	"TRL-2":  "takes a configuration: package router",
	"TMO-4":  "the client's side",
	"PCI-12": "the client's side",
	"PPT-1":  "the client's side: what the payload is (PPT-7)",
	"PPT-6":  "the client's side: what the schemes mean",
	"PPT-7":  "says what the router does not check",
	"PREG-4": "is PREG-3 in other words",
	"PREG-8": "is PREG-3 in other words",
	"PSUB-4": "is about other routers",
	"RET-6":  "bounds: package broker",
	"META-1": "permissions: package router",
	"META-5": "takes two realms: package router",
	"AUTH-6": "the ID is within a signed text: package auth",
	"AUTH-7": "the client's side: package client",
	"CRA-2":  "takes a signature: package auth",
	"CRA-3":  "takes a signature: package auth",
	"CRA-5":  "the client's side: package auth",
}

// covered are the families of rules that are the router's, all of them.
var covered = []string{
	"MSG", "ID", "URI", "SES", "PV", "PS", "RPC", "ORD", "PEX", "BWL", "PID", "PSUB", "RET", "HIS",
	"PREG", "SHR", "CID", "CAN", "PCR", "PCI", "TMO", "RER", "PPT", "TRL", "SHD",
	"REV", "SM", "RM", "SUM", "META", "TES",
	"AUTH", "CRA",
}

var (
	label    = regexp.MustCompile(`\b[A-Z]+-[0-9]+\b`)
	listed   = regexp.MustCompile(`\*\*([A-Z]+)-([0-9]+)\*\*`)
	nameLike = regexp.MustCompile(`^([a-z]+-[0-9]+)-[a-z0-9-]+$`)
)

// cited returns which rules the scripts are about.
func cited(t *testing.T) map[string]bool {
	scripts, err := dialogue.Scripts()
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string]bool{}
	for _, s := range scripts {
		for _, rule := range label.FindAllString(s.Rules, -1) {
			rules[rule] = true
		}
		m := nameLike.FindStringSubmatch(s.Name)
		if m == nil || !slices.Contains(label.FindAllString(s.Rules, -1), strings.ToUpper(m[1])) {
			t.Errorf("%s.txt is not named after a rule that its first comment cites: %q", s.Name, s.Rules)
		}
	}
	return rules
}

func TestEveryRuleOfTheRouterHasADialogue(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	cited, known := cited(t), map[string]bool{}
	for _, m := range listed.FindAllStringSubmatch(string(text), -1) {
		rule := fmt.Sprintf("%s-%s", m[1], m[2])
		known[rule] = true
		if !slices.Contains(covered, m[1]) {
			continue
		}
		if reason := elsewhere[rule]; cited[rule] == (reason != "") {
			t.Errorf("%s: cited by a dialogue: %v, listed as shown elsewhere: %q", rule, cited[rule], reason)
		}
	}
	for rule := range cited {
		if !known[rule] {
			t.Errorf("a dialogue cites %s, which docs/rules.md does not have", rule)
		}
	}
	if len(known) < 200 {
		t.Errorf("docs/rules.md has %d rules, want all of them", len(known))
	}
}
