package local

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/highwater-sam/highwater/inventory"
)

// smbios is what the firmware's tables (DMTF DSP0134) tell that sysfs does not.
type smbios struct {
	system      smbiosSystem
	boardSerial string
	chassisType byte
	processors  []smbiosProcessor // one for each socket, populated or not
	memory      int64             // bytes installed, 0 = unknown
}

type smbiosSystem struct{ manufacturer, model, serial, uuid string }

type smbiosProcessor struct {
	populated                    bool
	version                      string
	maxMHz                       int64
	cores, coresEnabled, threads int
}

// readSMBIOS reads the tables the kernel passes on; ok is false when there are none or they cannot be read.
func readSMBIOS(t *tree) (s smbios, ok bool) {
	b := t.bytes("smbios", "sys/firmware/dmi/tables/DMI")
	if len(b) == 0 {
		return smbios{}, false
	}
	version := 0x0300 // what every current firmware has
	if entry := t.bytes("smbios", "sys/firmware/dmi/tables/smbios_entry_point"); len(entry) >= 9 {
		switch {
		case string(entry[:5]) == "_SM3_":
			version = int(entry[7])<<8 | int(entry[8])
		case string(entry[:4]) == "_SM_":
			version = int(entry[6])<<8 | int(entry[7])
		}
	}
	s, err := parseSMBIOS(b, version)
	if err != nil {
		t.remark("smbios", "the firmware's tables are broken (%v); what stands before the fault was read", err)
	}
	return s, true
}

// structure is one formatted area with its strings.
type structure struct {
	kind    byte
	data    []byte
	strings []string
}

var errCut = errors.New("a structure goes beyond the table's end")

// parseSMBIOS reads the structure table. With an error it returns what it read before it.
func parseSMBIOS(b []byte, version int) (smbios, error) {
	var s smbios
	for len(b) >= 4 {
		length := int(b[1])
		if length < 4 || length > len(b) {
			return s, errCut
		}
		x := structure{kind: b[0], data: b[:length]}
		rest, err := x.readStrings(b[length:])
		if err != nil {
			return s, err
		}
		s.take(x, version)
		if x.kind == 127 { // end of table
			return s, nil
		}
		b = rest
	}
	return s, nil
}

// readStrings reads the zero-terminated strings behind a formatted area, which end with an empty one.
func (x *structure) readStrings(b []byte) ([]byte, error) {
	if len(b) >= 2 && b[0] == 0 && b[1] == 0 {
		return b[2:], nil
	}
	for {
		end := strings.IndexByte(string(b[:min(len(b), 4096)]), 0)
		if end < 0 {
			return nil, errCut
		}
		if end == 0 {
			return b[1:], nil
		}
		x.strings = append(x.strings, inventory.Text(string(b[:end])))
		b = b[end+1:]
	}
}

// text returns the string whose number stands at offset; "" when there is none.
func (x structure) text(offset int) string {
	if n := int(x.byte(offset)); n >= 1 && n <= len(x.strings) {
		return x.strings[n-1]
	}
	return ""
}

// byte, word and long return the field at offset; 0 when this firmware's structure is shorter.
func (x structure) byte(offset int) byte {
	if offset >= len(x.data) {
		return 0
	}
	return x.data[offset]
}

func (x structure) word(offset int) uint16 {
	if offset+2 > len(x.data) {
		return 0
	}
	return binary.LittleEndian.Uint16(x.data[offset:])
}

func (x structure) long(offset int) uint32 {
	if offset+4 > len(x.data) {
		return 0
	}
	return binary.LittleEndian.Uint32(x.data[offset:])
}

func (s *smbios) take(x structure, version int) {
	switch x.kind {
	case 1:
		s.system = smbiosSystem{manufacturer: x.text(4), model: x.text(5), serial: x.text(7), uuid: x.uuid(8, version)}
	case 2:
		if s.boardSerial == "" {
			s.boardSerial = x.text(7)
		}
	case 3:
		if s.chassisType == 0 {
			s.chassisType = x.byte(5) & 0x7f
		}
	case 4:
		if x.byte(5) == 3 { // a central processor, not a co-processor
			s.processors = append(s.processors, x.processor())
		}
	case 17:
		s.memory += x.memory()
	}
}

// processor reads a type 4 structure: one socket.
func (x structure) processor() smbiosProcessor {
	p := smbiosProcessor{populated: x.byte(0x18)&0x40 != 0}
	if !p.populated {
		return p
	}
	p.version, p.maxMHz = x.text(0x10), int64(x.word(0x14))
	wide := func(narrow, wider int) int {
		if n := x.byte(narrow); n != 0xff {
			return int(n)
		}
		return int(x.word(wider)) // SMBIOS 3.0: beyond 254
	}
	p.cores, p.coresEnabled, p.threads = wide(0x23, 0x2a), wide(0x24, 0x2c), wide(0x25, 0x2e)
	if p.coresEnabled == 0 {
		p.coresEnabled = p.cores
	}
	return p
}

// memory reads a type 17 structure: one memory device; 0 for an empty slot or an unknown size.
func (x structure) memory() int64 {
	switch size := x.word(0x0c); {
	case size == 0 || size == 0xffff:
		return 0
	case size == 0x7fff:
		return int64(x.long(0x1c)&0x7fffffff) << 20
	case size&0x8000 != 0:
		return int64(size&0x7fff) << 10
	default:
		return int64(size) << 20
	}
}

// uuid reads the system's UUID. Up to SMBIOS 2.5 its first three fields stood in network order, since then in little
// endian: the same rule as the kernel's, so that both give one text.
func (x structure) uuid(offset, version int) string {
	if offset+16 > len(x.data) {
		return ""
	}
	u := x.data[offset : offset+16]
	if version < 0x0206 {
		return fmt.Sprintf("%x-%x-%x-%x-%x", u[0:4], u[4:6], u[6:8], u[8:10], u[10:16])
	}
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(u), binary.LittleEndian.Uint16(u[4:]),
		binary.LittleEndian.Uint16(u[6:]), u[8:10], u[10:16])
}
