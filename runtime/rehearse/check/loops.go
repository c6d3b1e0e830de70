package check

import (
	"slices"
	"strings"

	"showrun/runtime/script/syntax"
)

// loops notes the loops in some files that have no end and in which nothing waits: nothing else comes to its
// turn meanwhile, and the budget of the task ends it.
func (c *check) loops(files []*syntax.File) {
	l := &looping{check: c, methods: map[string]bool{}, waiting: map[*syntax.Function]bool{}}
	for _, f := range slices.Concat(c.files, c.library) {
		syntax.Walk(f.Main, func(n syntax.Node) bool { l.note(n); return true })
	}
	for _, f := range files {
		syntax.Walk(f.Main, func(n syntax.Node) bool {
			if l.endless(n) {
				c.find(f, n.Place(), "endless-loop", "nothing in this loop waits, and nothing ends it", "clock.sleep(seconds) or clock.sync(beats) waits")
			}
			return true
		})
	}
}

// looping knows the functions of a show.
type looping struct {
	*check
	methods map[string]bool           // names of fields that files set: their calls may do anything
	waiting map[*syntax.Function]bool // whether a call of a function may wait or end a loop
}

func (l *looping) note(n syntax.Node) {
	switch n := n.(type) {
	case *syntax.Assign:
		for _, t := range n.Targets {
			if i, ok := t.(*syntax.Index); ok {
				l.name(i.Key)
			}
		}
	case *syntax.Table:
		for _, f := range n.Fields {
			l.name(f.Key)
		}
	}
}

func (l *looping) name(key syntax.Expr) {
	if k, ok := key.(*syntax.Text); ok {
		l.methods[k.Value] = true
	}
}

// endless tells whether a node is a loop that has no end, and does not wait.
func (l *looping) endless(n syntax.Node) bool {
	var cond syntax.Expr
	var body []syntax.Stmt
	until := false
	switch n := n.(type) {
	case *syntax.Loop:
		cond, body, until = n.Cond, n.Body, n.Until
	case *syntax.For:
		if !n.Numeric || !isHuge(n.Over[1]) {
			return false
		}
		body = n.Body
	default:
		return false
	}
	if cond != nil && l.ends(cond, body, until) {
		return false
	}
	return !l.leaves(body, 0) && (cond == nil || !l.mayWait(cond))
}

func isHuge(e syntax.Expr) bool {
	i, ok := e.(*syntax.Index)
	if !ok {
		return false
	}
	of, isGlobal := global(i.Of)
	key, isText := i.Key.(*syntax.Text)
	return isGlobal && of == "math" && isText && key.Value == "huge"
}

// ends tells whether a condition may end its loop.
func (l *looping) ends(cond syntax.Expr, body []syntax.Stmt, until bool) bool {
	if truth, known := truthOf(cond); known {
		return truth == until
	}
	changed, calls := l.changes(body)
	ends := false
	syntax.Walk(cond, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Name:
			ends = ends || changed[n.Name] || calls && (n.Local == nil || n.Local.Sets > 0)
		case *syntax.Index:
			key, ok := n.Key.(*syntax.Text)
			ends = ends || calls || !ok || changed[key.Value]
		case *syntax.Call:
			ends = ends || !l.stands(n)
		case *syntax.Unary:
			ends = ends || n.Op == "#"
		}
		return true
	})
	return ends
}

// truthOf is the truth of a constant condition.
func truthOf(e syntax.Expr) (truth, known bool) {
	switch e := e.(type) {
	case *syntax.Constant:
		return e.Word == "true", true
	case *syntax.Number, *syntax.Text:
		return true, true
	case *syntax.Unary:
		truth, known = truthOf(e.Of)
		return truth != (e.Op == "not"), known && e.Op != "#" && e.Op != "-"
	}
	return false, false
}

// changes are the names of the variables and fields that statements assign to, and whether they
// call anything that is not known.
func (l *looping) changes(body []syntax.Stmt) (names map[string]bool, calls bool) {
	names = map[string]bool{}
	syntax.WalkAll(body, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Assign:
			for _, t := range n.Targets {
				switch t := t.(type) {
				case *syntax.Name:
					names[t.Name] = true
				case *syntax.Index:
					if k, ok := t.Key.(*syntax.Text); ok {
						names[k.Value] = true
					}
				}
			}
		case *syntax.Local:
			for _, v := range n.Vars {
				call, isCall := v.Value.(*syntax.Call)
				names[v.Name] = names[v.Name] || !isCall || !l.stands(call)
			}
		case *syntax.Call:
			calls = calls || !l.plain(n)
		}
		return true
	})
	return names, calls
}

// stands tells whether a call returns the same as long as no time passes.
func (l *looping) stands(c *syntax.Call) bool {
	switch l.path(c.Func) {
	case "clock.time", "clock.beats", "clock.tempo", "clock.phase", "os.time", "os.clock", "os.date":
		return c.Method == ""
	}
	return false
}

// leaves tells whether statements leave the loop around them, or may wait. depth counts the
// loops inside it.
func (l *looping) leaves(body []syntax.Stmt, depth int) bool {
	return slices.ContainsFunc(body, func(s syntax.Stmt) bool { return l.leave(s, depth) })
}

func (l *looping) leave(n syntax.Node, depth int) bool {
	switch n := n.(type) {
	case *syntax.Function:
		return false // it is not called here
	case *syntax.Return:
		return true
	case *syntax.Jump:
		return n.Label != "" && n.Label != "continue" || n.Label == "" && depth == 0
	case *syntax.Loop, *syntax.For:
		depth++
	case *syntax.Call:
		if !l.plain(n) && l.mayWaitCall(n) {
			return true
		}
	}
	return slices.ContainsFunc(syntax.Children(n), func(c syntax.Node) bool { return l.leave(c, depth) })
}

func (l *looping) mayWait(e syntax.Expr) bool { return l.leave(e, 0) }

// mayWaitCall tells whether a call may wait, or end what it stands in.
func (l *looping) mayWaitCall(c *syntax.Call) bool {
	fn := functionOf(c)
	if fn == nil {
		return true
	}
	if waits, known := l.waiting[fn]; known {
		return waits
	}
	l.waiting[fn] = false
	waits := false
	syntax.WalkAll(fn.Body, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Function:
			return false
		case *syntax.Call:
			waits = waits || !l.plain(n) && l.mayWaitCall(n)
		}
		return !waits
	})
	l.waiting[fn] = waits
	return waits
}

// functionOf is the function that a call is of, if that is a local variable which is never
// anything else.
func functionOf(c *syntax.Call) *syntax.Function {
	n, ok := c.Func.(*syntax.Name)
	if !ok || c.Method != "" || n.Local == nil || n.Local.Sets > 0 {
		return nil
	}
	fn, _ := n.Local.Value.(*syntax.Function)
	return fn
}

// plainGlobals are functions of the language that neither wait nor call others.
const plainGlobals = " assert print pairs ipairs next tostring tonumber type select unpack rawget rawset rawequal rawlen setmetatable getmetatable "

// plain tells whether a call neither waits nor calls functions of the show.
func (l *looping) plain(c *syntax.Call) bool {
	if c.Method != "" {
		n, ok := c.Func.(*syntax.Name)
		return !l.methods[c.Method] && (!ok || n.Name != "self") && c.Method != "each"
	}
	if name, ok := global(c.Func); ok {
		return strings.Contains(plainGlobals, " "+name+" ") && !slices.ContainsFunc(c.Args, isFunction)
	}
	path := l.path(c.Func)
	of, _, found := strings.Cut(path, ".")
	switch {
	case !found || slices.ContainsFunc(c.Args, isFunction) && of != "clock" && of != "show":
		return false
	case of == "math" || of == "string" || of == "table" || of == "os" || of == "bit" || of == "utf8":
		return true
	}
	return l.modules[of] && !slices.Contains(l.opts.Waits, path)
}

func isFunction(e syntax.Expr) bool { _, ok := e.(*syntax.Function); return ok }

// path is what is called as "clock.sleep": a field of a module or of a table of the language, or
// a variable that is that.
func (l *looping) path(e syntax.Expr) string {
	switch e := e.(type) {
	case *syntax.Name:
		if v := e.Local; v != nil && v.Sets == 0 && v.Value != nil {
			if _, isIndex := v.Value.(*syntax.Index); isIndex {
				return l.path(v.Value)
			}
		}
	case *syntax.Index:
		key, ok := e.Key.(*syntax.Text)
		if !ok {
			return ""
		}
		if of := l.table(e.Of); of != "" {
			return of + "." + key.Value
		}
	}
	return ""
}

// table is the name of a module or a table of the language.
func (l *looping) table(e syntax.Expr) string {
	if name, ok := required(e); ok {
		return name
	}
	n, ok := e.(*syntax.Name)
	switch {
	case !ok:
		return ""
	case n.Local == nil:
		return n.Name
	case n.Local.Sets == 0 && n.Local.Value != nil:
		name, _ := required(n.Local.Value)
		return name
	}
	return ""
}
