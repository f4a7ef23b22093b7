package report

// Lists are all the lists there are, in the order of the navigation. A new list is declared here, gets a view of the
// same name in the store, and has its page, its filters and its CSV with that (docs/add-a-report.md).
func Lists() []*Grid {
	return []*Grid{&Licenses, &Peaks, &Installations, &Remarks, &Devices, &Evidence, &Agents, &Documents, &Runs, &Changes, &Audit}
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
		{Key: "used", Title: "Used", Kind: Exact, Help: "Consumed as a percentage of entitled"},
		{Key: "peak_date", Title: "Peak date", Kind: Day, Help: "The latest day on which a region stood at its peak"},
		{Key: "current", Title: "Now", Kind: Exact, Help: "What is consumed at the last measured instant, all regions together, not rounded"},
		{Key: "period", Title: "Period", Kind: Text},
		{Key: "publisher", Title: "Publisher", Kind: Text},
		{Key: "measured_to", Title: "Measured to", Kind: Instant, Hidden: true},
		{Key: "remarks", Title: "Remarks", Kind: Number, Hidden: true, Help: "Remarks of the measurement: what was unknown or assumed"},
		{Key: "product_names", Title: "Products", Kind: Text, Hidden: true},
		{Key: "revision", Title: "Revision", Kind: Number, Hidden: true, Help: "How often the license was recorded or changed"},
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
		{Key: "id", Title: "Id", Kind: Number, Inner: true},
		{Key: "kind", Title: "Kind", Kind: Choice, Values: []string{"computer", "host", "vm"}},
		{Key: "os_name", Title: "Operating system", Kind: Text},
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
		{Key: "status", Title: "Status", Kind: Text, Hidden: true},
		{Key: "role", Title: "Role", Kind: Text, Hidden: true},
		{Key: "domain", Title: "Domain", Kind: Text, Hidden: true},
		{Key: "max_sockets", Title: "Sockets", Kind: Number, Hidden: true, Help: "Sockets the board has, populated or not"},
		{Key: "memory", Title: "Memory", Kind: Number, Unit: "MiB", Hidden: true},
		{Key: "processor", Title: "Processor", Kind: Text, Hidden: true},
		{Key: "manufacturer", Title: "Manufacturer", Kind: Text, Hidden: true},
		{Key: "model", Title: "Model", Kind: Text, Hidden: true},
		{Key: "serial", Title: "Serial", Kind: Text, Hidden: true},
		{Key: "uuid", Title: "System UUID", Kind: Text, Hidden: true},
		{Key: "os", Title: "System family", Kind: Text, Hidden: true},
		{Key: "arch", Title: "Architecture", Kind: Text, Hidden: true},
		{Key: "hypervisor", Title: "Hypervisor", Kind: Text, Hidden: true},
		{Key: "pool", Title: "Pool", Kind: Text, Hidden: true},
		{Key: "account", Title: "Cloud account", Kind: Text, Hidden: true},
		{Key: "cloud_region", Title: "Cloud region", Kind: Text, Hidden: true},
		{Key: "zone", Title: "Zone", Kind: Text, Hidden: true},
		{Key: "instance_id", Title: "Cloud instance", Kind: Text, Hidden: true},
		{Key: "instance_type", Title: "Instance type", Kind: Text, Hidden: true},
		{Key: "cloud_state", Title: "Cloud state", Kind: Text, Hidden: true},
		{Key: "last_contact", Title: "Last contact", Kind: Instant, Hidden: true},
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
		{Key: "kind", Title: "Kind", Kind: Choice, Values: []string{"package", "file", "tag", "system"}},
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
		{Key: "points", Title: "Changes", Kind: Number, Help: "How many facts it changed; 0 is a check that found all as it was"},
		{Key: "collector", Title: "Collector", Kind: Text},
		{Key: "connection", Title: "Connection", Kind: Text, Hidden: true},
		{Key: "effective", Title: "Effective", Kind: Instant, Hidden: true, Help: "From when its facts hold"},
		{Key: "remark", Title: "Remark", Kind: Text, Hidden: true},
	},
	Sort: []Sort{{Key: "received", Descending: true}},
}

// Remarks is one row a stretch of time in which something about a device was unknown or assumed when a license was measured.
var Remarks = Grid{
	Name: "remark_list", Title: "Remarks", Noun: "remark",
	Columns: []Column{
		{Key: "code", Title: "Remark", Kind: Text},
		{Key: "device", Title: "Device", Kind: Text, Link: "/devices/{device_id}"},
		{Key: "device_id", Title: "Device id", Kind: Number, Inner: true},
		{Key: "license", Title: "License", Kind: Text, Link: "/licenses/{license_id}"},
		{Key: "license_id", Title: "License id", Kind: Text, Inner: true},
		{Key: "since", Title: "From", Kind: Instant},
		{Key: "until", Title: "Until", Kind: Instant, Help: "Unknown: still so"},
	},
	Sort: []Sort{{Key: "license"}, {Key: "device"}, {Key: "since"}},
}

// Agents is one row an enrolled agent.
var Agents = Grid{
	Name: "agent_list", Title: "Agents", Noun: "agent",
	Columns: []Column{
		{Key: "name", Title: "Name", Kind: Text},
		{Key: "device", Title: "Device", Kind: Text, Link: "/devices/{device_id}"},
		{Key: "device_id", Title: "Device id", Kind: Number, Inner: true},
		{Key: "status", Title: "Status", Kind: Choice, Values: []string{"enrolled", "revoked"}},
		{Key: "version", Title: "Version", Kind: Text},
		{Key: "last_contact", Title: "Last contact", Kind: Instant},
		{Key: "enrolled", Title: "Enrolled", Kind: Instant},
		{Key: "token", Title: "Enrolled with", Kind: Text, Help: "The name of the enrollment token"},
		{Key: "policy_revision", Title: "Policy", Kind: Text, Hidden: true},
	},
	Sort: []Sort{{Key: "name"}},
}

// Runs is one row a reconciliation.
var Runs = Grid{
	Name: "run_list", Title: "Reconciliations", Noun: "reconciliation",
	Columns: []Column{
		{Key: "finished", Title: "Finished", Kind: Instant},
		{Key: "as_of", Title: "Measured to", Kind: Instant},
		{Key: "took", Title: "Took", Kind: Number, Help: "From its start to its end"},
		{Key: "devices", Title: "Devices", Kind: Number},
		{Key: "cause", Title: "Cause", Kind: Text},
		{Key: "author", Title: "By", Kind: Text},
		{Key: "remark", Title: "Remark", Kind: Text},
		{Key: "estate_digest", Title: "Estate digest", Kind: Text, Hidden: true, Help: "SHA-256 of everything that was measured"},
		{Key: "known_at", Title: "As known at", Kind: Instant, Hidden: true},
		{Key: "started", Title: "Started", Kind: Instant, Hidden: true},
	},
	Sort: []Sort{{Key: "finished", Descending: true}},
}

// Changes is one row a revision of something that people configure.
var Changes = Grid{
	Name: "change_list", Title: "Changes of configuration", Noun: "change",
	Columns: []Column{
		{Key: "key", Title: "Of", Kind: Text},
		{Key: "kind", Title: "Kind", Kind: Text},
		{Key: "revision", Title: "Revision", Kind: Number},
		{Key: "recorded", Title: "Recorded", Kind: Instant},
		{Key: "author", Title: "By", Kind: Text},
		{Key: "reason", Title: "Reason", Kind: Text},
		{Key: "removed", Title: "Removed", Kind: Number, Hidden: true, Help: "1 when the change removed it"},
	},
	Sort: []Sort{{Key: "recorded", Descending: true}},
}

// Audit is one row an act of a person.
var Audit = Grid{
	Name: "audit_list", Title: "Audit log", Noun: "entry",
	Columns: []Column{
		{Key: "at", Title: "At", Kind: Instant},
		{Key: "author", Title: "Who", Kind: Text},
		{Key: "action", Title: "Did", Kind: Text},
		{Key: "kind", Title: "What", Kind: Text},
		{Key: "key", Title: "Which", Kind: Text},
		{Key: "reason", Title: "Reason", Kind: Text},
		{Key: "remote", Title: "From", Kind: Text, Help: "The address the request came from"},
	},
	Sort: []Sort{{Key: "at", Descending: true}},
}
