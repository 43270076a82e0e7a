package guest

import (
	"fmt"
	"slices"
	"strings"
)

// Order returns the indices of configs in an order of starting in which every
// guest comes after those that its After names, and otherwise as they stand.
// Stopping goes the other way round. It fails for two guests of one id, for a
// name that no guest has, and for guests that wait for one another in a circle,
// which the error spells out.
func Order(configs []Config) ([]int, error) {
	o := &ordering{configs: configs, index: make(map[string]int, len(configs)), marks: make([]mark, len(configs))}
	for i, c := range configs {
		if _, taken := o.index[c.ID]; taken {
			return nil, fmt.Errorf("guest %q: the id is used more than once", c.ID)
		}
		o.index[c.ID] = i
	}
	for i := range configs {
		if err := o.visit(i); err != nil {
			return nil, err
		}
	}
	return o.order, nil
}

// ordering walks from each guest to those before it, which are done first.
type ordering struct {
	configs []Config
	index   map[string]int // of configs, by id
	marks   []mark         // by index
	path    []string       // the ids from where the walk began to where it is
	order   []int
}

type mark uint8

const (
	unseen mark = iota
	open        // on the path
	done        // in the order
)

func (o *ordering) visit(i int) error {
	c := o.configs[i]
	if o.marks[i] == done {
		return nil
	}
	o.path = append(o.path, c.ID)
	if o.marks[i] == open {
		circle := o.path[slices.Index(o.path, c.ID):]
		return fmt.Errorf("guests wait for one another: %s", strings.Join(circle, " after "))
	}
	o.marks[i] = open
	for _, id := range c.After {
		before, known := o.index[id]
		if !known {
			return fmt.Errorf("guest %q: after: there is no guest %q", c.ID, id)
		}
		if err := o.visit(before); err != nil {
			return err
		}
	}
	o.path = o.path[:len(o.path)-1]
	o.marks[i] = done
	o.order = append(o.order, i)
	return nil
}
