package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A route is a path of the server besides the files of the page.
type route struct {
	method string
	what   string // it is for, for people
	query  []parameter
	verb   *Verb // for a command
	role   Role  // that it takes
	kind   string
	serve  func(w http.ResponseWriter, v *visit)
}

// A parameter of a query.
type parameter struct{ name, what string }

// Media types of answers.
const (
	jsonType = "application/json"
	textType = "text/plain; charset=utf-8"
	htmlType = "text/html; charset=utf-8"
)

// stopVerb is the emergency stop, which comes before everything else.
const stopVerb = "stop"

// api are the routes of a server.
func (s *Server) api() map[string]route {
	fixture := parameter{"fixture", "name of a fixture"}
	routes := map[string]route{
		"/session":   {method: http.MethodPost, what: "Gives a browser a cookie for the token in the Authorization header", serve: s.admit},
		"/live":      {method: http.MethodGet, what: "A WebSocket that tells how the show stands, and takes commands", role: Watch, serve: s.look},
		"/metrics":   {method: http.MethodGet, what: "Counters for Prometheus", role: Watch, kind: textType, serve: s.metrics()},
		"/healthz":   {method: http.MethodGet, what: "200 while frames go out and a script runs, else 503 and why", role: Watch, kind: textType, serve: s.health},
		"/api/scene": s.tells("What the show has patched and declared", func(*visit) (any, error) { return s.View.Scene(), nil }),
		"/api/board": s.tells("What people can operate, and how it stands", func(*visit) (any, error) { return s.View.Board(), nil }),
		"/api/house": s.tells("The network and the machine, with all counters", func(*visit) (any, error) { return s.houseNow(), nil }),
		"/api/looks": s.tells("How each fixture looks", func(*visit) (any, error) { return s.lookList(), nil }),
		"/api/log": s.tells("The last lines of the log", s.logAfter,
			parameter{"after", "number of a line: only those after it"}),
		"/api/why": s.tells("What makes the levels of a fixture, the nearest to the output first", s.why,
			fixture, parameter{"channel", "one of its channels, or intensity or color"}),
		"/api/copy": s.tells("The look of fixtures as Lua for a cue, or of what is held", s.copy,
			parameter{"fixture", "name of a fixture; as often as there are some"}),
		"/api/openapi.json": s.tells("This interface for programs, as OpenAPI", func(*visit) (any, error) { return s.openAPI(), nil }),
		"/api":              {method: http.MethodGet, what: "This interface for people", role: Watch, kind: htmlType, serve: s.manual},
		"/api/manual.css":   {method: http.MethodGet, what: "The style of that page", serve: manualStyle},
	}
	for _, v := range s.Verbs {
		routes["/api/"+v.Name] = s.commands(v)
	}
	routes["/api/status"] = s.tells("How the show stands at this moment", func(*visit) (any, error) { return s.View.Now(), nil })
	return routes
}

// route serves a request that has passed the gate.
func (s *Server) route(w http.ResponseWriter, v *visit) {
	if f, ok := s.pages[v.URL.Path]; ok {
		if v.Method != http.MethodGet && v.Method != http.MethodHead {
			s.wrongMethod(w, http.MethodGet)
			return
		}
		f.serve(w, v.Request)
		return
	}
	r, ok := s.routes[v.URL.Path]
	switch {
	case !ok:
		s.refuse(w, notFound, http.StatusNotFound, "there is nothing of this name")
		return
	case v.Method != r.method:
		s.wrongMethod(w, r.method)
		return
	case r.role != Nobody && v.role == Nobody:
		s.turnAway(w, v)
		return
	case r.role == Drive && v.role != Drive:
		s.refuse(w, notDrive, http.StatusForbidden, errNotDrive.Error())
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	r.serve(w, v)
}

func (s *Server) wrongMethod(w http.ResponseWriter, want string) {
	w.Header().Set("Allow", want)
	s.refuse(w, wrongMethod, http.StatusMethodNotAllowed, "this takes "+want)
}

// turnAway refuses somebody without a role. A right token is always let in, also where
// others have tried many wrong ones: nobody guesses 26 characters, and who has it may
// have to stop the machinery.
func (s *Server) turnAway(w http.ResponseWriter, v *visit) {
	w.Header().Set("WWW-Authenticate", "Bearer")
	switch {
	case shownToken(v.Request) == "":
		s.refuse(w, noToken, http.StatusUnauthorized, "a token is needed: showrun ctl console shows a link with one")
	case !s.wrong.allow(v.guest.from, time.Now()):
		w.Header().Set("Retry-After", strconv.Itoa(int(1/wrongRate)))
		s.refuse(w, wrongToken, http.StatusTooManyRequests, "too many wrong tokens")
	default:
		s.refuse(w, wrongToken, http.StatusUnauthorized, "the token is wrong: showrun ctl console shows the right link")
	}
}

// cookieTime is how long a browser remembers its token.
const cookieTime = 7 * 24 * time.Hour

// admit gives a browser its token as a cookie, which scripts cannot read and pages of
// others do not send.
func (s *Server) admit(w http.ResponseWriter, v *visit) {
	shown := shownToken(v.Request)
	if v.role == Nobody || shown == "" {
		s.turnAway(w, v)
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: s.cookie, Value: shown, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
		MaxAge: int(cookieTime / time.Second), Secure: strings.HasPrefix(v.Header.Get("Origin"), "https:"),
	})
	answer(w, http.StatusOK, struct {
		Role Role `json:"role"`
	}{v.role})
}

// answer writes a value.
func answer(w http.ResponseWriter, status int, value any) {
	b, err := json.Marshal(value)
	if err != nil {
		http.Error(w, "the answer cannot be written: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", jsonType)
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // whoever is gone does not miss it
}

// said is the answer to a command.
type said struct {
	OK   bool   `json:"ok"`
	Text string `json:"text"`
}

// tells is the route of something to be read.
func (s *Server) tells(what string, value func(*visit) (any, error), query ...parameter) route {
	return route{method: http.MethodGet, what: what, query: query, role: Watch, kind: jsonType, serve: func(w http.ResponseWriter, v *visit) {
		x, err := value(v)
		if err != nil {
			answer(w, http.StatusUnprocessableEntity, said{Text: err.Error()})
			return
		}
		answer(w, http.StatusOK, x)
	}}
}

// commands is the route of a verb.
func (s *Server) commands(verb Verb) route {
	return route{method: http.MethodPost, what: verb.Short, verb: &verb, role: Drive, kind: jsonType, serve: func(w http.ResponseWriter, v *visit) {
		words, status, err := readWords(v.Request)
		if err != nil {
			why := notUnderstood
			if status == http.StatusRequestEntityTooLarge {
				why = tooLarge
			}
			s.refused.add(why)
			answer(w, status, said{Text: err.Error()})
			return
		}
		text, err := s.drive(v, verb.Name, words)
		if err != nil {
			answer(w, http.StatusUnprocessableEntity, said{Text: err.Error()})
			return
		}
		answer(w, http.StatusOK, said{true, text})
	}}
}

// readWords reads the words of a command. The media type is asked for, as pages of others
// cannot send it unasked.
func readWords(r *http.Request) (words []string, status int, err error) {
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(strings.ToLower(kind)) != jsonType {
		return nil, http.StatusUnsupportedMediaType, fmt.Errorf("the body must be %s, such as {\"words\":[]}", jsonType)
	}
	b, err := io.ReadAll(r.Body)
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, http.StatusRequestEntityTooLarge, fmt.Errorf("the body has more than %d bytes", maxBody)
	}
	if err != nil {
		return nil, http.StatusBadRequest, errors.New("the body did not come as a whole")
	}
	var body struct {
		Words []string `json:"words"`
	}
	if err := decode(b, &body); err != nil {
		return nil, http.StatusBadRequest, errors.New(`the body must be an object with a list of strings and nothing else, such as {"words":["main","5"]}`)
	}
	return body.Words, 0, nil
}

// errNotDrive is what somebody gets who may only watch.
var errNotDrive = errors.New("you may watch, not drive: the link to drive has another token")

// drive has the show do a command for somebody.
func (s *Server) drive(v *visit, verb string, words []string) (text string, err error) {
	i := slices.IndexFunc(s.Verbs, func(known Verb) bool { return known.Name == verb })
	switch {
	case v.role != Drive:
		s.refused.add(notDrive)
		return "", errNotDrive
	case verb == stopVerb:
		s.Do.Stop(v.by())
		return "stopped", nil
	case i < 0:
		s.refused.add(notFound)
		return "", fmt.Errorf("there is no command %q", clip(verb))
	case len(words) < s.Verbs[i].Least || len(words) > s.Verbs[i].Most:
		return "", fmt.Errorf("%s takes %s", verb, orNothing(s.Verbs[i].Takes))
	}
	return s.Do.Do(v.by(), verb, words)
}

func orNothing(takes string) string {
	if takes == "" {
		return "no words"
	}
	return takes
}
