package console

import (
	"bytes"
	"embed"
	"html/template"
	"maps"
	"net/http"
	"slices"
)

// object is one of JSON.
type object = map[string]any

// openAPI describes the routes for programs.
func (s *Server) openAPI() object {
	paths := object{}
	for path, r := range s.routes {
		paths[path] = object{map[string]string{http.MethodGet: "get", http.MethodPost: "post"}[r.method]: r.operation()}
	}
	return object{
		"openapi": "3.1.0",
		"info":    object{"title": "showrun: " + s.Show, "version": s.Version, "description": "How a running show stands, and everything showrun ctl does with it."},
		"paths":   paths,
		"components": object{
			"securitySchemes": object{
				"token":  object{"type": "http", "scheme": "bearer"},
				"cookie": object{"type": "apiKey", "in": "cookie", "name": s.cookie},
			},
			"schemas": object{
				"Words": object{"type": "object", "additionalProperties": false, "properties": object{
					"words": object{"type": "array", "items": object{"type": "string"}, "description": "what comes after the name of the command"},
				}},
				"Said": object{"type": "object", "required": []string{"ok", "text"}, "properties": object{
					"ok": object{"type": "boolean"}, "text": object{"type": "string", "description": "what was done, or why not, for people"},
				}},
			},
		},
	}
}

// operation describes a route.
func (r route) operation() object {
	answers := object{"200": object{"description": "done"}}
	if r.kind != "" {
		schema := object{}
		if r.verb != nil {
			schema = object{"$ref": "#/components/schemas/Said"}
		}
		answers["200"] = object{"description": "done", "content": object{r.kind: object{"schema": schema}}}
	}
	op := object{"summary": r.what, "responses": answers}
	if r.role != Nobody {
		answers["401"] = object{"description": "no token, or a wrong one"}
		op["security"] = []object{{"token": []string{}}, {"cookie": []string{}}, {}}
	}
	if r.role == Drive {
		answers["403"] = object{"description": "this token is one to watch"}
	}
	if r.verb != nil {
		answers["422"] = object{"description": "the show does not do that, and why", "content": object{jsonType: object{"schema": object{"$ref": "#/components/schemas/Said"}}}}
		op["description"] = "Words: " + orNothing(r.verb.Takes)
		op["requestBody"] = object{"required": true, "content": object{jsonType: object{
			"schema": object{"$ref": "#/components/schemas/Words"}, "example": object{"words": []string{}},
		}}}
	}
	var query []object
	for _, p := range r.query {
		query = append(query, object{"name": p.name, "in": "query", "description": p.what, "schema": object{"type": "string"}})
	}
	if query != nil {
		op["parameters"] = query
	}
	return op
}

//go:embed manual.html manual.css
var manuals embed.FS

// A row of the manual.
type row struct {
	Path, Method, What, Takes string
	Command                   bool
	Role                      Role
	Query                     []string
}

// manual answers with the same for people.
func (s *Server) manual(w http.ResponseWriter, _ *visit) {
	t, err := template.ParseFS(manuals, "manual.html")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	var reads, commands []row
	for _, path := range slices.Sorted(maps.Keys(s.routes)) {
		r := s.routes[path]
		one := row{Path: path, Method: r.method, What: r.what, Role: r.role, Command: r.verb != nil}
		for _, p := range r.query {
			one.Query = append(one.Query, p.name+": "+p.what)
		}
		if r.verb == nil {
			reads = append(reads, one)
			continue
		}
		one.Takes = r.verb.Takes
		commands = append(commands, one)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, object{"Show": s.Show, "Page": s.Page(), "Reads": reads, "Commands": commands}); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", htmlType)
	_, _ = b.WriteTo(w)
}

// manualStyle answers with the style of the manual.
func manualStyle(w http.ResponseWriter, v *visit) {
	b, err := manuals.ReadFile("manual.css")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", mediaTypes[".css"])
	_, _ = w.Write(b)
}
