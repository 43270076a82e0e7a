package wamp

// Role is a part that a peer can play (SES-1).
type Role uint8

// The roles of clients and routers.
const (
	RolePublisher Role = iota
	RoleSubscriber
	RoleCaller
	RoleCallee
	RoleBroker
	RoleDealer
	numRoles
)

var roleNames = [numRoles]string{"publisher", "subscriber", "caller", "callee", "broker", "dealer"}

// String returns the word used on the wire.
func (r Role) String() string { return roleNames[r] }

// ParseRole returns the Role with the given wire word.
func ParseRole(s string) (Role, bool) {
	i, ok := indexOf(roleNames[:], s)
	return Role(i), ok
}

// Feature is a capability that a role can announce (section 3.0).
type Feature uint8

// The features of the advanced profile.
const (
	FeatureProgressiveCallResults Feature = iota
	FeatureProgressiveCallInvocations
	FeatureCallTimeout
	FeatureCallCanceling
	FeatureCallerIdentification
	FeatureCallTrustLevels
	FeaturePatternBasedRegistration
	FeatureSharedRegistration
	FeatureShardedRegistration
	FeatureRegistrationRevocation
	FeatureCallReroute
	FeatureRegistrationMetaAPI
	FeatureSubscriberBlackWhiteListing
	FeaturePublisherExclusion
	FeaturePublisherIdentification
	FeaturePublicationTrustLevels
	FeaturePatternBasedSubscription
	FeatureShardedSubscription
	FeatureSubscriptionRevocation
	FeatureEventRetention
	FeatureEventHistory
	FeatureSubscriptionMetaAPI
	FeatureSessionMetaAPI
	FeatureTestamentMetaAPI
	FeaturePayloadPassthruMode
	numFeatures
)

var featureNames = [numFeatures]string{
	"progressive_call_results", "progressive_call_invocations", "call_timeout", "call_canceling",
	"caller_identification", "call_trustlevels", "pattern_based_registration", "shared_registration",
	"sharded_registration", "registration_revocation", "call_reroute", "registration_meta_api",
	"subscriber_blackwhite_listing", "publisher_exclusion", "publisher_identification",
	"publication_trustlevels", "pattern_based_subscription", "shareded_subscriptions",
	"subscription_revocation", "event_retention", "event_history", "subscription_meta_api",
	"session_meta_api", "testament_meta_api", "payload_passthru_mode",
}

// String returns the flag used on the wire.
func (f Feature) String() string { return featureNames[f] }

// ParseFeature returns the Feature with the given flag. The second spelling of
// call canceling found in the specification is read too (section 8, no. 2).
func ParseFeature(s string) (Feature, bool) {
	if s == "call_cancelling" {
		return FeatureCallCanceling, true
	}
	i, ok := indexOf(featureNames[:], s)
	return Feature(i), ok
}

// Roles is the set of roles and features that a peer announced. The zero value
// announces nothing. It is a comparable value of fixed size.
type Roles [numRoles]uint32

// announced marks, in each role's bits, that the role itself was announced.
const announced = 1 << 31

// With returns rs with the role and its features added.
func (rs Roles) With(r Role, features ...Feature) Roles {
	rs[r] |= announced
	for _, f := range features {
		rs[r] |= 1 << f
	}
	return rs
}

// Has reports whether the role was announced.
func (rs *Roles) Has(r Role) bool { return rs[r]&announced != 0 }

// HasFeature reports whether the role was announced with the feature.
func (rs *Roles) HasFeature(r Role, f Feature) bool { return rs[r]&(1<<f) != 0 }

// All yields the announced roles in a fixed order.
func (rs *Roles) All(yield func(Role) bool) {
	for r := range numRoles {
		if rs.Has(r) && !yield(r) {
			return
		}
	}
}

// Features yields the features announced for a role in a fixed order.
func (rs *Roles) Features(r Role) func(yield func(Feature) bool) {
	return func(yield func(Feature) bool) {
		for f := range numFeatures {
			if rs.HasFeature(r, f) && !yield(f) {
				return
			}
		}
	}
}

// IsClient reports whether at least one client role was announced (SES-1).
func (rs *Roles) IsClient() bool {
	return rs.Has(RolePublisher) || rs.Has(RoleSubscriber) || rs.Has(RoleCaller) || rs.Has(RoleCallee)
}

// IsRouter reports whether broker or dealer was announced (SES-1).
func (rs *Roles) IsRouter() bool { return rs.Has(RoleBroker) || rs.Has(RoleDealer) }

// Principal is who a session is, as the router decided when it was admitted.
type Principal struct {
	AuthID       string
	AuthRole     string
	AuthMethod   string
	AuthProvider string
}
