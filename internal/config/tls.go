package config

// TLSListen is TLS on a listening TCP endpoint. Files are PEM, their paths
// joined to the node directory.
type TLSListen struct {
	Place
	Key               string
	Certificate       string   // may hold the whole chain
	ChainCertificates []string // to be sent after Certificate
	CACertificates    []string // non-nil: clients must present a certificate signed by one of these
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
