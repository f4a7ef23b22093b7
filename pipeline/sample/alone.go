package sample

import "time"

// standAlone are the servers that run software on the metal.
func (f *fleet) standAlone() {
	for i, s := range []struct {
		name, domain, location string
		board                  board
		software               []software
	}{
		{"ber-fin-01", "ber.example.com", "emea/berlin", r740, []software{db2()}},
		{"ber-pwr-01", "ber.example.com", "emea/berlin", e980, []software{db2()}},
		{"jnb-mq-01", "jnb.example.com", "emea/johannesburg", r740, []software{mq(), monitoring()}},
		{"nyc-fin-01", "nyc.example.com", "amer/new-york", r740, []software{db2(), monitoring()}},
		{"sao-app-01", "sao.example.com", "amer/sao-paulo", r740, []software{wasND()}},
		{"sao-web-01", "sao.example.com", "amer/sao-paulo", r740, []software{nginx(), postgresql()}},
		{"tok-mq-01", "tok.example.com", "apac/tokyo", s922, []software{mq()}},
		{"old-app-01", "example.com", "", r740, []software{wasND()}}, // nobody has said where it stands
	} {
		m := s.board.physical(s.name, s.domain)
		m.software = s.software
		if s.location != "" {
			f.Places[m.name] = s.location
		}
		f.report(m, f.on(0, 2+float64(i)/10))
		if s.name == "ber-fin-01" { // a second processor in the empty socket
			two, cores, threads := int64(2), int64(32), int64(64)
			m.hardware.Processors, m.hardware.Cores, m.hardware.Threads = &two, &cores, &threads
			f.report(m, f.on(94, 5.5))
		}
		f.report(m, f.End.Add(-time.Duration(15+i)*time.Minute))
	}
}
