// Package testbuffer keeps what a program says while a test reads it.
package testbuffer

import (
	"bytes"
	"sync"
)

// Buffer may be written and read at the same time. The zero value is empty.
type Buffer struct {
	lock sync.Mutex
	text bytes.Buffer
}

func (b *Buffer) Write(text []byte) (int, error) {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.text.Write(text)
}

// String returns all that has been written so far.
func (b *Buffer) String() string {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.text.String()
}
