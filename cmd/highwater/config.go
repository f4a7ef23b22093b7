package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"

	"github.com/highwater-sam/highwater/fault"
)

// readConfig reads a settings file: YAML whose keys are the names of the flags, e.g. "listen: 0.0.0.0:8470". A flag
// given on the command line wins, then the environment, then the file. A key that no flag has is an error, so that a
// misspelt setting is never silently ignored.
func readConfig(r io.Reader) (kong.Resolver, error) {
	values := map[string]any{}
	decoder := yaml.NewDecoder(r)
	if err := decoder.Decode(&values); err != nil && err != io.EOF {
		return nil, fault.Wrap(err, fault.Invalid, "the settings file is no YAML of the form \"name: value\"")
	}
	return configFile(values), nil
}

type configFile map[string]any

// Validate refuses keys that are no flag of any command.
func (c configFile) Validate(app *kong.Application) error {
	known := map[string]bool{}
	var visit func(n *kong.Node)
	visit = func(n *kong.Node) {
		for _, f := range n.Flags {
			known[f.Name] = true
		}
		for _, child := range n.Children {
			visit(child)
		}
	}
	visit(app.Node)
	for _, key := range slices.Sorted(maps.Keys(c)) {
		if !known[key] {
			return fault.New(fault.Invalid, "the settings file has %q, which is no setting; 'highwater serve --help' lists them", key)
		}
	}
	return nil
}

// Resolve gives the file's value of a flag, if any. Lists become comma-separated text, as on the command line.
func (c configFile) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	value, ok := c[flag.Name]
	if !ok {
		return nil, nil
	}
	if list, ok := value.([]any); ok {
		words := make([]string, len(list))
		for i, v := range list {
			words[i] = fmt.Sprint(v)
		}
		return strings.Join(words, ","), nil
	}
	return fmt.Sprint(value), nil
}
