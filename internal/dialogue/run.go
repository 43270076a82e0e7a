package dialogue

import (
	"errors"
	"fmt"
	"io"

	"github.com/junctorio/junctor/wamp"
)

// run is a script being played.
type run struct {
	target Target
	values bindings
	parts  map[string]*part
	order  []*part // in order of connection, for the same course each time
}

// part is a connection in a run.
type part struct {
	name    string
	client  Client
	queue   [][]any // received while looking for something else
	session bool    // joined, and nobody has ended the session yet
	closed  bool    // by the router
	request int64   // the highest request ID sent
}

// Run plays the script. Its error names the line that went wrong and how.
func (s *Script) Run(target Target) error {
	r := &run{target: target, values: bindings{}, parts: map[string]*part{}}
	defer r.close()
	for _, step := range s.steps {
		if err := step.do(r); err != nil {
			return fmt.Errorf("%s.txt:%d: %s: %w", s.Name, step.line, step.text, err)
		}
	}
	if err := r.end(); err != nil {
		return fmt.Errorf("%s.txt: at the end: %w", s.Name, err)
	}
	return nil
}

func (r *run) close() {
	for _, p := range r.order {
		p.client.Close()
	}
}

// end checks that nothing is left.
func (r *run) end() error {
	for _, p := range r.order {
		if err := r.quiet(p); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

func (r *run) connect(name string) error {
	client, err := r.target.Connect()
	if err != nil {
		return err
	}
	p := &part{name: name, client: client}
	r.parts[name] = p
	r.order = append(r.order, p)
	return nil
}

func (r *run) join(name string, roles wamp.Dict) error {
	if err := r.connect(name); err != nil {
		return err
	}
	p := r.parts[name]
	hello := []any{int64(wamp.CodeHello), Realm, wamp.Dict{"roles": roles}}
	if err := p.send(hello); err != nil {
		return err
	}
	welcome, err := p.receive()
	if err != nil {
		return err
	}
	if len(welcome) != 3 || codeOf(welcome) != wamp.CodeWelcome {
		return fmt.Errorf("got %v, want WELCOME", welcome)
	}
	details, _ := welcome[2].(wamp.Dict)
	r.values[name] = normal(welcome[1])
	r.values[name+".authid"] = details["authid"]
	r.values[name+".authrole"] = details["authrole"]
	return nil
}

func (r *run) leave(name string) error {
	p, err := r.part(name)
	if err != nil {
		return err
	}
	if err := p.send([]any{int64(wamp.CodeGoodbye), wamp.Dict{}, string(wamp.CloseRealm)}); err != nil {
		return err
	}
	for {
		m, err := p.next()
		if err != nil {
			return fmt.Errorf("waiting for the echo of GOODBYE: %w", err)
		}
		if codeOf(m) == wamp.CodeGoodbye {
			return r.drop(name)
		}
		p.queue = append(p.queue, m)
	}
}

func (r *run) drop(name string) error {
	p, err := r.part(name)
	if err != nil {
		return err
	}
	r.settle() // what was sent before takes effect before
	p.session = false
	delete(r.parts, name)
	if len(p.queue) > 0 {
		return fmt.Errorf("left without receiving %v", p.queue[0])
	}
	return p.client.Close()
}

func (r *run) shutdown() error {
	s, ok := r.target.(Stopper)
	if !ok {
		return fmt.Errorf("this router cannot be shut down")
	}
	r.settle()
	for _, p := range r.order {
		p.session = false
	}
	s.Shutdown()
	return nil
}

func (r *run) part(name string) (*part, error) {
	if p := r.parts[name]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("%s is not connected", name)
}

func (r *run) sendOctets(name string, octets []byte) error {
	p, err := r.part(name)
	if err != nil {
		return err
	}
	return p.client.Send(octets)
}

func (r *run) send(name string, m list) error {
	p, err := r.part(name)
	if err != nil {
		return err
	}
	filled, err := r.values.fillList(m)
	if err != nil {
		return err
	}
	return p.send(filled)
}

func (r *run) want(name string, m list) error {
	p, err := r.part(name)
	if err != nil {
		return err
	}
	got, err := p.receive()
	if err != nil {
		return err
	}
	if err := r.values.matchList(m, got, "the message"); err != nil {
		return fmt.Errorf("got %v: %w", got, err)
	}
	return nil
}

func (r *run) wantClosed(name string) error {
	p, err := r.part(name)
	if err != nil {
		return err
	}
	m, err := p.receive()
	switch {
	case err == nil:
		return fmt.Errorf("got %v, want the connection to be closed", m)
	case !errors.Is(err, io.EOF):
		return err
	}
	return nil
}

func (r *run) wantNothing(name string) error {
	p, err := r.part(name)
	if err != nil {
		return err
	}
	return r.quiet(p)
}

// quiet checks that there is nothing to receive.
func (r *run) quiet(p *part) error {
	r.settle()
	p.fence() // again, behind what the fences of the others let through
	if len(p.queue) > 0 {
		return fmt.Errorf("got %v, want nothing", p.queue[0])
	}
	return nil
}

// settle waits until all that was sent has been dealt with.
func (r *run) settle() {
	for _, p := range r.order {
		p.fence()
	}
}

// send encodes and sends a message.
func (p *part) send(m []any) error {
	frame, err := encode(p.client.Serializer(), m)
	if err != nil {
		return err
	}
	switch codeOf(m) {
	case wamp.CodePublish, wamp.CodeSubscribe, wamp.CodeUnsubscribe, wamp.CodeCall, wamp.CodeRegister, wamp.CodeUnregister:
		if id, ok := at(m, 1).(int64); ok {
			p.request = max(p.request, id)
		}
	case wamp.CodeGoodbye, wamp.CodeAbort:
		p.session = false
	}
	return p.client.Send(frame)
}

// receive returns the next message.
func (p *part) receive() ([]any, error) {
	if len(p.queue) > 0 {
		m := p.queue[0]
		p.queue = p.queue[1:]
		return m, nil
	}
	return p.next()
}

// next returns the next message from the connection.
func (p *part) next() ([]any, error) {
	if p.closed {
		return nil, io.EOF
	}
	frame, err := p.client.Receive()
	if err != nil {
		p.closed = errors.Is(err, io.EOF)
		p.session = p.session && !p.closed
		return nil, err
	}
	m, err := decode(p.client.Serializer(), frame)
	switch codeOf(m) {
	case wamp.CodeWelcome:
		p.session = true
	case wamp.CodeGoodbye, wamp.CodeAbort:
		p.session = false
	}
	return m, err
}

// noSubscription is an ID that no subscription has.
const noSubscription = int64(wamp.MaxID)

// fence queues all that is on its way to a session. A session that ends
// meanwhile has nothing more on its way.
func (p *part) fence() {
	if !p.session {
		return
	}
	id := p.request + 1
	_ = p.send([]any{int64(wamp.CodeUnsubscribe), id, noSubscription}) // where it fails, receiving ends too
	for {
		m, err := p.next()
		if err != nil {
			return
		}
		if codeOf(m) == wamp.CodeError && normal(at(m, 1)) == int64(wamp.CodeUnsubscribe) && normal(at(m, 2)) == id {
			return
		}
		p.queue = append(p.queue, m)
	}
}

func at(m []any, i int) any {
	if i < len(m) {
		return m[i]
	}
	return nil
}

// codeOf returns the code of a message, 0 if it has none.
func codeOf(m []any) wamp.Code {
	if code, ok := normal(at(m, 0)).(int64); ok && code > 0 && code < 1<<16 {
		return wamp.Code(code)
	}
	return 0
}

// encode encodes any list, also one that is no legal message: to a serializer,
// a message is the same as the arguments of one.
func encode(s wamp.Serializer, m []any) ([]byte, error) {
	if len(m) == 0 {
		return emptyList[s.Number()], nil // a payload would leave it out (MSG-5)
	}
	p, err := s.EncodePayload(m, nil)
	return p.Bytes, err
}

var emptyList = map[wamp.SerializerNumber][]byte{
	wamp.SerializerJSON: []byte("[]"), wamp.SerializerMsgPack: {0x90}, wamp.SerializerCBOR: {0x80},
}

// decode decodes any list.
func decode(s wamp.Serializer, frame []byte) ([]any, error) {
	var m []any
	err := s.DecodePayload(wamp.Payload{Serializer: s, Bytes: frame, Elements: 1}, &m, nil)
	if err != nil {
		return nil, fmt.Errorf("received octets that are no message: %w", err)
	}
	return m, nil
}
