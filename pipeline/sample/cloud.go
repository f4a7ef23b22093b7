package sample

import (
	"fmt"
	"time"

	"github.com/highwater-sam/highwater/inventory"
)

// The sample's cloud account; the number is one that documentation uses.
const (
	account    = "123456789012"
	connection = "aws-" + account
)

// awsInstance is one instance of the sample and when it lived.
type awsInstance struct {
	name, region, kind string
	cores              int64 // as the guest's own operating system counts them
	software           []software
	launched           int // day
	stopped            int // day it was stopped, 0 = never
	terminated         int // day it was terminated, 0 = never
}

var instances = []awsInstance{
	{"aws-mq-01", "us-east-1", "m6i.xlarge", 2, []software{mq()}, 0, 0, 0},
	{"aws-mq-02", "us-east-1", "m6i.xlarge", 2, []software{mq()}, 20, 0, 0},
	{"aws-db-01", "eu-west-1", "r6i.2xlarge", 4, []software{db2()}, 0, 0, 0},
	{"aws-web-01", "eu-west-1", "t3.large", 1, []software{nginx()}, 35, 0, 0},
	{"aws-app-01", "us-east-1", "m6i.xlarge", 2, []software{wasND()}, 10, 140, 0},
	{"aws-app-02", "us-east-1", "m6i.xlarge", 2, []software{wasND()}, 10, 141, 0},
	{"aws-batch-01", "eu-west-1", "c6i.8xlarge", 16, []software{db2()}, 75, 0, 115},
	{"aws-batch-02", "eu-west-1", "c6i.8xlarge", 16, []software{db2()}, 100, 0, 103},
}

// cloud tells the lives of the instances, each seen by its own agent and by the connection to the account.
func (f *fleet) cloud() {
	for i, a := range instances {
		m := f.instance(a.name, a.region, a.kind, a.cores, a.software)
		f.live(m, a, float64(3)+float64(i)/10)
	}
	f.dedicatedHost()
}

func (f *fleet) live(m *machine, a awsInstance, hour float64) {
	born := f.on(a.launched, hour)
	f.report(m, born.Add(10*time.Minute))
	f.report(f.seenBy(m, "running"), born)
	last := f.End.Add(-25 * time.Minute)
	switch {
	case a.terminated > 0:
		last = f.on(a.terminated, hour+7)
		f.report(f.seenBy(m, "terminated"), last)
	case a.stopped > 0:
		last = f.on(a.stopped, hour+12)
		f.report(f.seenBy(m, "stopped"), last)
		f.report(f.seenBy(m, "stopped"), f.End.Add(-25*time.Minute))
	default:
		f.report(m, last)
		f.report(f.seenBy(m, "running"), last)
	}
}

// instance makes a running instance with an agent in its image.
func (f *fleet) instance(name, region, kind string, cores int64, installed []software) *machine {
	m := r640.guest(name, region+".compute.internal", cores)
	threads := 2 * cores
	m.hardware.Threads = &threads
	m.hardware.Manufacturer, m.hardware.Model = "Amazon EC2", kind
	m.hardware.Serial, m.hardware.UUID = "ec2"+systemUUID(name)[3:], "ec2"+systemUUID(name)[3:]
	m.hardware.Processor = "Intel(R) Xeon(R) Platinum 8375C CPU @ 2.90GHz"
	m.virtual = &inventory.Virtual{Hypervisor: "kvm"}
	m.cloud = &inventory.Cloud{
		Provider: "aws", Account: account, Region: region, Zone: region + "a", Type: kind,
		InstanceID: "i-0" + stableID("instance", name)[:16], Image: "ami-0" + stableID("image", installedKey(installed))[:16],
	}
	m.software = installed
	f.Places[name] = "aws/" + region
	return m
}

func installedKey(s []software) string { return fmt.Sprint(len(s), s) }

// seenBy is the same instance as the connection sees it: its life, and nothing of its software.
func (f *fleet) seenBy(m *machine, state string) *machine {
	cloud := *m.cloud
	cloud.State, cloud.Tenancy = state, "default"
	if cloud.HostID != "" {
		cloud.Tenancy = "host"
	}
	return &machine{name: m.name, domain: m.domain, source: "aws", connection: connection, cloud: &cloud}
}

// dedicatedHost is one host of eight cores that the account has for itself, with five guests of two cores each: it is
// the only place in the cloud where what the guests count together is limited to what the host has.
func (f *fleet) dedicatedHost() {
	const region = "eu-west-1"
	host := r640.physical("aws-dedicated-01", region+".compute.internal")
	one, cores, threads := int64(1), int64(8), int64(16)
	host.hardware = inventory.Hardware{
		Processors: &one, MaxSockets: &one, Cores: &cores, Threads: &threads, Manufacturer: "Amazon EC2", Model: "m5",
		Processor: "Intel(R) Xeon(R) Platinum 8259CL CPU @ 2.50GHz",
	}
	host.source, host.connection = "aws", connection
	id := "h-0" + stableID("host", host.name)[:16]
	host.cloud = &inventory.Cloud{Provider: "aws", Account: account, Region: region, Zone: region + "a", Type: "m5", InstanceID: id, State: "available", Tenancy: "host"}
	host.virtual = &inventory.Virtual{IsHost: true, Guests: []inventory.Guest{}}
	f.Places[host.name] = "aws/" + region
	for i := range 5 {
		name := fmt.Sprintf("aws-ded-%02d", i+1)
		m := f.instance(name, region, "m5.large", 2, []software{mq()})
		two := int64(2)
		m.hardware.Threads = &two // simultaneous multithreading is off in the image
		m.cloud.HostID = id
		host.virtual.Guests = append(host.virtual.Guests, inventory.Guest{ID: m.cloud.InstanceID, Name: name, State: "running", Cores: &two})
		f.live(m, awsInstance{name: name, launched: 5}, 4+float64(i)/10)
	}
	f.report(host, f.on(5, 5))
	f.report(host, f.End.Add(-25*time.Minute))
}
