package checkpoint_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"math/big"
	"slices"
	"testing"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

const isRS256 = "select postern_internal.is_rs256_signature($1, $2, $3)"

func newRSA(t testing.TB, bits int) (*rsa.PrivateKey, []byte) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return key, public
}

// Go's library signs. The rest is what a careless verification takes for a signature.
func TestRS256AgreesWithAnotherImplementation(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	key, public := newRSA(t, 2048)
	other, otherPublic := newRSA(t, 2048)
	long, longPublic := newRSA(t, 3072)
	sign := func(key *rsa.PrivateKey, message string, hash crypto.Hash) []byte {
		t.Helper()
		hasher := hash.New()
		hasher.Write([]byte(message))
		signature, err := rsa.SignPKCS1v15(rand.Reader, key, hash, hasher.Sum(nil))
		if err != nil {
			t.Fatal(err)
		}
		return signature
	}
	// raw is a signature of octets that the caller has padded, well or badly.
	raw := func(padded []byte) []byte {
		return new(big.Int).Exp(new(big.Int).SetBytes(padded), key.D, key.N).FillBytes(make([]byte, 256))
	}
	digest := sha256.Sum256([]byte("sample"))
	info := fromHex(t, "3031300d060960864801650304020105000420")
	padding := func(octet byte, count int) []byte { return slices.Repeat([]byte{octet}, count) }
	good := slices.Concat([]byte{0, 1}, padding(0xff, 202), []byte{0}, info, digest[:])
	signature := sign(key, "sample", crypto.SHA256)
	pss, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, digest[:], nil)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(raw(good), signature) {
		t.Fatal("this test pads in another way than the library")
	}
	for name, test := range map[string]struct {
		key, signature []byte
		message        string
		want           bool
	}{
		"right":                        {public, signature, "sample", true},
		"of the other key":             {otherPublic, sign(other, "sample", crypto.SHA256), "sample", true},
		"another message":              {public, signature, "Sample", false},
		"with the other key":           {otherPublic, signature, "sample", false},
		"another hash":                 {public, sign(key, "sample", crypto.SHA512), "sample", false},
		"PSS":                          {public, pss, "sample", false},
		"short padding, and something": {public, raw(slices.Concat([]byte{0, 1}, padding(0xff, 8), []byte{0}, info, digest[:], padding(7, 194))), "sample", false},
		"padding of another octet":     {public, raw(slices.Concat([]byte{0, 1}, padding(0xfe, 202), []byte{0}, info, digest[:])), "sample", false},
		"padding for encryption":       {public, raw(slices.Concat([]byte{0, 2}, padding(0xff, 202), []byte{0}, info, digest[:])), "sample", false},
		"without the name of the hash": {public, raw(slices.Concat([]byte{0, 1}, padding(0xff, 221), []byte{0}, digest[:])), "sample", false},
		"0":                            {public, make([]byte, 256), "sample", false},
		"1":                            {public, append(make([]byte, 255), 1), "sample", false},
		"n":                            {public, key.N.Bytes(), "sample", false},
		"n - 1":                        {public, new(big.Int).Sub(key.N, big.NewInt(1)).Bytes(), "sample", false},
		"cut":                          {public, signature[:255], "sample", false},
		"a zero in front":              {public, append([]byte{0}, signature...), "sample", false},
		"empty":                        {public, nil, "sample", false},
		"a longer key":                 {longPublic, sign(long, "sample", crypto.SHA256), "sample", false},
		"another exponent":             {changedAt(public, 293, 3), signature, "sample", false},
		"a modulus of less bits":       {changedAt(public, 33, 0x7f), signature, "sample", false},
		"a key with something behind":  {append(slices.Clone(public), 0), signature, "sample", false},
		"no key":                       {nil, signature, "sample", false},
	} {
		if got := testsql.Value[bool](t, database.Pool, isRS256, test.key, []byte(test.message), test.signature); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
	// s + n is the same number modulo n. The sum has 256 octets if s is small enough.
	small := ""
	for n := 0; ; n++ {
		small = "sample " + big.NewInt(int64(n)).String()
		signature = sign(key, small, crypto.SHA256)
		if new(big.Int).Add(new(big.Int).SetBytes(signature), key.N).BitLen() <= 2048 {
			break
		}
	}
	sum := new(big.Int).Add(new(big.Int).SetBytes(signature), key.N).Bytes()
	if !testsql.Value[bool](t, database.Pool, isRS256, public, []byte(small), signature) || testsql.Value[bool](t, database.Pool, isRS256, public, []byte(small), sum) {
		t.Error("a signature is taken in two forms")
	}
}
