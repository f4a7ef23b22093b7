//go:build !linux

package pg

import "syscall"

// asPostgres runs the server as whoever runs the tests.
func (c *cluster) asPostgres() (*syscall.SysProcAttr, error) { return &syscall.SysProcAttr{}, nil }
