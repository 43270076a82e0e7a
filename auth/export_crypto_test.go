package auth

// What both sides of a method compute, for the tests with known values.
var (
	CRASignature = craSignature
	DeriveCRAKey = deriveCRAKey
	SASLPrep     = saslPrep
	DeriveSCRAM  = deriveSCRAMKeys
	ParseCSExtra = parseCryptosignChallenge
	CSData       = cryptosignData
	SignCS       = signCryptosign
	VerifyCS     = verifyCryptosign
	ChannelData  = channelBinding
	ChannelID    = cryptosignChannelID
	ServerEnd    = serverEndPoint
	SCRAMProof   = scramKeys.proof
	SCRAMServer  = scramKeys.signature

	CertificateDetails = certificateDetails
	ProcessDetails     = processDetails
)

// SCRAMMessage returns the AuthMessage of the given parts.
func SCRAMMessage(authID, clientNonce, nonce, salt string, iterations int, binding string, data []byte) string {
	return (&scramMessage{authID, clientNonce, nonce, salt, iterations, binding, data}).String()
}

// Hashing is what may compute hashes that take memory.
var Hashing = hashing
