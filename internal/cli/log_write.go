package cli

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/posternsql/postern/internal/printable"
	"github.com/posternsql/postern/internal/query"
)

// entryWriter takes the entries of the log page by page, and keeps none of them.
type entryWriter interface {
	write(entries []query.LogEntry) error
	finish() error
}

// entryTable prints the log as a table for people, and separated by tabs in a pipe. Terminals are narrow, so there it
// merges columns: the gate that was approved goes with the gate, who authenticated with the user, and the comment with
// the message.
func (a *application) entryTable() entryWriter {
	header := []string{"log_id", "logged_at", "outcome", "gate_id", "userid", "authenticated_by", "message", "comment", "asked", "approved_gate_id", "approved_message", "redacted"}
	if terminal(a.out) {
		header = []string{"log_id", "logged_at", "outcome", "gate_id", "userid", "message (comment)"}
	}
	return &entryTable{pagedTable{app: a, header: header}}
}

type entryTable struct{ table pagedTable }

func (w *entryTable) write(entries []query.LogEntry) error {
	rows := make([][]string, len(entries))
	for index, entry := range entries {
		rows[index] = []string{strconv.FormatInt(entry.LogID, 10), stamp(entry.LoggedAt), entry.Outcome}
		if terminal(w.table.app.out) {
			rows[index] = append(rows[index], gate(entry), who(entry), what(entry))
		} else {
			rows[index] = append(rows[index], entry.GateID, valueOrDash(entry.UserID), authenticator(entry), valueOrDash(entry.Message), valueOrDash(entry.Comment),
				yesNo(entry.Asked), valueOrDash(entry.ApprovedGateID), valueOrDash(entry.ApprovedMessage), cmp.Or(redacted(entry.Redacted), "-"))
		}
	}
	w.table.print(rows)
	return w.table.app.out.failure
}

func (w *entryTable) finish() error { return w.table.app.out.failure }

// gate shows the gate, and the gate or action of the approval if that is another. IDs of gates have no spaces, so no ID
// can imitate this text.
func gate(entry query.LogEntry) string {
	if entry.Asked || entry.ApprovedGateID == nil {
		return entry.GateID
	}
	return entry.GateID + " along with " + *entry.ApprovedGateID
}

// authenticator is the user whose name and PIN were given, if that is not the session's own user.
func authenticator(entry query.LogEntry) string {
	if entry.AuthenticatedBy == nil || entry.UserID != nil && *entry.AuthenticatedBy == *entry.UserID {
		return "-"
	}
	return *entry.AuthenticatedBy
}

// who shows the session's user, and the user who authenticated if that is another.
func who(entry query.LogEntry) string {
	if other := authenticator(entry); other != "-" {
		return valueOrDash(entry.UserID) + " by " + other
	}
	return valueOrDash(entry.UserID)
}

// what shows the message, followed by the comment and by what was redacted.
func what(entry query.LogEntry) string {
	text := valueOrDash(entry.Message)
	if entry.Comment != nil {
		text += " (" + *entry.Comment + ")"
	}
	if gone := redacted(entry.Redacted); gone != "" {
		text += " [redacted: " + gone + "]"
	}
	return text
}

// redacted says which fields were redacted, when and by whom; it is empty if none was.
func redacted(recorded json.RawMessage) string {
	var redactions []struct {
		Fields     []string   `json:"fields"`
		RedactedAt *time.Time `json:"redacted_at"`
		RedactedBy *string    `json:"redacted_by"`
	}
	if json.Unmarshal(recorded, &redactions) != nil {
		return ""
	}
	texts := make([]string, len(redactions))
	for index, one := range redactions {
		texts[index] = fmt.Sprintf("%s %s by %s", strings.Join(one.Fields, ", "), stampOrDash(one.RedactedAt), valueOrDash(one.RedactedBy))
	}
	return strings.Join(texts, "; ")
}

// entryLines prints the log on a terminal as entries arrive. A column grows with its widest value so far.
type entryLines struct {
	app    *application
	widths [2]int
}

func (w *entryLines) write(entries []query.LogEntry) error {
	for _, entry := range entries {
		cells := [2]string{printable.Text(gate(entry)), printable.Text(who(entry))}
		for index, cell := range cells {
			w.widths[index] = max(w.widths[index], text.StringWidth(cell))
			cells[index] = text.Pad(cell, w.widths[index], ' ')
		}
		outcome := w.app.paint(entry.Outcome) + verbatim(strings.Repeat(" ", len("cancelled")-len(entry.Outcome)))
		w.app.printf("%s  %s  %s  %s  %s\n", stamp(entry.LoggedAt), outcome, cells[0], cells[1], what(entry))
	}
	return w.app.out.failure
}

func (w *entryLines) finish() error { return w.app.out.failure }

// jsonLines writes one JSON object per line.
type jsonLines struct {
	buffer     *bufio.Writer
	toTerminal bool
}

func newJSONLines(out io.Writer) entryWriter { return &jsonLines{bufio.NewWriter(out), terminal(out)} }

func (w *jsonLines) write(entries []query.LogEntry) error {
	for _, entry := range entries {
		if err := encodeJSON(w.buffer, w.toTerminal, "", entry); err != nil {
			return err
		}
	}
	return w.buffer.Flush()
}

func (w *jsonLines) finish() error { return w.buffer.Flush() }

// jsonArray writes one JSON array, with one entry per line.
type jsonArray[Entry any] struct {
	buffer     *bufio.Writer
	toTerminal bool
	started    bool
}

func newJSONArray[Entry any](out io.Writer) *jsonArray[Entry] {
	return &jsonArray[Entry]{buffer: bufio.NewWriter(out), toTerminal: terminal(out)}
}

func newEntryArray(out io.Writer) entryWriter { return newJSONArray[query.LogEntry](out) }

func (w *jsonArray[Entry]) write(entries []Entry) error {
	for _, entry := range entries {
		var line bytes.Buffer
		if err := encodeJSON(&line, w.toTerminal, "", entry); err != nil {
			return err
		}
		separator := ",\n"
		if !w.started {
			separator = "[\n"
		}
		w.started = true
		_, _ = w.buffer.WriteString(separator) // Flush returns the error
		_, _ = w.buffer.Write(bytes.TrimSuffix(line.Bytes(), []byte("\n")))
	}
	return w.buffer.Flush()
}

func (w *jsonArray[Entry]) finish() error {
	end := "\n]\n"
	if !w.started {
		end = "[]\n"
	}
	_, _ = w.buffer.WriteString(end)
	return w.buffer.Flush()
}

// csvTable writes the log as CSV (RFC 4180, UTF-8).
type csvTable struct {
	writer      *csv.Writer
	spreadsheet bool
	toPeople    bool
	started     bool
}

func newCSVTable(out io.Writer, spreadsheet bool) entryWriter {
	return &csvTable{writer: csv.NewWriter(out), spreadsheet: spreadsheet, toPeople: spreadsheet || terminal(out)}
}

var csvHeader = []string{
	"log_id", "outcome", "gate_id", "action", "userid", "authenticated_by", "logged_at", "message", "parameters", "comment",
	"scheme", "session_role", "client_addr", "application_name", "transaction_id",
	"approval", "asked", "approved_gate_id", "approved_message", "redacted",
}

func (w *csvTable) start() {
	if !w.started {
		w.started = true
		_ = w.writer.Write(csvHeader) // the writer remembers its error
	}
}

func (w *csvTable) write(entries []query.LogEntry) error {
	w.start()
	for _, entry := range entries {
		address, approval := "", ""
		if entry.Approval != nil {
			approval = entry.Approval.String()
		}
		if entry.ClientAddr != nil {
			address = entry.ClientAddr.String()
		}
		cells := []string{
			strconv.FormatInt(entry.LogID, 10), entry.Outcome, entry.GateID, value(entry.Action), value(entry.UserID),
			value(entry.AuthenticatedBy), entry.LoggedAt.UTC().Format(time.RFC3339Nano), value(entry.Message),
			string(entry.Parameters), value(entry.Comment), value(entry.Scheme), value(entry.SessionRole), address,
			value(entry.ApplicationName), strconv.FormatUint(entry.TransactionID, 10),
			approval, strconv.FormatBool(entry.Asked), value(entry.ApprovedGateID), value(entry.ApprovedMessage), string(entry.Redacted),
		}
		for index := range cells {
			if w.toPeople {
				cells[index] = printable.Text(cells[index])
			}
			if w.spreadsheet {
				cells[index] = disarm(cells[index])
			}
		}
		if err := w.writer.Write(cells); err != nil {
			return err
		}
	}
	w.writer.Flush()
	return w.writer.Error()
}

func (w *csvTable) finish() error {
	w.start()
	w.writer.Flush()
	return w.writer.Error()
}

func value(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// disarm prevents a spreadsheet from running a printable cell as a formula. Some spreadsheets treat the full-width
// forms of the characters as the usual ones, and some skip leading spaces.
func disarm(cell string) string {
	if text := strings.TrimLeft(cell, " "); text != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(text)[0]) {
		return "'" + cell
	}
	return cell
}
