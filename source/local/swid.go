package local

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/highwater-sam/highwater/inventory"
)

// isTag reports whether a file name is that of a software tag: ISO/IEC 19770-2 or IBM's own forms.
func isTag(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".swidtag", ".swtag", ".cmptag":
		return true
	}
	return false
}

// maxTag bounds the bytes of one tag file.
const maxTag = 1 << 20

// parseTag reads a software identification tag in any of its forms:
//
//   - ISO/IEC 19770-2:2015: <SoftwareIdentity name= version= tagId=> with <Entity> and <Meta>
//   - ISO/IEC 19770-2:2009: <software_identification_tag> with <product_title>, <product_version>, <software_id>
//   - IBM's .swtag and .cmptag: elements Name, Version, PersistentId and the like
//
// It returns what it found and an error for XML that is broken; the tag then still has its path and a name.
func parseTag(name string, b []byte) (inventory.Tag, error) {
	tag := inventory.Tag{Path: name}
	p := tagParser{tag: &tag}
	d := xml.NewDecoder(bytes.NewReader(b))
	d.CharsetReader = latin1
	err := p.read(d)
	if tag.Name == "" {
		tag.Name = strings.TrimSuffix(path.Base(name), path.Ext(name))
	}
	for _, s := range []*string{&tag.Path, &tag.TagID, &tag.Name, &tag.Version, &tag.Edition, &tag.Publisher, &tag.Persistent} {
		*s = inventory.Text(*s)
	}
	return tag, err
}

// tagParser walks the elements and keeps the first value of each fact.
type tagParser struct {
	tag   *inventory.Tag
	path  []string // names of the open elements, lower case, without prefix
	depth int
}

const maxTagDepth = 32

func (p *tagParser) read(d *xml.Decoder) error {
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			if p.depth == 0 {
				return errors.New("no element in it")
			}
			return nil
		}
		if err != nil {
			return err
		}
		switch x := token.(type) {
		case xml.StartElement:
			p.depth++
			if len(p.path) >= maxTagDepth {
				return fmt.Errorf("elements nested deeper than %d", maxTagDepth)
			}
			p.path = append(p.path, strings.ToLower(x.Name.Local))
			p.start(x)
		case xml.EndElement:
			p.path = p.path[:len(p.path)-1]
		case xml.CharData:
			if s := string(bytes.TrimSpace(x)); s != "" && len(p.path) > 0 {
				p.text(s)
			}
		}
	}
}

// first sets a fact that has no value yet.
func first(field *string, value string) {
	if *field == "" {
		*field = strings.TrimSpace(value)
	}
}

// start reads the attributes of the 2015 form.
func (p *tagParser) start(x xml.StartElement) {
	attribute := map[string]string{}
	for _, a := range x.Attr {
		attribute[strings.ToLower(a.Name.Local)] = a.Value
	}
	switch p.path[len(p.path)-1] {
	case "softwareidentity":
		first(&p.tag.Name, attribute["name"])
		first(&p.tag.Version, attribute["version"])
		first(&p.tag.TagID, attribute["tagid"])
	case "entity":
		if strings.Contains(attribute["role"], "softwareCreator") {
			p.tag.Publisher = strings.TrimSpace(attribute["name"])
		} else {
			first(&p.tag.Publisher, attribute["name"])
		}
	case "meta":
		first(&p.tag.Edition, attribute["edition"])
		first(&p.tag.Persistent, attribute["persistentid"])
	}
}

// text reads the element contents of the 2009 form and of IBM's own.
func (p *tagParser) text(s string) {
	element, parent := p.path[len(p.path)-1], ""
	if len(p.path) > 1 {
		parent = p.path[len(p.path)-2]
	}
	switch element {
	case "product_title":
		p.tag.Name = s
	case "unique_id":
		first(&p.tag.TagID, s)
	case "uniqueid", "tagid", "guid":
		first(&p.tag.TagID, s)
	case "persistentid", "persistent_id":
		first(&p.tag.Persistent, s)
	case "edition", "product_edition":
		first(&p.tag.Edition, s)
	case "version", "productversion":
		first(&p.tag.Version, s)
	case "publisher", "manufacturer", "vendor":
		first(&p.tag.Publisher, s)
	case "productname", "componentname", "displayname":
		first(&p.tag.Name, s)
	case "name":
		switch parent {
		case "product_version":
			first(&p.tag.Version, s)
		case "software_creator":
			p.tag.Publisher = s
		case "software_licensor", "tag_creator":
			first(&p.tag.Publisher, s)
		default:
			if len(p.path) <= 2 {
				first(&p.tag.Name, s)
			}
		}
	}
}

// latin1 reads the encodings that old tags have besides UTF-8.
func latin1(charset string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(charset) {
	case "utf-8", "us-ascii", "ascii":
		return in, nil
	case "iso-8859-1", "iso-8859-15", "windows-1252", "latin1":
		b, err := io.ReadAll(io.LimitReader(in, maxTag))
		if err != nil {
			return nil, err
		}
		runes := make([]rune, len(b))
		for i, c := range b {
			runes[i] = rune(c)
		}
		return strings.NewReader(string(runes)), nil
	}
	return nil, fmt.Errorf("encoding %.40q is not read here", charset)
}
