package report

// Lists are all the lists there are, in the order of the navigation. A new list is declared here, gets a view of the
// same name in the store, and has its page, its filters and its CSV with that (docs/add-a-report.md).
func Lists() []*Grid {
	return []*Grid{&Licenses, &Peaks, &Devices, &Installations, &Evidence, &Documents}
}

// ListByName returns the list of that name, or nil.
func ListByName(name string) *Grid {
	for _, g := range Lists() {
		if g.Name == name {
			return g
		}
	}
	return nil
}

// Licenses is one row a license, with its latest measured period.
var Licenses = Grid{
	Name: "license_list", Title: "All licenses", Noun: "license",
	Columns: []Column{
		{Key: "name", Title: "Name", Kind: Text, Link: "/licenses/{id}"},
		{Key: "metric", Title: "Metric", Kind: Choice, Values: []string{"ibm-pvu", "ibm-vpc", "ibm-rvu-mapc"}},
		{Key: "consumed", Title: "Consumed", Kind: Number, Link: "/licenses/{id}/why", Help: "The peak of the period: the sum of the regions' peaks, each rounded up"},
		{Key: "entitled", Title: "Entitled", Kind: Exact, Help: "The entitlements in force"},
		{Key: "position", Title: "Position", Kind: Exact, Help: "Entitled less consumed: below zero is short"},
		{Key: "status", Title: "Status", Kind: Choice, Values: Statuses},
		{Key: "used", Title: "Used", Kind: Exact, Unit: "%", Help: "Consumed as a share of entitled"},
		{Key: "peak_date", Title: "Peak date", Kind: Day, Help: "The latest day on which a region stood at its peak"},
		{Key: "current", Title: "Now", Kind: Exact, Help: "What is consumed at the last measured instant, all regions together, not rounded"},
		{Key: "period", Title: "Period", Kind: Text},
		{Key: "publisher", Title: "Publisher", Kind: Text},
		{Key: "measured_to", Title: "Measured to", Kind: Instant, Hidden: true},
		{Key: "remarks", Title: "Remarks", Kind: Number, Hidden: true, Help: "Remarks of the measurement: what was unknown or assumed"},
	},
	Sort: []Sort{{Key: "used", Descending: true}, {Key: "name"}},
}

// Peaks is one row a license, period and region.
var Peaks = Grid{
	Name: "peak_list", Title: "Peaks by region", Noun: "peak",
	Columns: []Column{
		{Key: "license", Title: "License", Kind: Text, Link: "/licenses/{license_id}"},
		{Key: "license_id", Title: "License id", Kind: Text, Inner: true},
		{Key: "metric", Title: "Metric", Kind: Choice, Values: []string{"ibm-pvu", "ibm-vpc", "ibm-rvu-mapc"}},
		{Key: "period", Title: "Period", Kind: Text},
		{Key: "region", Title: "Region", Kind: Number, Help: "IBM region 1, 2 or 3; unknown is unassigned, or all regions together where the metric knows none"},
		{Key: "peak", Title: "Peak", Kind: Number, Help: "The highest consumption, rounded up once"},
		{Key: "exact", Title: "Exact", Kind: Exact, Help: "The highest consumption, not rounded"},
		{Key: "peak_date", Title: "Peak date", Kind: Day, Help: "The last day on which the region stood at its peak"},
		{Key: "peak_start", Title: "Since", Kind: Instant, Help: "When the latest unbroken stretch at the peak began"},
	},
	Sort: []Sort{{Key: "period", Descending: true}, {Key: "license"}, {Key: "region"}},
}

// Devices is one row a device.
var Devices = Grid{
	Name: "device_list", Title: "All devices", Noun: "device",
	Columns: []Column{
		{Key: "name", Title: "Name", Kind: Text, Link: "/devices/{id}"},
		{Key: "kind", Title: "Kind", Kind: Choice, Values: []string{"computer", "host", "vm"}},
		{Key: "os", Title: "Operating system", Kind: Text},
		{Key: "processors", Title: "Processors", Kind: Number, Help: "Populated sockets"},
		{Key: "cores", Title: "Cores", Kind: Number},
		{Key: "threads", Title: "Threads", Kind: Number},
		{Key: "host", Title: "Host", Kind: Text, Link: "/devices/{host_id}"},
		{Key: "host_id", Title: "Host id", Kind: Number, Inner: true},
		{Key: "location", Title: "Location", Kind: Text},
		{Key: "installations", Title: "Products", Kind: Number, Help: "Products recognized on it now"},
		{Key: "titles", Title: "Titles", Kind: Number, Help: "Pieces of software evidence on it now: packages, files, tags"},
		{Key: "last_document", Title: "Last document", Kind: Instant},
		{Key: "last_check", Title: "Last check", Kind: Instant, Help: "The latest run that looked at it, changed or not"},
		{Key: "source", Title: "Source", Kind: Text},
		{Key: "hosted_in", Title: "Hosted in", Kind: Text},
		{Key: "role", Title: "Role", Kind: Text, Hidden: true},
		{Key: "domain", Title: "Domain", Kind: Text, Hidden: true},
		{Key: "max_sockets", Title: "Sockets", Kind: Number, Hidden: true, Help: "Sockets the board has, populated or not"},
		{Key: "memory", Title: "Memory", Kind: Number, Unit: "MiB", Hidden: true},
		{Key: "processor", Title: "Processor", Kind: Text, Hidden: true},
		{Key: "manufacturer", Title: "Manufacturer", Kind: Text, Hidden: true},
		{Key: "model", Title: "Model", Kind: Text, Hidden: true},
		{Key: "serial", Title: "Serial", Kind: Text, Hidden: true},
		{Key: "instance_id", Title: "Cloud instance", Kind: Text, Hidden: true},
		{Key: "instance_type", Title: "Instance type", Kind: Text, Hidden: true},
		{Key: "first_seen", Title: "First seen", Kind: Instant, Hidden: true},
	},
	Sort: []Sort{{Key: "name"}},
}

// Installations is one row a product on a device, with the license it consumes from now.
var Installations = Grid{
	Name: "installation_list", Title: "Installations", Noun: "installation",
	Columns: []Column{
		{Key: "product", Title: "Product", Kind: Text},
		{Key: "version", Title: "Version", Kind: Text},
		{Key: "edition", Title: "Edition", Kind: Text, Hidden: true},
		{Key: "publisher", Title: "Publisher", Kind: Text},
		{Key: "device", Title: "Device", Kind: Text, Link: "/devices/{device_id}"},
		{Key: "device_id", Title: "Device id", Kind: Number, Inner: true},
		{Key: "license", Title: "License", Kind: Text, Link: "/licenses/{license_id}"},
		{Key: "license_id", Title: "License id", Kind: Text, Inner: true},
		{Key: "reason", Title: "Why this license", Kind: Text},
		{Key: "rule", Title: "Recognized by", Kind: Text, Help: "The rule of the catalog that found it"},
		{Key: "since", Title: "Since", Kind: Instant},
		{Key: "until", Title: "Until", Kind: Instant, Hidden: true},
	},
	Sort: []Sort{{Key: "product"}, {Key: "device"}},
}

// Evidence is one row a piece of software evidence on a device now.
var Evidence = Grid{
	Name: "evidence_list", Title: "Software evidence", Noun: "title",
	Columns: []Column{
		{Key: "name", Title: "Name", Kind: Text},
		{Key: "version", Title: "Version", Kind: Text},
		{Key: "arch", Title: "Architecture", Kind: Text},
		{Key: "kind", Title: "Kind", Kind: Choice, Values: []string{"package", "file", "tag"}},
		{Key: "source", Title: "Source", Kind: Text, Help: "Of a package: the database that lists it"},
		{Key: "publisher", Title: "Publisher", Kind: Text},
		{Key: "path", Title: "Path", Kind: Text, Hidden: true},
		{Key: "device", Title: "Device", Kind: Text, Link: "/devices/{device_id}"},
		{Key: "device_id", Title: "Device id", Kind: Number, Inner: true},
	},
	Sort: []Sort{{Key: "name"}, {Key: "device"}},
}

// Documents is one row a kept inventory document.
var Documents = Grid{
	Name: "document_list", Title: "Documents", Noun: "document",
	Columns: []Column{
		{Key: "document", Title: "Document", Kind: Text, Link: "/documents/{id}"},
		{Key: "device", Title: "Device", Kind: Text, Link: "/devices/{device_id}"},
		{Key: "device_id", Title: "Device id", Kind: Number, Inner: true},
		{Key: "kind", Title: "Kind", Kind: Choice, Values: []string{"full", "hardware"}},
		{Key: "source", Title: "Source", Kind: Text},
		{Key: "collected", Title: "Collected", Kind: Instant, Help: "By the device's clock"},
		{Key: "received", Title: "Received", Kind: Instant, Help: "By the server's clock"},
		{Key: "bytes", Title: "Size", Kind: Number, Unit: "B", Help: "Of the envelope as it was received"},
		{Key: "collector", Title: "Collector", Kind: Text},
	},
	Sort: []Sort{{Key: "received", Descending: true}},
}
