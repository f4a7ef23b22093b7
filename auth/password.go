package auth

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/highwater-sam/highwater/fault"
)

// cost is how much work a hash takes. It is written into each hash, so that it can grow without breaking old ones.
type cost struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint8
}

// current is the second recommended choice of RFC 9106 section 4: 64 MiB, three passes, four lanes.
var current = cost{memory: 64 << 10, passes: 3, threads: 4}

// highest is the most that a stored hash may ask of this machine: a forged one must not exhaust its memory.
var highest = cost{memory: 512 << 10, passes: 16, threads: 16}

const (
	saltBytes = 16
	keyBytes  = 32
)

// errHash is returned for a stored hash that is not one of ours.
var errHash = errors.New("stored password hash is malformed")

// HashPassword hashes a password with argon2id in the PHC string format, parameters and salt included.
// It takes about 64 MiB and a tenth of a second: bound how many run at once.
func HashPassword(password string) string {
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails (crypto/rand)
	return hashWith(current, password, salt)
}

func hashWith(c cost, password string, salt []byte) string {
	key := argon2.IDKey([]byte(password), salt, c.passes, c.memory, c.threads, keyBytes)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.memory, c.passes, c.threads,
		b64.EncodeToString(salt), b64.EncodeToString(key))
}

// VerifyPassword says whether the password made the hash, comparing in constant time. again is true when the hash was
// made with other than today's parameters and should be made again. An empty hash takes the same time as a real one and
// never verifies, so that an unknown user cannot be told from a wrong password.
func VerifyPassword(hash, password string) (ok, again bool, err error) {
	if hash == "" {
		argon2.IDKey([]byte(password), make([]byte, saltBytes), current.passes, current.memory, current.threads, keyBytes)
		return false, false, nil
	}
	c, salt, want, err := parseHash(hash)
	if err != nil {
		return false, false, err
	}
	got := argon2.IDKey([]byte(password), salt, c.passes, c.memory, c.threads, uint32(len(want)))
	ok = subtle.ConstantTimeCompare(got, want) == 1
	return ok, ok && c != current, nil
}

// parseHash takes a PHC string apart, strictly.
func parseHash(hash string) (c cost, salt, key []byte, err error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return cost{}, nil, nil, errHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memory, &c.passes, &c.threads); err != nil {
		return cost{}, nil, nil, errHash
	}
	if parts[3] != fmt.Sprintf("m=%d,t=%d,p=%d", c.memory, c.passes, c.threads) {
		return cost{}, nil, nil, errHash
	}
	if c.passes == 0 || c.threads == 0 || c.memory < 8*uint32(c.threads) ||
		c.memory > highest.memory || c.passes > highest.passes || c.threads > highest.threads {
		return cost{}, nil, nil, errHash
	}
	b64 := base64.RawStdEncoding.Strict()
	salt, errSalt := b64.DecodeString(parts[4])
	key, errKey := b64.DecodeString(parts[5])
	if errSalt != nil || errKey != nil || len(salt) < 8 || len(salt) > 64 || len(key) < 16 || len(key) > 64 {
		return cost{}, nil, nil, errHash
	}
	return c, salt, key, nil
}

// The bounds of a password, in characters and bytes.
const (
	MinPassword = 12
	MaxPassword = 256 // bytes: what is hashed must be bounded
)

// CheckPassword says whether the user may choose the password: 12 characters or more, not the user's name, not one of the
// well-known ones. There are no rules about kinds of characters (NIST SP 800-63B section 5.1.1.2).
func CheckPassword(user, password string) error {
	switch {
	case !utf8.ValidString(password):
		return fault.New(fault.Invalid, "the password is not valid text")
	case utf8.RuneCountInString(password) < MinPassword:
		return fault.New(fault.Invalid, "the password has fewer than %d characters: three or four words together are easy to keep", MinPassword)
	case len(password) > MaxPassword:
		return fault.New(fault.Invalid, "the password is longer than %d bytes", MaxPassword)
	case len(user) >= 3 && strings.Contains(strings.ToLower(password), strings.ToLower(user)):
		return fault.New(fault.Invalid, "the password holds the user name")
	case guessable(strings.ToLower(password)):
		return fault.New(fault.Invalid, "the password is among the first an attacker tries")
	}
	return nil
}

// stems are beginnings of the most common long passwords; digits and signs around them do not help.
var stems = []string{"password", "passwort", "highwater", "administrator", "welcome", "changeme", "letmein", "iloveyou", "qwertyuiop", "qwerty", "abcdefghijkl", "asdfghjkl", "secret", "default"}

// guessable says whether what remains of a lower-case password without stems, digits and signs has few different characters.
func guessable(password string) bool {
	rest := password
	for _, s := range stems {
		rest = strings.ReplaceAll(rest, s, "")
	}
	distinct := map[rune]bool{}
	for _, r := range rest {
		if r < '0' || r > '9' {
			distinct[r] = true
		}
	}
	all := map[rune]bool{}
	for _, r := range password {
		all[r] = true
	}
	return len(all) < 5 || rest != password && len(distinct) < 4 || len(distinct) == 0
}

// generated are the characters of a generated password: 32, none of which looks like another.
const generated = "abcdefghijkmnpqrstuvwxyz23456789"

// GeneratePassword makes a password of four groups of five characters: 100 random bits, easy to read out and type.
func GeneratePassword() string {
	raw := make([]byte, 20)
	rand.Read(raw) // never fails (crypto/rand)
	var b strings.Builder
	for i, c := range raw {
		if i > 0 && i%5 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(generated[c%32])
	}
	return b.String()
}
