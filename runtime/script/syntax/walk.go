package syntax

// Walk visits a node and what is in it, in the order of the text. Where visit returns false,
// what is in the node is left out.
func Walk(n Node, visit func(Node) bool) {
	if !visit(n) {
		return
	}
	for _, c := range Children(n) {
		Walk(c, visit)
	}
}

// WalkAll is Walk for the statements of a body.
func WalkAll(body []Stmt, visit func(Node) bool) {
	for _, s := range body {
		Walk(s, visit)
	}
}

// Children are the nodes right inside a node.
func Children(n Node) (list []Node) {
	exprs := func(es ...Expr) {
		for _, e := range es {
			if e != nil {
				list = append(list, e)
			}
		}
	}
	body := func(b []Stmt) {
		for _, s := range b {
			list = append(list, s)
		}
	}
	switch n := n.(type) {
	case *Function:
		body(n.Body)
	case *Index:
		exprs(n.Of, n.Key)
	case *Call:
		exprs(n.Func)
		exprs(n.Args...)
	case *Table:
		for _, f := range n.Fields {
			exprs(f.Key, f.Value)
		}
	case *Binary:
		exprs(n.Left, n.Right)
	case *Unary:
		exprs(n.Of)
	case *Local:
		exprs(n.Values...)
	case *Assign:
		exprs(n.Targets...)
		exprs(n.Values...)
	case *Do:
		exprs(n.Call)
	case *Block:
		body(n.Body)
	case *Loop:
		if !n.Until {
			exprs(n.Cond)
		}
		body(n.Body)
		if n.Until {
			exprs(n.Cond)
		}
	case *For:
		exprs(n.Over...)
		body(n.Body)
	case *If:
		for i, b := range n.Bodies {
			if i < len(n.Conds) {
				exprs(n.Conds[i])
			}
			body(b)
		}
	case *Return:
		exprs(n.Values...)
	}
	return list
}
