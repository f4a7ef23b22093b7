package web

import "net/http"

func (s *server) registerAPI(mux *http.ServeMux) {}
