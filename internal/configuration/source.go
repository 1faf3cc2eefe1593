package configuration

import (
	"bytes"
	"unicode/utf8"
)

const (
	// maximumSize is what a file may have in bytes. Ten thousand objects have about two million.
	maximumSize = 8 << 20
	// maximumParts bounds the memory that a file can make its reader take: each value in YAML has at least one of the
	// characters behind or before it that are counted.
	maximumParts = 1_000_000
)

// source is a file's text, to be read and to be quoted from.
type source struct {
	name string
	text []byte
}

// check refuses what no parser should have to deal with.
func (s *source) check() error {
	if len(s.text) > maximumSize {
		return s.at(0).errorf("The file has %d bytes or more; a file has %d at most: put the objects into several.", len(s.text), maximumSize)
	}
	parts := 0
	for offset := 0; offset < len(s.text); {
		character, size := utf8.DecodeRune(s.text[offset:])
		switch {
		case character == utf8.RuneError && size == 1:
			return s.at(offset).errorf("The byte 0x%02X is no valid UTF-8: save the file as UTF-8.", s.text[offset])
		case character < ' ' && character != '\n' && character != '\r' && character != '\t', character == 0x7f:
			return s.at(offset).errorf("The control character U+%04X does not belong in a text file.", character)
		case character == '\n' || character == ',' || character == ':' || character == '-' || character == '[' || character == '{' || character == '?':
			parts++
			if parts > maximumParts {
				return s.at(offset).errorf("The file has more than %d parts: put the objects into several files.", maximumParts)
			}
		}
		offset += size
	}
	return nil
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// at is the position of a byte.
func (s *source) at(offset int) Position {
	before := s.text[:offset]
	lineStart := bytes.LastIndexByte(before, '\n') + 1
	return Position{
		File: s.name, Line: bytes.Count(before, []byte("\n")) + 1, Column: utf8.RuneCount(before[lineStart:]) + 1, text: s,
	}
}

// place is the position that a parser tells.
func (s *source) place(line, column int) Position {
	return Position{File: s.name, Line: max(line, 1), Column: max(column, 1), text: s}
}

// line is one line of the text without what ends it.
func (s *source) line(number int) string {
	rest := s.text
	for range number - 1 {
		_, after, found := bytes.Cut(rest, []byte("\n"))
		if !found {
			return ""
		}
		rest = after
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	return string(bytes.TrimSuffix(line, []byte("\r")))
}
