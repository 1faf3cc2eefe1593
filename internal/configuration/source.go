package configuration

import (
	"bytes"
	"unicode/utf8"
)

const (
	// maximumSize is the maximum size of a file in bytes. Ten thousand objects take about two million.
	maximumSize = 8 << 20
	// maximumParts bounds the memory that a file can cost its reader. Next to each value in YAML there is at least one of
	// the counted characters.
	maximumParts = 1_000_000
)

// source is the text of a file, for reading and for quoting in errors.
type source struct {
	name string
	text []byte
}

// check refuses input that no parser should have to handle.
func (s *source) check() error {
	if len(s.text) > maximumSize {
		return s.at(0).errorf("The file has %d bytes or more; a file has %d at most: put the objects into several.", len(s.text), maximumSize)
	}
	parts := 0
	for offset := 0; offset < len(s.text); {
		character, size := utf8.DecodeRune(s.text[offset:])
		switch {
		case character == utf8.RuneError && size == 1:
			return s.at(offset).errorf("The byte 0x%02X is not valid UTF-8: save the file as UTF-8.", s.text[offset])
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

// at returns the position of a byte.
func (s *source) at(offset int) Position {
	before := s.text[:offset]
	lineStart := bytes.LastIndexByte(before, '\n') + 1
	return Position{
		File: s.name, Line: bytes.Count(before, []byte("\n")) + 1, Column: utf8.RuneCount(before[lineStart:]) + 1, text: s,
	}
}

// place returns the position that a parser reports.
func (s *source) place(line, column int) Position {
	return Position{File: s.name, Line: max(line, 1), Column: max(column, 1), text: s}
}

// line returns one line of the text without its line end.
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
