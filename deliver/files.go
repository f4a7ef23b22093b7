package deliver

import (
	"os"
	"path/filepath"
	"runtime"
)

// writeSynced creates a file that only its owner reads, and returns when its content is on the disk.
func writeSynced(name string, b []byte) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// replace replaces a file as a whole.
func replace(name string, b []byte, write func(string, []byte) error) error {
	temporary := name + ".new"
	if err := write(temporary, b); err != nil {
		_ = os.Remove(temporary)
		return err
	}
	if err := os.Rename(temporary, name); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(name))
}

// syncFolder makes the names in a folder durable. Windows and AIX do not sync folders; there a rename is.
func syncFolder(name string) error {
	if runtime.GOOS == "windows" || runtime.GOOS == "aix" {
		return nil
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	err = f.Sync()
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}
