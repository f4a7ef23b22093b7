package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed static
var staticFiles embed.FS

// asset is one embedded file with its URL, which holds the hash of its content: a changed file has another URL, so that
// browsers may keep each for good.
type asset struct {
	url  string
	kind string // media type
	body []byte
	etag string
}

// assets are the files a page may load, by name.
type assets map[string]asset

// loadAssets reads the embedded files.
func loadAssets() (assets, error) {
	all := assets{}
	err := fs.WalkDir(staticFiles, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := staticFiles.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		hash := hex.EncodeToString(sum[:8])
		base := strings.TrimPrefix(name, "static/")
		ext := path.Ext(base)
		kind := mime.TypeByExtension(ext)
		switch ext { // the machine's own table may say otherwise
		case ".js":
			kind = "text/javascript; charset=utf-8"
		case ".css":
			kind = "text/css; charset=utf-8"
		case ".svg":
			kind = "image/svg+xml"
		case ".txt":
			kind = "text/plain; charset=utf-8"
		}
		all[base] = asset{"/static/" + strings.TrimSuffix(base, ext) + "." + hash + ext, kind, body, `"` + hash + `"`}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the embedded files: %w", err)
	}
	return all, nil
}

// url is the address of a file, for templates; an unknown name is a defect that the tests of templates find.
func (a assets) url(name string) (string, error) {
	one, ok := a[name]
	if !ok {
		return "", fmt.Errorf("no embedded file %q", name)
	}
	return one.url, nil
}

// handler serves the files at their URLs, to be kept for good.
func (a assets) handler() http.Handler {
	byURL := map[string]asset{}
	for _, one := range a {
		byURL[one.url] = one
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		one, ok := byURL[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", one.kind)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("ETag", one.etag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(one.body))
	})
}
