// Package catalog knows publishers and products, and the rules that recognize them in evidence.
package catalog

// Title is one distinct piece of software evidence, shared by every device that shows it.
type Title struct {
	Kind      string `json:"kind"`             // "package", "file" or "tag"
	Source    string `json:"source,omitempty"` // of a package: "dpkg", "rpm", ...
	Name      string `json:"name"`
	Version   string `json:"version,omitempty"`
	Arch      string `json:"arch,omitempty"`
	Publisher string `json:"publisher,omitempty"` // of a file: its company
	Path      string `json:"path,omitempty"`      // of a file or tag
	ID        string `json:"id,omitempty"`        // of a tag: tag id or persistent id
}

// ProductID names a product: lower-case words with dashes, e.g. "ibm-db2".
type ProductID string

// Product is something a license can be about.
type Product struct {
	ID        ProductID `json:"id"`
	Publisher string    `json:"publisher"`
	Name      string    `json:"name"`
	Edition   string    `json:"edition,omitempty"`
	Free      bool      `json:"free,omitempty"` // needs no license (open source, runtime): recognized and shown, never unlicensed
}

// Recognized is one product found in a set of titles, with the rule and the titles that prove it.
type Recognized struct {
	Product ProductID `json:"product"`
	Version string    `json:"version,omitempty"` // as the evidence says it; "" when it does not
	Edition string    `json:"edition,omitempty"`
	Rule    string    `json:"rule"`   // id of the rule that found it
	Titles  []Title   `json:"titles"` // the evidence, in the order of the set
}
