package device

import (
	"math/bits"
	"strings"
)

// Firmware that was never given an identity says so in many ways. A value in these lists is shown on pages like any
// other, but it never makes a key: hundreds of machines share it.

// placeholderSerials are serial numbers in lower case that name no machine.
var placeholderSerials = map[string]bool{
	"none": true, "null": true, "n/a": true, "na": true, "nil": true, "unknown": true, "undefined": true,
	"empty": true, "invalid": true, "default": true, "default string": true, "not specified": true,
	"not applicable": true, "not available": true, "not present": true, "not settable": true, "no serial": true,
	"system serial number": true, "base board serial number": true, "chassis serial number": true,
	"serial number": true, "serial": true, "serialnumber": true, "sernum0": true, "sernum": true,
	"to be filled by o.e.m.": true, "to be filled by oem": true, "o.e.m.": true, "oem": true, "fill by oem": true,
	"oem_serial": true, "oemserial": true, "oem default": true, "ssn12345678901234567": true,
	"123456789": true, "1234567890": true, "0123456789": true, "12345678": true, "01234567": true, "1234567": true,
	"123456": true, "12345": true, "0123456789abcdef": true, "abcdefghijk": true, "123456789012345678": true,
	"03142222222222": true, "mb-1234567890": true, "system version": true, "asset-1234567890": true,
	"chassis serial": true, "test serial": true, "virtual": true, "(none)": true, "[none]": true, "<none>": true,
	"standard": true, "product serial": true, "type1sku0": true, "type1serial": true, "not set": true, "unset": true,
}

// placeholderParts mark a serial number that contains them as naming no machine.
var placeholderParts = []string{"to be filled", "o.e.m", "default string", "serial number", "not specified", "not available", "not applicable", "xxxxxx"}

// placeholderUUIDs are UUIDs, in the byte order in which they are usually read, that boards of many makers share.
var placeholderUUIDs = map[string]bool{
	"03000200-0400-0500-0006-000700080009": true, // AMI firmware that was never programmed
	"00020003-0004-0005-0006-000700080009": true, // the same, read in the other byte order
	"03020100-0504-0706-0809-0a0b0c0d0e0f": true,
	"00010203-0405-0607-0809-0a0b0c0d0e0f": true,
	"10000000-0000-8000-0040-000000000000": true,
	"4c4c4544-0000-2010-8020-80c04f202020": true, // Dell with a blank service tag
	"44454c4c-0000-1020-8020-80c04f202020": true,
	"12345678-1234-5678-90ab-cddeefaabbcc": true,
	"12345678-1234-1234-1234-123456789abc": true,
	"12345678-1234-1234-1234-123456789012": true,
	"78563412-3412-7856-90ab-cddeefaabbcc": true,
	"00112233-4455-6677-8899-aabbccddeeff": true,
	"33221100-5544-7766-8899-aabbccddeeff": true,
	"01234567-89ab-cdef-0123-456789abcdef": true,
	"01234567-8901-2345-6789-abcdef012345": true,
	"deadbeef-dead-beef-dead-beefdeadbeef": true,
	"00000000-0000-0000-0000-000000000001": true,
}

// minSerial is the fewest letters and digits a serial number has that could name one machine among many.
const minSerial = 5

// placeholderSerial says whether a serial number, already in lower case and trimmed, names no machine.
func placeholderSerial(s string) bool {
	if placeholderSerials[s] {
		return true
	}
	for _, part := range placeholderParts {
		if strings.Contains(s, part) {
			return true
		}
	}
	n, first, varied := 0, rune(0), false
	for _, r := range s {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r > 127 {
			if n++; n == 1 {
				first = r
			}
			varied = varied || r != first
		}
	}
	return n < minSerial || !varied
}

// placeholderUUID says whether a UUID in its usual form names no machine.
func placeholderUUID(u string) bool {
	if placeholderUUIDs[u] {
		return true
	}
	digits := uint16(0) // which of the sixteen occur
	for i := range len(u) {
		switch c := u[i]; {
		case c >= '0' && c <= '9':
			digits |= 1 << (c - '0')
		case c >= 'a' && c <= 'f':
			digits |= 1 << (c - 'a' + 10)
		}
	}
	return bits.OnesCount16(digits) <= 2
}

// placeholderName says whether a host name in lower case is one that machines have before anybody named them.
func placeholderName(s string) bool {
	switch s {
	case "", "localhost", "(none)", "none", "unknown", "localhost6", "ubuntu", "debian", "raspberrypi", "linux", "amnesiac":
		return true
	}
	return false
}
