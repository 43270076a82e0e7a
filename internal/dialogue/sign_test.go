package dialogue_test

import (
	"strings"
	"testing"

	"github.com/junctorio/junctor/internal/dialogue"
	"github.com/junctorio/junctor/internal/serializer"
)

// The values are those of section 4 of docs/rules.md and of RFC 8032. A session
// publishes to itself what a function computes.
func TestProofsAreTheSpecifications(t *testing.T) {
	t.Parallel()
	challenge := `"` + strings.ReplaceAll(`{"authid":"peter","authrole":"user","authmethod":"wampcra","authprovider":"static",`+
		`"nonce":"LHRTC9zeOIrt_9U3","timestamp":"2014-06-22T16:36:25.448Z","session":3251278072152162}`, `"`, `\"`) + `"`
	const scram = `("user", "pencil", "egVDf3DMJh0=", "egVDf3DMJh0=SBmkFIh7sSo=", "aBc+fx0NAVA=", 4096)`
	tests := []struct{ name, call, want string }{
		{"CRA-2", `cra("secret", ` + challenge + `)`, "SX0t7hxibiCOFkU+uKI3R6eYJ/vO4ElB/r1OqGLMQBI="},
		{"CRA-3", `cra_salted("secret", ` + challenge + `, "salt123", 1000, 32)`, "kKXDd/l4+/xzuhbOihJkMp5/rarrusMjaCsLyqQ4iGI="},
		{"SCR-10, the client's", "scram" + scram, "L1uwjEEL7BdbtlWMKxNcQ1A/CmNjct+7xdAguB/rpnA="},
		{"SCR-10, the router's", "scram_verifier" + scram, "AyTAljdPHv74Zx+gn+6DqiFnl4XOZUXpC7k/pSkjBOg="},
		{
			"CS-3, with RFC 8032's second test", `cryptosign("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "72")`,
			"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
				"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" + "72",
		},
	}
	for _, tt := range tests {
		s, err := dialogue.Parse("script", `
join alice
alice> [32, 1, {}, "com.example.topic"]
alice< [33, 1, _]
alice> [16, 2, {"exclude_me": false}, "com.example.topic", [`+tt.call+`]]
alice< [36, _, _, {}, ["`+tt.want+`"]]
`)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if err := s.Run(newCore(t, s.Options, serializer.JSON)); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
