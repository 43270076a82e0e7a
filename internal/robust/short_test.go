//go:build !integration

package robust_test

const connections = 600
