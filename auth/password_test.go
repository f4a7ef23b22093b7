package auth

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/highwater-sam/highwater/fault"
)

func TestPasswordVerifies(t *testing.T) {
	hash := HashPassword("four green boats sail")
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=65536,t=3,p=4$") {
		t.Fatalf("the hash does not name its parameters: %s", hash)
	}
	if ok, again, err := VerifyPassword(hash, "four green boats sail"); !ok || again || err != nil {
		t.Errorf("right password: %v %v %v", ok, again, err)
	}
	if ok, _, err := VerifyPassword(hash, "four green boats sink"); ok || err != nil {
		t.Errorf("wrong password: %v %v", ok, err)
	}
	if HashPassword("four green boats sail") == hash {
		t.Error("two hashes of one password are equal: the salt is not random")
	}
}

func TestHashWithOldParametersStillVerifiesAndAsksToBeMadeAgain(t *testing.T) {
	old := hashWith(cost{memory: 8 << 10, passes: 1, threads: 1}, "four green boats sail", []byte("0123456789abcdef"))
	if ok, again, err := VerifyPassword(old, "four green boats sail"); !ok || !again || err != nil {
		t.Errorf("old hash: ok %v, again %v, %v", ok, again, err)
	}
	if ok, again, _ := VerifyPassword(old, "no"); ok || again {
		t.Errorf("a wrong password asks for nothing: ok %v, again %v", ok, again)
	}
}

// The vector is that of the reference implementation (phc-winner-argon2, test.c, argon2id, t=2, m=65536, p=1).
func TestHashMadeElsewhereVerifies(t *testing.T) {
	const reference = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if ok, again, err := VerifyPassword(reference, "password"); !ok || !again || err != nil {
		t.Errorf("reference vector: ok %v, again %v, %v", ok, again, err)
	}
}

func TestEmptyHashNeverVerifies(t *testing.T) {
	for _, password := range []string{"", "anything"} {
		if ok, _, err := VerifyPassword("", password); ok || err != nil {
			t.Errorf("empty hash with %q: %v %v", password, ok, err)
		}
	}
}

func TestForgedHashIsRefusedWithoutWork(t *testing.T) {
	good := hashWith(cost{memory: 64, passes: 1, threads: 1}, "x", []byte("0123456789abcdef"))
	for name, bad := range map[string]string{
		"plain":           "secret",
		"other algorithm": strings.Replace(good, "argon2id", "argon2i", 1),
		"other version":   strings.Replace(good, "v=19", "v=16", 1),
		"much memory":     strings.Replace(good, "m=64,", "m=4294967295,", 1),
		"many passes":     strings.Replace(good, "t=1,", "t=4000000000,", 1),
		"no lanes":        strings.Replace(good, "p=1", "p=0", 1),
		"too little":      strings.Replace(good, "m=64,", "m=4,", 1),
		"trailing":        good + "$",
		"spaces":          strings.Replace(good, "m=64,", "m= 64,", 1),
		"short key":       good[:strings.LastIndex(good, "$")+1] + "AAAA",
		"no salt":         "$argon2id$v=19$m=64,t=1,p=1$$" + good[strings.LastIndex(good, "$")+1:],
	} {
		if ok, _, err := VerifyPassword(bad, "x"); ok || err == nil {
			t.Errorf("%s: ok %v, %v", name, ok, err)
		}
	}
}

func FuzzVerifyPassword(f *testing.F) {
	f.Add("$argon2id$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=64,t=1,p=1$$")
	f.Add("")
	f.Fuzz(func(t *testing.T, hash string) {
		c, salt, key, err := parseHash(hash)
		if err != nil {
			return
		}
		if c.memory > highest.memory || c.passes > highest.passes || c.threads > highest.threads || len(salt) > 64 || len(key) > 64 {
			t.Fatalf("%q asks for more than is allowed", hash)
		}
	})
}

func TestPasswordPolicy(t *testing.T) {
	for password, good := range map[string]bool{
		"four green boats sail":           true,
		"correcthorsebattery":             true,
		"Zw9#kk2!pqLm":                    true,
		"пятьзелёныхлодок":                true,
		"short":                           false,
		"elevenchars":                     false,
		"aaaaaaaaaaaaaaaa":                false,
		"123456789012":                    false,
		"password1234":                    false,
		"Welcome2026!!":                   false,
		"highwater2026":                   false,
		"qwertyuiop123456":                false,
		"my name is m.okafor":             false,
		strings.Repeat("long words ", 30): false,
		"bad \xff bytes in here":          false,
	} {
		err := CheckPassword("m.okafor", password)
		if (err == nil) != good {
			t.Errorf("CheckPassword(%q) = %v", password, err)
		}
		if err != nil && (fault.KindOf(err) != fault.Invalid || strings.Contains(err.Error(), password)) {
			t.Errorf("CheckPassword(%q): %v must be an input error that does not repeat the password", password, err)
		}
	}
}

func TestGeneratedPasswordsKeepThePolicy(t *testing.T) {
	seen := map[string]bool{}
	rapid.Check(t, func(t *rapid.T) {
		p := GeneratePassword()
		if len(p) != 23 || seen[p] {
			t.Fatalf("generated %q", p)
		}
		seen[p] = true
		if err := CheckPassword("admin", p); err != nil {
			t.Fatalf("generated %q: %v", p, err)
		}
	})
}

func BenchmarkHashPassword(b *testing.B) {
	for b.Loop() {
		HashPassword("four green boats sail")
	}
}
