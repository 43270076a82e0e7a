package rawsocket_test

import (
	"os"
	"os/exec"
	"runtime"
	"testing"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/rawsocket"
)

func TestAUnixSocketTellsWhoConnected(t *testing.T) {
	t.Parallel()
	if !transport.KnowsProcesses {
		t.Skip("this system does not tell")
	}
	accepted := make(chan *rawsocket.Conn, 1)
	ln := listen(t, rawsocket.ListenConfig{Network: "unix", Address: t.TempDir() + "/s"}, accept(accepted))
	client := dial(t, ln, rawsocket.DialConfig{})
	c := <-accepted
	defer c.Close()
	p := c.Info().Process
	if p == nil {
		t.Fatal("the system does not tell")
	}
	if p.UID != uint32(os.Geteuid()) || !p.In(uint32(os.Getegid())) || runtime.GOOS == "linux" && p.PID != os.Getpid() {
		t.Errorf("got %+v, want this process, %d of user %d", p, os.Getpid(), os.Geteuid())
	}
	groups, err := os.Getgroups()
	if err != nil {
		t.Fatal(err)
	}
	for _, gid := range groups {
		if !p.In(uint32(gid)) {
			t.Errorf("got %+v, want group %d too", p, gid)
		}
	}
	if p.In(4_000_000_000) {
		t.Errorf("%+v is in a group that nobody is in", p)
	}
	if client.Info().Process != nil {
		t.Errorf("the connecting side sees %+v, want nothing", client.Info().Process)
	}
}

func TestTCPDoesNotTellWhoConnected(t *testing.T) {
	t.Parallel()
	accepted := make(chan *rawsocket.Conn, 1)
	ln := listen(t, rawsocket.ListenConfig{}, accept(accepted))
	dial(t, ln, rawsocket.DialConfig{})
	c := <-accepted
	defer c.Close()
	if p := c.Info().Process; p != nil {
		t.Errorf("got %+v, want nothing", p)
	}
}

func TestTheProgramOfAProcess(t *testing.T) {
	t.Parallel()
	if !transport.CanSeePrograms {
		t.Skip("this system does not tell")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := (&transport.Process{PID: os.Getpid()}).Program(); got != self || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, self)
	}
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Skip(err)
	}
	for _, pid := range []int{0, -1, gone.Process.Pid} {
		if got, err := (&transport.Process{PID: pid}).Program(); err == nil {
			t.Errorf("process %d runs %q, want an error", pid, got)
		}
	}
}

func TestTheListeningSideKnowsTheCertificateThatItShowed(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	for _, tt := range []struct {
		name  string
		count int
		known bool
	}{
		{"its only one", 1, true},
		{"one of two", 2, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			accepted := make(chan *rawsocket.Conn, 1)
			config := overTLS(t, ca)
			for len(config.TLS.Certificates) < tt.count {
				config.TLS.Certificates = append(config.TLS.Certificates, ca.certificate(t, "other"))
			}
			ln := listen(t, config, accept(accepted))
			client := dial(t, ln, rawsocket.DialConfig{TLS: ca.client()})
			c := <-accepted
			defer c.Close()
			got := c.Info().LocalCertificate
			if known := got != nil && got.Equal(client.Info().TLS.PeerCertificates[0]); known != tt.known {
				t.Errorf("known: %v, want %v", known, tt.known)
			}
		})
	}
}
