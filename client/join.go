package client

import (
	"context"
	"errors"
	"fmt"
	"slices"

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
		wamp.FeaturePatternBasedSubscription,
		wamp.FeatureSubscriptionRevocation,
		wamp.FeaturePayloadPassthruMode).
	With(wamp.RoleCaller,
		wamp.FeatureProgressiveCallResults,
		wamp.FeatureCallTimeout,
		wamp.FeatureCallCanceling,
		wamp.FeatureCallerIdentification,
		wamp.FeaturePayloadPassthruMode).
	With(wamp.RoleCallee,
		wamp.FeatureProgressiveCallResults,
		wamp.FeatureCallTimeout,
		wamp.FeatureCallCanceling,
		wamp.FeatureCallerIdentification,
		wamp.FeaturePatternBasedRegistration,
		wamp.FeatureSharedRegistration,
		wamp.FeatureRegistrationRevocation,
		wamp.FeaturePayloadPassthruMode)

func (s *Session) hello() *wamp.Hello {
	methods := []string{"anonymous"}
	if len(s.opts.Signers) > 0 {
		methods = methods[:0]
		for _, signer := range s.opts.Signers {
			methods = append(methods, signer.Method())
		}
	}
	return &wamp.Hello{
		Realm:       s.opts.Realm,
		Roles:       roles,
		Agent:       s.opts.Agent,
		AuthMethods: methods,
		AuthID:      s.opts.AuthID,
		AuthExtra:   s.opts.AuthExtra,
	}
}

// sayHello sends HELLO; to a router whose limit is too small for all of it,
// without features.
func (s *Session) sayHello() error {
	m := s.hello()
	err := s.out.append(m, 0)
	var tooLarge *SizeError
	if errors.As(err, &tooLarge) {
		m.Agent = ""
		m.Roles = wamp.Roles{}.With(wamp.RolePublisher).With(wamp.RoleSubscriber).With(wamp.RoleCaller).With(wamp.RoleCallee)
		err = s.out.append(m, 0)
	}
	return err
}

// challenged has the CHALLENGE answered by the Signer of its method. Without
// one, or if that fails, joining ends with an ABORT.
func (s *Session) challenged(ctx context.Context, m *wamp.Challenge) error {
	answer, err := s.sign(ctx, m)
	if err != nil {
		s.lastWords(&wamp.Abort{Reason: wamp.ErrAuthenticationFailed, Message: "the client cannot answer the challenge"}, err)
		return err
	}
	s.mu.Lock()
	s.joiner.AuthenticateSent()
	err = s.out.append(answer, 0)
	s.mu.Unlock()
	s.out.flush()
	return err
}

func (s *Session) sign(ctx context.Context, m *wamp.Challenge) (*wamp.Authenticate, error) {
	i := slices.IndexFunc(s.opts.Signers, func(signer Signer) bool { return signer.Method() == m.Method })
	if i < 0 {
		return nil, fmt.Errorf("the router asks for authentication by %q, which was not offered", m.Method)
	}
	answer, err := s.opts.Signers[i].Sign(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("authentication by %s: %w", m.Method, err)
	}
	if answer == nil {
		return nil, fmt.Errorf("authentication by %s: the signer gave no answer", m.Method)
	}
	return answer, nil
}
