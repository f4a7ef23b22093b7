package local

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"
)

// flagTemporary is IFA_F_TEMPORARY of the kernel.
const flagTemporary = 0x01

// parseInet6 reads a line of /proc/net/if_inet6: address, interface number, prefix, scope, flags, interface.
func parseInet6(line string) (ip string, temporary bool) {
	f := strings.Fields(line)
	if len(f) != 6 {
		return "", false
	}
	b, err := hex.DecodeString(f[0])
	if err != nil || len(b) != 16 {
		return "", false
	}
	flags, err := strconv.ParseUint(f[4], 16, 32)
	if err != nil {
		return "", false
	}
	return netip.AddrFrom16([16]byte(b)).String(), flags&flagTemporary != 0
}
