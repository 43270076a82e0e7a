package router

import (
	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/core/dealer"
	"github.com/junctorio/junctor/wamp"
)

// lookAtDealer has f look at the dealer, under its lock.
func (c *metaCall) lookAtDealer(f func(*dealer.Dealer)) {
	c.realm.rpc.Lock()
	defer c.realm.rpc.Unlock()
	f(c.realm.dealer)
}

// listRegistrations is wamp.registration.list.
func (c *metaCall) listRegistrations() ([]any, error) {
	var ids [3][]wamp.ID
	c.lookAtDealer(func(d *dealer.Dealer) { ids = d.IDs() })
	return []any{byPolicy(ids)}, nil
}

// lookupRegistration is wamp.registration.lookup.
func (c *metaCall) lookupRegistration() ([]any, error) {
	uri, match, err := c.lookup("procedure")
	if err != nil {
		return nil, err
	}
	var e core.Entry
	var ok bool
	c.lookAtDealer(func(d *dealer.Dealer) { e, ok = d.Lookup(uri, match) })
	return found(e, ok), nil
}

// matchRegistration is wamp.registration.match.
func (c *metaCall) matchRegistration() ([]any, error) {
	uri, err := c.text(0, "procedure")
	if err != nil {
		return nil, err
	}
	var e core.Entry
	var ok bool
	c.lookAtDealer(func(d *dealer.Dealer) { e, ok = d.Match(wamp.URI(uri)) })
	return found(e, ok), nil
}

// getRegistration is wamp.registration.get.
func (c *metaCall) getRegistration() ([]any, error) {
	id, err := c.id(0, "registration")
	if err != nil {
		return nil, err
	}
	var e core.Entry
	var ok bool
	c.lookAtDealer(func(d *dealer.Dealer) { e, ok = d.Entry(id) })
	if !ok {
		return nil, wamp.ErrNoSuchRegistration
	}
	return []any{describe(e, wamp.CodeRegister)}, nil
}

// listCallees is wamp.registration.list_callees.
func (c *metaCall) listCallees() ([]any, error) {
	callees, err := c.callees()
	if err != nil {
		return nil, err
	}
	return []any{idValues(callees)}, nil
}

// countCallees is wamp.registration.count_callees.
func (c *metaCall) countCallees() ([]any, error) {
	callees, err := c.callees()
	if err != nil {
		return nil, err
	}
	return []any{len(callees)}, nil
}

func (c *metaCall) callees() (callees []wamp.ID, err error) {
	id, err := c.id(0, "registration")
	if err != nil {
		return nil, err
	}
	var ok bool
	c.lookAtDealer(func(d *dealer.Dealer) { callees, ok = d.Callees(id) })
	if !ok {
		return nil, wamp.ErrNoSuchRegistration
	}
	return callees, nil
}

// removeCallee is wamp.registration.remove_callee (REV-4).
func (c *metaCall) removeCallee() ([]any, error) {
	id, callee, reason, err := c.removal("registration", "callee")
	if err != nil {
		return nil, err
	}
	w := takeWorker()
	defer w.release()
	r := c.realm
	r.rpc.Lock()
	exists, was := r.dealer.RemoveCallee(id, callee, reason, &w.out)
	w.deliver()
	r.rpc.Unlock()
	w.settle()
	w.flush()
	return removed(exists, was, wamp.ErrNoSuchRegistration)
}
