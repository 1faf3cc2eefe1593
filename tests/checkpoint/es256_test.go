package checkpoint_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"slices"
	"testing"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

const isES256 = "select postern_internal.is_es256_signature($1, $2, $3)"

func fromHex(t testing.TB, text string) []byte {
	t.Helper()
	decoded, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

// der is a signature of two integers, which may be out of range.
func der(t testing.TB, r, s *big.Int) []byte {
	t.Helper()
	encoded, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// spki is a public key as browsers give it, on the curve or not.
func spki(x, y []byte) []byte {
	prefix, _ := hex.DecodeString("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
	return slices.Concat(prefix, x, y)
}

// The key and the signatures of RFC 6979, appendix A.2.5, for SHA-256.
func TestES256IsThatOfTheStandard(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	x := fromHex(t, "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6")
	y := fromHex(t, "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299")
	key := spki(x, y)
	r := new(big.Int).SetBytes(fromHex(t, "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"))
	s := new(big.Int).SetBytes(fromHex(t, "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"))
	r2 := new(big.Int).SetBytes(fromHex(t, "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"))
	s2 := new(big.Int).SetBytes(fromHex(t, "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"))
	n := elliptic.P256().Params().N
	p := elliptic.P256().Params().P
	good := der(t, r, s)
	changed := func(at int, to byte) []byte {
		bytes := slices.Clone(good)
		bytes[at] = to
		return bytes
	}
	yPlus := make([]byte, 32)
	new(big.Int).Add(new(big.Int).SetBytes(y), big.NewInt(1)).FillBytes(yPlus)
	for name, test := range map[string]struct {
		key, signature []byte
		message        string
		want           bool
	}{
		"sample":                           {key, good, "sample", true},
		"test":                             {key, der(t, r2, s2), "test", true},
		"n - s, which the curve allows":    {key, der(t, r, new(big.Int).Sub(n, s)), "sample", true},
		"another message":                  {key, good, "Sample", false},
		"the other signature":              {key, der(t, r2, s2), "sample", false},
		"r and s exchanged":                {key, der(t, s, r), "sample", false},
		"r is 0":                           {key, der(t, new(big.Int), s), "sample", false},
		"s is 0":                           {key, der(t, r, new(big.Int)), "sample", false},
		"both are 0":                       {key, der(t, new(big.Int), new(big.Int)), "sample", false},
		"r is 1":                           {key, der(t, big.NewInt(1), s), "sample", false},
		"both are 1":                       {key, der(t, big.NewInt(1), big.NewInt(1)), "sample", false},
		"r is n":                           {key, der(t, n, s), "sample", false},
		"s is n":                           {key, der(t, r, n), "sample", false},
		"r + n":                            {key, der(t, new(big.Int).Add(r, n), s), "sample", false},
		"s + n":                            {key, der(t, r, new(big.Int).Add(s, n)), "sample", false},
		"r is p":                           {key, der(t, p, s), "sample", false},
		"r is negative":                    {key, der(t, new(big.Int).Neg(r), s), "sample", false},
		"s is negative":                    {key, der(t, r, new(big.Int).Neg(s)), "sample", false},
		"empty":                            {key, nil, "sample", false},
		"cut":                              {key, good[:len(good)-1], "sample", false},
		"something behind it":              {key, append(slices.Clone(good), 0), "sample", false},
		"a longer sequence":                {key, changed(1, good[1]+1), "sample", false},
		"a length in two octets":           {key, slices.Concat([]byte{0x30, 0x81}, good[1:]), "sample", false},
		"no sequence":                      {key, changed(0, 0x31), "sample", false},
		"no integer":                       {key, changed(2, 0x04), "sample", false},
		"an integer of length 0":           {key, []byte{0x30, 0x06, 0x02, 0x00, 0x02, 0x02, 0x01, 0x01}, "sample", false},
		"a zero in front":                  {key, slices.Concat([]byte{0x30, good[1] + 1, 0x02, 0x22, 0x00}, good[4:]), "sample", false},
		"as two numbers without DER":       {key, slices.Concat(r.Bytes(), s.Bytes()), "sample", false},
		"a point that is not on the curve": {spki(x, yPlus), good, "sample", false},
		"the point 0, 0":                   {spki(make([]byte, 32), make([]byte, 32)), good, "sample", false},
		"a coordinate that is p":           {spki(p.Bytes(), y), good, "sample", false},
		"a compressed point":               {slices.Concat(key[:26], []byte{2}, x), good, "sample", false},
		"a key of another curve":           {changedAt(key, 22, 0x08), good, "sample", false},
		"no key":                           {nil, good, "sample", false},
	} {
		if got := testsql.Value[bool](t, database.Pool, isES256, test.key, []byte(test.message), test.signature); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func changedAt(bytes []byte, at int, to byte) []byte {
	bytes = slices.Clone(bytes)
	bytes[at] = to
	return bytes
}

// Go's library signs, with random keys and with those at which a sum of points is a special case: the base point, its
// negative, and small multiples of it.
func TestES256AgreesWithAnotherImplementation(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	n := elliptic.P256().Params().N
	var keys []*ecdsa.PrivateKey
	for _, private := range []*big.Int{big.NewInt(1), big.NewInt(2), big.NewInt(3), big.NewInt(5), new(big.Int).Sub(n, big.NewInt(1)), new(big.Int).Sub(n, big.NewInt(2))} {
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), private.FillBytes(make([]byte, 32)))
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	for range 10 {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	for index, key := range keys {
		public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		message := []byte{byte(index)}
		digest := sha256.Sum256(message)
		signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
		if err != nil {
			t.Fatal(err)
		}
		if !testsql.Value[bool](t, database.Pool, isES256, public, message, signature) {
			t.Errorf("key %d: a right signature is refused", index)
		}
		if testsql.Value[bool](t, database.Pool, isES256, public, []byte("another"), signature) {
			t.Errorf("key %d: a wrong signature is accepted", index)
		}
	}
	// Where both products are the same point, or one the negative of the other: with the key G, r = e and r = -e. Such a
	// signature has an r that belongs to no s, so that it is never right; it must not be an error either.
	public, err := x509.MarshalPKIXPublicKey(&keys[0].PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte("sample"))
	e := new(big.Int).SetBytes(digest[:])
	for name, r := range map[string]*big.Int{"the same": new(big.Int).Mod(e, n), "the negative": new(big.Int).Mod(new(big.Int).Neg(e), n)} {
		if testsql.Value[bool](t, database.Pool, isES256, public, []byte("sample"), der(t, r, big.NewInt(7))) {
			t.Errorf("%s: accepted", name)
		}
	}
}
