package auth_test

import (
	"errors"
	"net"
	"os"
	"os/user"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

func number(n uint32) *uint32 { return &n }

func TestPeerRules(t *testing.T) {
	t.Parallel()
	rules := auth.PeerRules{
		{UID: number(70001), GID: number(70100), Account: auth.Account{AuthID: "both", Role: "admin"}},
		{UID: number(70001), Account: auth.Account{AuthID: "by-user", Role: "user"}},
		{GID: number(70200), Account: auth.Account{Role: "group"}},
		{UID: number(70001), Account: auth.Account{AuthID: "second", Role: "user"}},
	}
	for _, tt := range []struct {
		name       string
		process    transport.Process
		authid     string
		want, role string // want empty: denied
	}{
		{"user and group", transport.Process{UID: 70001, GID: 70100}, "", "both", "admin"},
		{"user and supplementary group", transport.Process{UID: 70001, GID: 1, Groups: []uint32{2, 70100}}, "", "both", "admin"},
		{"user alone", transport.Process{UID: 70001, GID: 1}, "", "by-user", "user"},
		{"group, under the name of a user without one", transport.Process{UID: 70002, GID: 70200}, "", "uid:70002", "group"},
		{"authid that a later rule gives", transport.Process{UID: 70001, GID: 70100}, "second", "second", "user"},
		{"authid that no rule gives", transport.Process{UID: 70001, GID: 70100}, "root", "", ""},
		{"authid that another user's rule gives", transport.Process{UID: 70002, GID: 70200}, "by-user", "", ""},
		{"nobody's rule", transport.Process{UID: 70003, GID: 70300}, "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			step, err := auth.PeerCred{Directory: rules}.Begin(t.Context(), request(tt.authid, nil, &transport.Info{Process: &tt.process}))
			if tt.want == "" {
				wantDenial(t, step, err, "")
				return
			}
			if err != nil || step.Grant == nil {
				t.Fatalf("got %+v, %v, want a grant", step, err)
			}
			want := wamp.Principal{AuthID: tt.want, AuthRole: tt.role, AuthMethod: "peercred", AuthProvider: "static"}
			if step.Grant.Principal != want {
				t.Errorf("got %+v, want %+v", step.Grant.Principal, want)
			}
		})
	}
}

func TestARuleWithoutConditionsIsForEverybodyWhoCanConnect(t *testing.T) {
	t.Parallel()
	me, err := user.Current()
	if err != nil {
		t.Skip(err)
	}
	uid, err := strconv.ParseUint(me.Uid, 10, 32)
	if err != nil {
		t.Skip("this system's users have no numbers")
	}
	rules := auth.PeerRules{{Account: auth.Account{Role: "user"}}}
	step, err := auth.PeerCred{Directory: rules}.Begin(t.Context(),
		request("", nil, &transport.Info{Process: &transport.Process{UID: uint32(uid)}}))
	if err != nil || step.Grant.Principal.AuthID != me.Username {
		t.Errorf("got %+v, %v, want %s", step, err, me.Username)
	}
}

func TestARuleForAProgram(t *testing.T) {
	t.Parallel()
	if !transport.CanSeePrograms {
		t.Skip("this system does not tell")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, program string
		pid           int
		ok            bool
	}{
		{"that runs", self, os.Getpid(), true},
		{"that does not run", "/usr/bin/other", os.Getpid(), false},
		{"of an unknown process", self, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rules := auth.PeerRules{{Program: tt.program, Account: auth.Account{AuthID: "me", Role: "user"}}}
			step, err := auth.PeerCred{Directory: rules}.Begin(t.Context(),
				request("", nil, &transport.Info{Process: &transport.Process{PID: tt.pid}}))
			if tt.ok {
				if err != nil || step.Grant == nil {
					t.Errorf("got %+v, %v, want a grant", step, err)
				}
				return
			}
			wantDenial(t, step, err, "")
		})
	}
}

func TestPeerCredNeedsAProcess(t *testing.T) {
	t.Parallel()
	rules := auth.PeerRules{{Account: auth.Account{AuthID: "anybody", Role: "user"}}}
	step, err := auth.PeerCred{Directory: rules}.Begin(t.Context(), request("", nil, nil))
	wantRefusal(t, step, err, "", "Unix socket")
	if account, err := rules.Account(t.Context(), &auth.Query{Transport: &transport.Info{}}); !errors.Is(err, auth.ErrUnknown) {
		t.Errorf("the directory gives %+v, %v", account, err)
	}
}

func TestPeerCredFailsWithItsDirectory(t *testing.T) {
	t.Parallel()
	step, err := auth.PeerCred{Directory: broken{}}.Begin(t.Context(), request("", nil, &transport.Info{Process: &transport.Process{}}))
	if !errors.Is(err, errBroken) {
		t.Errorf("got %+v, %v, want the directory's error", step, err)
	}
}

func TestProcessDetails(t *testing.T) {
	t.Parallel()
	got := auth.ProcessDetails(&transport.Process{UID: 1, GID: 2, Groups: []uint32{3}, PID: 4})
	want := wamp.Dict{"uid": int64(1), "gid": int64(2), "groups": []any{int64(3)}, "pid": int64(4)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if d := auth.ProcessDetails(&transport.Process{}); d["pid"] != nil {
		t.Errorf("got %v, want no pid", d)
	}
}

func TestAProcessSignsInOverUnixSockets(t *testing.T) {
	t.Parallel()
	hello := &wamp.Hello{}
	signer := auth.ProcessSigner{AuthID: "alice"}
	attempt, err := signer.Begin(hello, &transport.Info{RemoteAddr: &net.UnixAddr{Net: "unix", Name: "/run/s"}})
	if err != nil || hello.AuthID != "alice" {
		t.Fatalf("got HELLO %+v, %v", hello, err)
	}
	if err := attempt.Check(&wamp.Welcome{}); err != nil {
		t.Error(err)
	}
	if answer, err := attempt.Sign(t.Context(), &wamp.Challenge{Method: "peercred"}); err == nil {
		t.Errorf("a challenge is answered with %+v", answer)
	}
	if _, err := signer.Begin(&wamp.Hello{}, &transport.Info{RemoteAddr: &net.TCPAddr{}}); err == nil {
		t.Error("it tries to sign in over TCP")
	}
}
