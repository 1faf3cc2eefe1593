package seal

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Head is a signed tree head: the root of the tree of the log's first Size leaves.
type Head struct {
	// Origin names the log.
	Origin string
	Size   int64
	Root   tlog.Hash
	// Restart is the number of the last restart before the head; 0 means that there was none.
	Restart int64
	// LogIDs is the range that holds the log IDs of the leaves that the previous head did not have; nil if there are none.
	LogIDs *LogIDs
	// Note is the head as it was signed: a C2SP tlog-checkpoint.
	Note string
}

// sign signs a head.
func (k *Key) sign(size int64, root tlog.Hash, logIDs *LogIDs, restart int64) (*Head, error) {
	head := &Head{Origin: k.signer.Name(), Size: size, Root: root, LogIDs: logIDs, Restart: restart}
	text := fmt.Sprintf("%s\n%d\n%s\n", head.Origin, size, base64.StdEncoding.EncodeToString(root[:]))
	if logIDs != nil {
		text += fmt.Sprintf("log_ids %d %d\n", logIDs.Lowest, logIDs.Highest)
	}
	if restart > 0 {
		text += fmt.Sprintf("restart %d\n", restart)
	}
	signed, err := note.Sign(&note.Note{Text: text}, k.signer)
	head.Note = string(signed)
	return head, err
}

// OpenHead reads a signed head and checks its signature. It returns a *TamperedError if none of the keys has signed the
// head.
func OpenHead(text string, keys note.Verifiers) (*Head, error) {
	opened, err := note.Open([]byte(text), keys)
	if unverified := (*note.UnverifiedNoteError)(nil); errors.As(err, &unverified) {
		signers := make([]string, len(unverified.Note.UnverifiedSigs))
		for index, signature := range unverified.Note.UnverifiedSigs {
			signers[index] = fmt.Sprintf("%s+%08x", signature.Name, signature.Hash)
		}
		return nil, &TamperedError{Finding{Kind: KeyUnknown, Message: "a head is signed by no known key, but by " + strings.Join(signers, ", ")}}
	}
	if invalid := (*note.InvalidSignatureError)(nil); errors.As(err, &invalid) {
		return nil, &TamperedError{Finding{Kind: SignatureInvalid, Message: fmt.Sprintf("a head's signature by %s+%08x is wrong", invalid.Name, invalid.Hash)}}
	}
	if err != nil {
		return nil, fmt.Errorf("read a signed head: %w", err)
	}
	head, err := parseHead(opened.Text)
	if err != nil {
		return nil, err
	}
	if opened.Sigs[0].Name != head.Origin {
		return nil, &TamperedError{Finding{Kind: KeyUnknown, Message: fmt.Sprintf("a head of log %s is signed by a key of %s", head.Origin, opened.Sigs[0].Name)}}
	}
	head.Note = text
	return head, nil
}

// parseHead reads the text of a head. It ignores unknown lines behind the third, because tlog-checkpoint reserves them
// for others.
func parseHead(text string) (*Head, error) {
	lines := strings.SplitN(text, "\n", 4)
	if len(lines) != 4 {
		return nil, errors.New("a signed head has fewer than three lines")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return nil, fmt.Errorf("the second line of a signed head is %q, which is not a number of leaves", lines[1])
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return nil, fmt.Errorf("the third line of a signed head is %q, which is not a hash", lines[2])
	}
	head := &Head{Origin: lines[0], Size: size, Root: tlog.Hash(root)}
	for line := range strings.Lines(lines[3]) {
		line = strings.TrimSuffix(line, "\n")
		known := line
		switch keyword, values, _ := strings.Cut(line, " "); {
		case keyword == "log_ids" && head.LogIDs == nil:
			head.LogIDs = &LogIDs{}
			_, err = fmt.Sscanf(values, "%d %d", &head.LogIDs.Lowest, &head.LogIDs.Highest)
			known = fmt.Sprintf("log_ids %d %d", head.LogIDs.Lowest, head.LogIDs.Highest)
		case keyword == "restart" && head.Restart == 0:
			_, err = fmt.Sscanf(values, "%d", &head.Restart)
			known = fmt.Sprintf("restart %d", max(head.Restart, 1))
		case keyword == "log_ids", keyword == "restart":
			known = ""
		}
		if err != nil || known != line || head.LogIDs != nil && head.LogIDs.Lowest > head.LogIDs.Highest {
			return nil, fmt.Errorf("a signed head has the line %q, which cannot be read", line)
		}
	}
	return head, nil
}
