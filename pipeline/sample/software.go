package sample

import (
	"fmt"

	"github.com/highwater-sam/highwater/inventory"
)

// software is one thing installed on a machine, with the evidence it leaves behind.
type software struct {
	packages []inventory.Package
	files    []inventory.File
	tags     []inventory.Tag
}

// rpm is one package of the RPM database.
func rpm(name, version, publisher string) inventory.Package {
	return inventory.Package{Source: "rpm", Name: name, Version: version, Arch: "x86_64", Publisher: publisher}
}

// ibmTag is a software identification tag as IBM's installers write it.
func ibmTag(dir, name, persistent, version string) inventory.Tag {
	return inventory.Tag{
		Path:  fmt.Sprintf("%s/ibm.com_%s-%s.swidtag", dir, persistent, version),
		TagID: fmt.Sprintf("ibm.com-%s-%s", persistent, version), Name: name, Version: version, Publisher: "IBM",
		Persistent: persistent,
	}
}

// db2 is IBM Db2 with its product files.
func db2() software {
	return software{
		files: []inventory.File{
			{Path: "/opt/ibm/db2/V11.5/bin/db2level", Name: "db2level", Bytes: 38904},
			{Path: "/opt/ibm/db2/V11.5/adm/db2start", Name: "db2start", Bytes: 1049272},
		},
		tags: []inventory.Tag{ibmTag("/opt/ibm/db2/V11.5/properties/version", "IBM Db2 Standard Edition", "3c5d9e7b8f1d4a7c9a60f4a4b1db2000", "11.5.9")},
	}
}

// mq is an IBM MQ queue manager as its RPM packages show it.
func mq() software {
	return software{packages: []inventory.Package{
		rpm("MQSeriesRuntime", "9.3.5-0", "IBM"), rpm("MQSeriesServer", "9.3.5-0", "IBM"), rpm("MQSeriesGSKit", "9.3.5-0", "IBM"),
		rpm("MQSeriesJava", "9.3.5-0", "IBM"),
	}}
}

// wasND is WebSphere Application Server Network Deployment.
func wasND() software {
	const dir = "/opt/IBM/WebSphere/AppServer"
	return software{tags: []inventory.Tag{ibmTag(dir+"/properties/version", "IBM WebSphere Application Server Network Deployment",
		"b5b8a6c2d1e34f0e9d7c1a2b3c4d5e6f", "9.0.5")}}
}

// ace is IBM App Connect Enterprise.
func ace() software {
	const dir = "/opt/ibm/ace-12.0.12.0"
	return software{
		files: []inventory.File{{Path: dir + "/server/bin/IntegrationServer", Name: "IntegrationServer", Bytes: 72040}},
		tags:  []inventory.Tag{ibmTag(dir+"/properties/version", "IBM App Connect Enterprise", "a1f0b7d4c53b4f6e8b0d9a5c7e2f1a34", "12.0.12")},
	}
}

// monitoring is the IBM Tivoli Monitoring agent.
func monitoring() software {
	return software{tags: []inventory.Tag{ibmTag("/opt/IBM/ITM/properties/version", "IBM Tivoli Monitoring",
		"5f0c7d3e1b2a4c6d8e9fa0b1c2d3e4f5", "6.3.0")}}
}

// postgresql, nginx and redis need no license; they are recognized and shown.
func postgresql() software {
	return software{packages: []inventory.Package{rpm("postgresql-server", "16.9-1.el9", "Red Hat, Inc.")}}
}

func nginx() software {
	return software{packages: []inventory.Package{rpm("nginx", "1.26.3-1.el9", "Red Hat, Inc.")}}
}

// oracle is Oracle Database, for which the sample has no license: it shows among the unlicensed.
func oracle() software {
	return software{files: []inventory.File{
		{Path: "/u01/app/oracle/product/19.0.0/dbhome_1/bin/oracle", Name: "oracle", Bytes: 441253104},
		{Path: "/u01/app/oracle/product/19.0.0/dbhome_1/bin/sqlplus", Name: "sqlplus", Bytes: 24920},
	}}
}

// base is what every Enterprise Linux machine has, in one version each.
var base = []inventory.Package{
	rpm("bash", "5.1.8-9.el9", "Red Hat, Inc."), rpm("glibc", "2.34-168.el9", "Red Hat, Inc."), rpm("systemd", "252-51.el9", "Red Hat, Inc."),
	rpm("openssh-server", "8.7p1-45.el9", "Red Hat, Inc."), rpm("openssl-libs", "3.2.2-6.el9", "Red Hat, Inc."), rpm("chrony", "4.6.1-1.el9", "Red Hat, Inc."),
	rpm("rpm", "4.16.1.3-37.el9", "Red Hat, Inc."), rpm("dnf", "4.14.0-25.el9", "Red Hat, Inc."), rpm("python3", "3.9.21-2.el9", "Red Hat, Inc."),
	rpm("sudo", "1.9.5p2-10.el9", "Red Hat, Inc."), rpm("curl", "7.76.1-31.el9", "Red Hat, Inc."), rpm("rsyslog", "8.2412.0-1.el9", "Red Hat, Inc."),
	rpm("NetworkManager", "1.52.0-3.el9", "Red Hat, Inc."), rpm("firewalld", "1.3.4-9.el9", "Red Hat, Inc."), rpm("tar", "1.34-7.el9", "Red Hat, Inc."),
}

// evidenceOf lists what a full run finds on a machine with this software.
func evidenceOf(_ inventory.OS, installed []software) *inventory.Evidence {
	e := &inventory.Evidence{Looked: []string{"rpm", "swid", "files"}, Packages: append([]inventory.Package(nil), base...)}
	for _, s := range installed {
		e.Packages = append(e.Packages, s.packages...)
		e.Files = append(e.Files, s.files...)
		e.Tags = append(e.Tags, s.tags...)
	}
	return e
}
