package install

import (
	"iter"
	"strings"
)

// script is SQL text that remembers the source file of each part. It can therefore translate an error's position into a
// place that a person can look up.
type script struct {
	text  string
	parts []part
}

type part struct {
	file   string
	offset int // bytes from the start of the script
}

func newScript(file, text string) script {
	var made builder
	made.append(file, text)
	return made.script()
}

// builder puts a script together. Joining strings one by one would copy the whole text for each of 500 files.
type builder struct {
	text  strings.Builder
	parts []part
}

func (b *builder) append(file, text string) {
	b.parts = append(b.parts, part{file: file, offset: b.text.Len()})
	b.text.WriteString(strings.TrimRight(text, "\n"))
	b.text.WriteByte('\n')
}

func (b *builder) script() script {
	return script{text: b.text.String(), parts: b.parts}
}

// all returns the parts in order, each with its file and text.
func (s script) all() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for index, from := range s.parts {
			end := len(s.text)
			if index+1 < len(s.parts) {
				end = s.parts[index+1].offset
			}
			if !yield(from.file, s.text[from.offset:end]) {
				return
			}
		}
	}
}

// place is a position in a file.
type place struct {
	file     string
	line     int    // from 1
	column   int    // from 1, in characters
	lineText string // the whole line
}

// locate finds the file and the line of a position. PostgreSQL counts positions in characters, from 1.
func (s script) locate(position int) (place, bool) {
	offset := -1
	for index := range s.text {
		if position--; position == 0 {
			offset = index
			break
		}
	}
	if offset < 0 {
		return place{}, false
	}
	var from part
	for _, candidate := range s.parts {
		if candidate.offset > offset {
			break
		}
		from = candidate
	}
	before := s.text[from.offset:offset]
	lineStart := strings.LastIndexByte(before, '\n') + 1
	lineText, _, _ := strings.Cut(s.text[from.offset+lineStart:], "\n")
	return place{
		file:     from.file,
		line:     strings.Count(before, "\n") + 1,
		column:   len([]rune(before[lineStart:])) + 1,
		lineText: lineText,
	}, true
}
