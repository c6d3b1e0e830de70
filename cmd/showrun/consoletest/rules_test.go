package consoletest

import (
	_ "embed"
	"fmt"
	"image"
	"slices"
	"strings"
)

//go:embed testdata/contrast.js
var contrastScript string

// faint lists the texts whose contrast is under 4.5, what WCAG 2.2 asks for in 1.4.3.
func (b *tab) faint() []string {
	b.Helper()
	type text struct {
		Text, Color, On, Where string
		Ratio                  float64
	}
	var list []string
	for _, f := range eval[[]text](b, "("+contrastScript+")(4.5)") {
		list = append(list, fmt.Sprintf("contrast %.2f: %q in %s on %s: %s", f.Ratio, f.Text, f.Color, f.On, f.Where))
	}
	return list
}

// operated are the roles of what people operate.
var operated = []string{
	"button", "link", "tab", "slider", "checkbox", "switch", "radio", "combobox", "listbox", "option", "textbox", "searchbox",
	"spinbutton", "menuitem", "ColorWell", "disclosureTriangle", "DisclosureTriangle",
}

// unnamed lists what can be operated and has no name for a screen reader, or cannot be
// reached with the keyboard.
func (b *tab) unnamed() []string {
	b.Helper()
	var list []string
	for _, c := range b.controls() {
		switch {
		case !slices.Contains(operated, c.role):
		case strings.TrimSpace(c.name) == "":
			list = append(list, "no name: "+c.role+" "+call[string](b, c, `function() { return this.outerHTML.slice(0, 200) }`))
		case !c.focusable && !c.disabled && c.role != "option" && !b.roves(c):
			list = append(list, "not for the keyboard: "+c.String())
		}
	}
	return list
}

// roves tells whether a control is one of a group that takes the focus together, and is
// walked with arrows.
func (b *tab) roves(c control) bool {
	b.Helper()
	return call[bool](b, c, `function() { return this.tabIndex === -1 && this.hasAttribute("tabindex") }`)
}

// wider lists what makes the page wider than the viewport.
func (b *tab) wider() []string {
	b.Helper()
	return eval[[]string](b, `(() => {
		const width = document.documentElement.clientWidth, found = []
		if (document.scrollingElement.scrollWidth > width) found.push("the page is " + document.scrollingElement.scrollWidth + " wide, the viewport " + width)
		for (const e of document.querySelectorAll("body *")) {
			const r = e.getBoundingClientRect()
			if (r.width && r.right > width + 1 && e.checkVisibility() && !inside(e)) found.push(e.outerHTML.slice(0, 120) + " ends at " + Math.round(r.right))
		}
		// What scrolls or is cut off by itself does not count.
		function inside(e) {
			for (let a = e.parentElement; a && a !== document.body; a = a.parentElement) {
				if (getComputedStyle(a).overflowX !== "visible") return true
			}
			return false
		}
		return found
	})()`)
}

// seen tells whether a control is in the viewport with no scrolling.
func (b *tab) seen(c control) bool {
	b.Helper()
	size := eval[[2]int](b, `[innerWidth, innerHeight]`)
	return b.boxNow(c).In(image.Rect(0, 0, size[0], size[1]))
}
