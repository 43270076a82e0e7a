package client

import (
	"errors"
	"maps"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/wamp"
)

// roles are what this package can do (SES-1, FEA-1).
var roles = wamp.Roles{}.
	With(wamp.RolePublisher,
		wamp.FeaturePublisherIdentification,
		wamp.FeaturePublisherExclusion,
		wamp.FeatureSubscriberBlackWhiteListing,
		wamp.FeaturePayloadPassthruMode).
	With(wamp.RoleSubscriber,
		wamp.FeaturePublisherIdentification,
		wamp.FeaturePublicationTrustLevels,
		wamp.FeaturePatternBasedSubscription,
		wamp.FeatureSubscriptionRevocation,
		wamp.FeaturePayloadPassthruMode).
	With(wamp.RoleCaller,
		wamp.FeatureProgressiveCallResults,
		wamp.FeatureProgressiveCallInvocations,
		wamp.FeatureCallTimeout,
		wamp.FeatureCallCanceling,
		wamp.FeatureCallerIdentification,
		wamp.FeaturePayloadPassthruMode).
	With(wamp.RoleCallee,
		wamp.FeatureProgressiveCallResults,
		wamp.FeatureProgressiveCallInvocations,
		wamp.FeatureCallTimeout,
		wamp.FeatureCallCanceling,
		wamp.FeatureCallerIdentification,
		wamp.FeatureCallTrustLevels,
		wamp.FeaturePatternBasedRegistration,
		wamp.FeatureSharedRegistration,
		wamp.FeatureRegistrationRevocation,
		wamp.FeatureCallReroute,
		wamp.FeaturePayloadPassthruMode)

func (s *Session) hello() *wamp.Hello {
	return &wamp.Hello{
		Realm:       s.opts.Realm,
		Roles:       roles,
		Agent:       s.opts.Agent,
		AuthMethods: []string{auth.MethodAnonymous},
		AuthID:      s.opts.AuthID,
		AuthExtra:   maps.Clone(s.opts.AuthExtra),
	}
}

// sayHello sends HELLO; to a router whose limit is too small for all of it,
// without features.
func (s *Session) sayHello() error {
	m := s.hello()
	var err error
	if s.login, err = beginLogin(s.opts.Signers, m, s.conn.Info()); err != nil {
		return err
	}
	err = s.out.append(m, 0)
	var tooLarge *SizeError
	if errors.As(err, &tooLarge) {
		m.Agent = ""
		m.Roles = wamp.Roles{}.With(wamp.RolePublisher).With(wamp.RoleSubscriber).With(wamp.RoleCaller).With(wamp.RoleCallee)
		err = s.out.append(m, 0)
	}
	return err
}
