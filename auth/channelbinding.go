package auth

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
)

// The kinds of channel binding: what ties a proof to the TLS connection that
// it was made for, so that nobody in between can use it for another.
const (
	BindTLSUnique         = "tls-unique"           // RFC 5929; TLS 1.2 only
	BindTLSServerEndPoint = "tls-server-end-point" // RFC 5929; WAMP-SCRAM only
	BindTLSExporter       = "tls-exporter"         // RFC 9266
)

// exporterLabel is the label of tls-exporter in RFC 9266.
const exporterLabel = "EXPORTER-Channel-Binding"

// channelBinding returns the binding data of a kind that either side can take
// from the state of its connection.
func channelBinding(kind string, state *tls.ConnectionState) ([]byte, error) {
	if state == nil {
		return nil, fmt.Errorf("channel binding %s needs TLS, which this connection does not use", kind)
	}
	switch kind {
	case BindTLSExporter:
		// Without its conditions, ExportKeyingMaterial fails (RFC 9266, section 3).
		data, err := state.ExportKeyingMaterial(exporterLabel, nil, 32)
		if err != nil {
			return nil, fmt.Errorf("channel binding %s: %w", kind, err)
		}
		return data, nil
	case BindTLSUnique:
		if len(state.TLSUnique) == 0 { // undefined for TLS 1.3, unsafe on some resumed connections
			return nil, fmt.Errorf("channel binding %s is not defined for this connection, which speaks %s; use %s",
				kind, tls.VersionName(state.Version), BindTLSExporter)
		}
		return state.TLSUnique, nil
	}
	return nil, fmt.Errorf("channel binding %q is unknown", kind)
}

// cryptosignChannelID returns what a cryptosign challenge is bound with: 32
// octets. Of tls-unique, which is shorter, that is the SHA-256 (CS-6).
func cryptosignChannelID(kind string, state *tls.ConnectionState) ([]byte, error) {
	data, err := channelBinding(kind, state)
	if err != nil {
		return nil, err
	}
	if kind == BindTLSUnique {
		sum := sha256.Sum256(data)
		data = sum[:]
	}
	return data, nil
}

// serverEndPoint returns the binding data of BindTLSServerEndPoint: the hash of
// the router's certificate by the algorithm of its signature, and by SHA-256
// where that is older (RFC 5929, section 4.1).
func serverEndPoint(certificate *x509.Certificate) ([]byte, error) {
	switch certificate.SignatureAlgorithm {
	case x509.SHA384WithRSA, x509.ECDSAWithSHA384, x509.SHA384WithRSAPSS:
		sum := sha512.Sum384(certificate.Raw)
		return sum[:], nil
	case x509.SHA512WithRSA, x509.ECDSAWithSHA512, x509.SHA512WithRSAPSS:
		sum := sha512.Sum512(certificate.Raw)
		return sum[:], nil
	case x509.PureEd25519, x509.UnknownSignatureAlgorithm:
		return nil, errors.New("channel binding " + BindTLSServerEndPoint + " is not defined for the certificate's kind of signature; use another")
	}
	sum := sha256.Sum256(certificate.Raw)
	return sum[:], nil
}
