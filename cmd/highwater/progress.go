package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// progress tells a person what a command is doing. On a terminal the line of the present step is rewritten; elsewhere
// each step is a line, and a step that takes long says how far it is every few seconds.
type progress struct {
	w        io.Writer
	terminal bool
	step     string
	started  time.Time
	told     time.Time
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w}
	if f, ok := w.(*os.File); ok {
		if info, err := f.Stat(); err == nil {
			p.terminal = info.Mode()&os.ModeCharDevice != 0
		}
	}
	return p
}

// begin ends the step before and starts one.
func (p *progress) begin(step string) {
	p.end("")
	p.step, p.started, p.told = step, time.Now(), time.Now()
	if p.terminal {
		fmt.Fprintf(p.w, "  %s …", step)
	}
}

// at says how far the step is.
func (p *progress) at(done, total int) {
	if total == 0 || time.Since(p.told) < 200*time.Millisecond || !p.terminal && time.Since(p.told) < 3*time.Second {
		return
	}
	p.told = time.Now()
	if p.terminal {
		fmt.Fprintf(p.w, "\r\x1b[K  %s … %d of %d", p.step, done, total)
	} else {
		fmt.Fprintf(p.w, "  %s: %d of %d\n", p.step, done, total)
	}
}

// end finishes the step, with what came of it.
func (p *progress) end(result string) {
	if p.step == "" {
		return
	}
	if p.terminal {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
	if result != "" {
		result = ": " + result
	}
	fmt.Fprintf(p.w, "  %s%s (%.1f s)\n", p.step, result, time.Since(p.started).Seconds())
	p.step = ""
}
