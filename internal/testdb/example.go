package testdb

import (
	"context"
	"fmt"
	"slices"
	"testing"
)

// Example implements the part of testing.TB that this package needs, because examples have no testing.TB. Failures
// panic.
type Example struct {
	testing.TB
	cleanups []func()
}

func (e *Example) Helper()                        {}
func (e *Example) Context() context.Context       { return context.Background() }
func (e *Example) Cleanup(cleanup func())         { e.cleanups = append(e.cleanups, cleanup) }
func (e *Example) Error(arguments ...any)         { panic(fmt.Sprint(arguments...)) }
func (e *Example) Errorf(f string, values ...any) { panic(fmt.Sprintf(f, values...)) }
func (e *Example) Fatal(arguments ...any)         { panic(fmt.Sprint(arguments...)) }
func (e *Example) Fatalf(f string, values ...any) { panic(fmt.Sprintf(f, values...)) }

// Close cleans up.
func (e *Example) Close() {
	for _, cleanup := range slices.Backward(e.cleanups) {
		cleanup()
	}
}
