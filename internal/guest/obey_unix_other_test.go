//go:build unix && !linux

package guest_test

import "fmt"

func obeyMore(word string) (string, error) { return "", fmt.Errorf("what is %s?", word) }
