package config

// TLSListen is TLS on a listening TCP endpoint. Files are PEM, their paths
// joined to the node directory.
type TLSListen struct {
	Place
	Key               string
	Certificate       string   // may hold the whole chain
	ChainCertificates []string // to be sent after Certificate
	CACertificates    []string // non-nil: clients present certificates signed by one of these
	OptionalClients   bool     // clients may also present none; false without CACertificates
	CipherSuites      []uint16 // crypto/tls numbers, for TLS 1.2 and below; nil means Go's choice
}

// TLSConnect is TLS on a connecting TCP endpoint. Files are PEM, their paths
// joined to the node directory.
type TLSConnect struct {
	Place
	Hostname       string   // for SNI and to verify the router's certificate
	CACertificates []string // nil means the system's
	Certificate    string   // with Key: the client certificate; both or neither
	Key            string
}

var tlsListenObject = object[TLSListen]{
	name:  "tlsListen",
	title: "TLS of a listening endpoint",
	strangers: map[string]string{
		"cert": `it is called "certificate"`, "hostname": "only connecting endpoints have it",
	},
	fields: []field[TLSListen]{
		{
			key: "key", required: true,
			is:  into(filePath, func(t *TLSListen) *string { return &t.Key }),
			doc: "File with the private key (PEM, not encrypted; RSA, ECDSA or Ed25519).",
		},
		{
			key: "certificate", required: true,
			is:   into(filePath, func(t *TLSListen) *string { return &t.Certificate }),
			doc:  "File with the certificate (PEM), which may be followed by the rest of the chain.",
			note: "drops the rest of the chain.",
		},
		{
			key: "chain_certificates", is: into(listOf(filePath), func(t *TLSListen) *[]string { return &t.ChainCertificates }),
			def: "[]", doc: "Files with the intermediate certificates, in order.",
		},
		{
			key: "ca_certificates", is: into(listOf(filePath), func(t *TLSListen) *[]string { return &t.CACertificates }),
			absent: "no client certificates",
			doc:    "Files with the authorities of clients: a client must then present a certificate signed by one of them, unless `client_certificates` makes that optional.",
		},
		{
			key: "client_certificates", added: true, def: `"required"`,
			is:  into(clientCertificates, func(t *TLSListen) *bool { return &t.OptionalClients }),
			doc: "With `ca_certificates`: whether clients without certificate may connect too, to authenticate otherwise. One that is not signed as it should is refused in any case.",
		},
		{
			key: "ciphers", is: into(cipherSuites, func(t *TLSListen) *[]uint16 { return &t.CipherSuites }),
			absent: "Go's choice",
			doc:    "Cipher suites for TLS 1.2 by their OpenSSL names, separated by colons. Those of TLS 1.3 are always on.",
			note:   "also takes groups and operators of OpenSSL; by default it has no suites for ECDSA certificates.",
		},
		{key: "dhparam", is: ignored[TLSListen]("Go has no finite-field Diffie-Hellman; elliptic curves are used instead")},
	},
	finish: func(c *checker, v *value, t *TLSListen) {
		if optional := v.get("client_certificates"); optional != nil && t.CACertificates == nil {
			c.fail(MissingKey, optional.keyPosition(), "add it, with the authorities that sign them", "client certificates without ca_certificates")
		}
		if t.CACertificates != nil && len(t.CACertificates) == 0 {
			c.warn(BadValue, v.get("ca_certificates").position(), "leave the key out to accept clients without certificates",
				"clients must present certificates, but there is no authority to sign them: nobody can connect")
		}
	},
}

// clientCertificates is whether clients may do without a certificate.
var clientCertificates = oneOf(word[bool]{"required", false}, word[bool]{"optional", true})

var tlsConnectObject = object[TLSConnect]{
	name:      "tlsConnect",
	title:     "TLS of a connecting endpoint",
	strangers: map[string]string{"cert": `it is called "certificate"`},
	fields: []field[TLSConnect]{
		{
			key: "hostname", required: true,
			is:  into(anyText, func(t *TLSConnect) *string { return &t.Hostname }),
			doc: "The name that the router's certificate must have.",
		},
		{
			key: "ca_certificates", is: into(listOf(filePath), func(t *TLSConnect) *[]string { return &t.CACertificates }),
			absent: "the system's", doc: "Files with the authorities (PEM) that may have signed the router's certificate.",
		},
		{
			key: "certificate", is: into(filePath, func(t *TLSConnect) *string { return &t.Certificate }),
			absent: "none", doc: "File with a client certificate (PEM).",
		},
		{
			key: "key", is: into(filePath, func(t *TLSConnect) *string { return &t.Key }),
			absent: "none", doc: "File with the client certificate's private key (PEM).",
		},
	},
	finish: func(c *checker, v *value, t *TLSConnect) {
		certificate, key := v.get("certificate"), v.get("key")
		switch {
		case certificate == nil && key != nil:
			c.fail(MissingKey, key.keyPosition(), "add it, or remove the key", "a key without a certificate")
		case certificate != nil && key == nil:
			c.fail(MissingKey, certificate.keyPosition(), "add it, or remove the certificate; Crossbar.io would connect without it", "a certificate without its key")
		}
	},
}
