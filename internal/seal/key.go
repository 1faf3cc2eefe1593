package seal

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// KeyVariable names the environment variable with the file of the private key.
const KeyVariable = "POSTERN_LOG_KEY"

// CreateKey makes a key pair. origin names the log in all its heads; a host and a path without a scheme is best.
func CreateKey(origin string) (private, public string, err error) {
	if origin == "" || strings.ContainsFunc(origin, func(r rune) bool { return r <= ' ' || r == '+' || r == 0x7f }) {
		return "", "", fmt.Errorf("the origin %q must not be empty, nor have spaces, control characters or +", origin)
	}
	return note.GenerateKey(rand.Reader, origin)
}

// Key is a private key that signs heads, together with the public key that checks them.
type Key struct {
	signer note.Signer
	Public string
}

// ReadKey reads the file of a private key. It refuses a file that others may read.
func ReadKey(path string) (*Key, error) {
	about, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if runtime.GOOS != "windows" && about.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("others than its owner have rights on the private key: chmod 600 %s", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	private := strings.TrimSpace(string(text))
	signer, err := note.NewSigner(private)
	if err != nil {
		// The error does not quote the file, which may hold a secret.
		return nil, fmt.Errorf("%s does not hold the private key of a log", path)
	}
	// The format of note.GenerateKey: PRIVATE+KEY+name+hash+, then an octet for the algorithm and the seed.
	parts := strings.SplitN(private, "+", 5)
	seed, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(seed) != 1+ed25519.SeedSize {
		return nil, fmt.Errorf("%s does not hold the private key of a log", path)
	}
	public, err := note.NewEd25519VerifierKey(signer.Name(), ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey))
	return &Key{signer: signer, Public: public}, err
}

// readKeys reads public keys, one per line. It skips empty lines, lines that begin with #, and a key that comes again.
func readKeys(text string) (note.Verifiers, []string, error) {
	var verifiers []note.Verifier
	var keys []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") || slices.Contains(keys, line) {
			continue
		}
		verifier, err := note.NewVerifier(line)
		if err != nil {
			return nil, nil, fmt.Errorf("%q is not the public key of a log", line)
		}
		verifiers = append(verifiers, verifier)
		keys = append(keys, line)
	}
	return note.VerifierList(verifiers...), keys, nil
}
