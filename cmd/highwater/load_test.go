package main

import (
	"bytes"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// A small fleet against a real server: every phase runs, and what was acknowledged is there.
func TestLoadAgents(t *testing.T) {
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program(t), "load", "agents", "--count", "30", "--packages", "20", "--for", "1s", "--cadence", "4s", "--storm", "1s", "--dir", t.TempDir())
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s%s", err, out.String(), errs.String())
	}
	for _, phase := range []string{"enroll", "first inventory", "ask for the policy, second time", "cadence of 4s", "cadence of 4s, reconciling", "storm, all at once"} {
		line := regexp.MustCompile(`(?m)^` + phase + `  .*$`).FindString(out.String())
		if line == "" {
			t.Errorf("there is no line %q in\n%s", phase, out.String())
			continue
		}
		if f := strings.Fields(strings.TrimPrefix(line, phase)); len(f) < 7 || f[6] != "0" {
			t.Errorf("documents were lost: %s", line)
		}
	}
}

func TestLoadStaysOnThisMachineAndWithinBounds(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"--server", "https://highwater.example.com", "--token", "x"}, "this machine only"},
		{[]string{"--server", "http://10.0.0.1:8470", "--token", "x"}, "this machine only"},
		{[]string{"--server", "http://127.0.0.1:8470"}, "go together"},
		{[]string{"--count", "1000001"}, "1,000,000"},
		{[]string{"--for", "2h"}, "1s to 1h"},
		{[]string{"--limit", "7h"}, "1s to 6h"},
		{[]string{"--connections", "0"}, "1 to 4096"},
	} {
		var errs bytes.Buffer
		status := run(t.Context(), append([]string{"load", "agents"}, c.args...), streams{strings.NewReader(""), &errs, &errs})
		if status != 2 || !strings.Contains(errs.String(), c.says) {
			t.Errorf("%v: status %d: %s", c.args, status, errs.String())
		}
	}
}
