package catalog

import (
	"embed"
	"io"
	"strings"
	"sync"
)

// libraryFiles is the library: text that a person can read and check, one file a part of the market.
//
//go:embed data/*.txt
var libraryFiles embed.FS

// Library returns the catalog that comes with this release. It is shared: do not change it.
func Library() *Catalog { return library() }

var library = sync.OnceValue(func() *Catalog {
	entries, err := libraryFiles.ReadDir("data")
	if err != nil {
		panic(err) // the files are part of the program
	}
	var text []io.Reader
	for _, e := range entries {
		f, err := libraryFiles.Open("data/" + e.Name())
		if err != nil {
			panic(err)
		}
		text = append(text, f, strings.NewReader("\n"))
	}
	c, err := Parse("library", io.MultiReader(text...))
	if err != nil {
		panic(err) // TestLibrary reads the same text
	}
	return c
})
