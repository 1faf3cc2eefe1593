package seal

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A note of a restart that can be read is written the same again, so that it has one reading.
func FuzzParseRestart(f *testing.F) {
	f.Add("erp.example.com/log\nrestart 1\nat 2026-03-01T12:00:00Z\nplace 7/5/9 timeline 2\n")
	f.Add("o\nrestart 2\nat 2026-03-01T12:00:00Z\nplace 1/2/3 timeline 1\nlost 2 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nkept 1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nlog_ids 2 2\n")
	f.Fuzz(func(t *testing.T, text string) {
		origin, _, _ := strings.Cut(text, "\n")
		if restart, err := parseRestart(text); err == nil && restart.text(origin) != text {
			t.Errorf("%q is written as %q", text, restart.text(origin))
		}
	})
}

// A head that can be read has a size and a range that make sense.
func FuzzParseHead(f *testing.F) {
	f.Add("erp.example.com/log\n2\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nlog_ids 1 2\n")
	f.Add("o\n0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nrestart 1\nother words\n")
	f.Fuzz(func(t *testing.T, text string) {
		head, err := parseHead(text)
		if err != nil {
			return
		}
		if !strings.HasPrefix(text, head.Origin+"\n") || head.Size < 0 || head.Restart < 0 || head.LogIDs != nil && head.LogIDs.Lowest > head.LogIDs.Highest {
			t.Errorf("%q is read as %+v", text, head)
		}
	})
}

// Notes are pieces of the file, in order. Only what a crash has left at the end may be missing.
func FuzzSplitNotes(f *testing.F) {
	f.Add("text\n\n\u2014 name AAAA\nmore\n\n\u2014 name BBBB\n")
	f.Add("half written\n")
	f.Fuzz(func(t *testing.T, text string) {
		if joined := strings.Join(splitNotes(text), ""); !strings.HasPrefix(text, joined) {
			t.Errorf("%q is split into %q", text, splitNotes(text))
		}
	})
}

// A receipt that can be read names one entry and one hash.
func FuzzParseReceipt(f *testing.F) {
	f.Add("7:" + strings.Repeat("0a", 32))
	f.Add("-1:" + strings.Repeat("FF", 32))
	f.Fuzz(func(t *testing.T, text string) {
		receipt, err := ParseReceipt(text)
		if err != nil {
			return
		}
		_, digits, _ := strings.Cut(text, ":")
		if got := strings.ToLower(digits); len(digits) != 64 || got != hexadecimal(receipt.LeafHash[:]) {
			t.Errorf("%q is read as %+v", text, receipt)
		}
	})
}

func hexadecimal(octets []byte) string {
	const digits = "0123456789abcdef"
	var text strings.Builder
	for _, octet := range octets {
		text.WriteByte(digits[octet>>4])
		text.WriteByte(digits[octet&15])
	}
	return text.String()
}

// Public keys that can be read are lines of the file.
func FuzzReadKeys(f *testing.F) {
	_, public, err := CreateKey("erp.example.com/log")
	if err != nil {
		f.Fatal(err)
	}
	f.Add("# two keys\n" + public + "\n\n " + public + " \n")
	f.Fuzz(func(t *testing.T, text string) {
		_, keys, err := readKeys(text)
		if err != nil {
			return
		}
		for _, key := range keys {
			if !strings.Contains(text, key) || strings.ContainsAny(key, "\n") {
				t.Errorf("%q has the key %q", text, key)
			}
		}
	})
}

// Reading a proof ends, whatever it is. One that can be read can be written, and read again.
func FuzzReadProof(f *testing.F) {
	f.Add([]byte(`{"head": "h", "keys": ["k"]}`))
	f.Add([]byte(`{"version": 2, "log_id": 1}`))
	user := "ALICE"
	record := Record{LogID: 1, Outcome: "passed", GateID: "G", UserID: &user, Message: &user, Parameters: []byte("{}"), SessionRole: &user, ApplicationName: &user}
	leaf, err := record.Leaf(Salt{1})
	if err != nil {
		f.Fatal(err)
	}
	written, err := json.Marshal(&Proof{Record: record, Inclusion: Inclusion{Leaf: leaf}})
	if err != nil {
		f.Fatal(err)
	}
	if read, err := readProof(written); err != nil || read.Inclusion == nil {
		f.Fatalf("%s is not read: %v", written, err)
	} else if _, err := read.record(); err != nil {
		f.Fatalf("%s shows what its leaf does not say: %v", written, err)
	}
	f.Add(written)
	f.Fuzz(func(t *testing.T, text []byte) {
		read, err := readProof(jsontext.Value(text))
		if err != nil || read.Inclusion == nil {
			return
		}
		record, err := read.record()
		if err != nil {
			return
		}
		again, err := json.Marshal(&Proof{Record: *record, Inclusion: *read.Inclusion, Head: read.Head, Keys: read.Keys})
		if err == nil {
			read, err = readProof(again)
		}
		if err == nil {
			_, err = read.record()
		}
		if err != nil {
			t.Errorf("%q is read, but not what is written of it: %v", text, err)
		}
	})
}
