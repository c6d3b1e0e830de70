package console

import (
	"fmt"
	"net/http"
)

// health answers whether the show goes on.
func (s *Server) health(w http.ResponseWriter, _ *visit) {
	w.Header().Set("Content-Type", textType)
	if why := s.ails(); why != "" {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, why)
		return
	}
	fmt.Fprintln(w, "ok")
}

// ails is what is wrong with the show, "" if it goes on.
func (s *Server) ails() string {
	now := s.View.Now()
	switch {
	case now.Stuck != "":
		return "frames stand: " + now.Stuck + " does not come back from a call"
	case now.NoScript:
		return "no script runs"
	case s.View.Scene() == nil:
		return "the show is not loaded yet"
	case s.houseNow().Rate <= 0:
		return "frames stand"
	}
	return ""
}
