package timeline

import (
	"bufio"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"strings"
	"time"
)

//go:embed page
var files embed.FS

// scripts are the files of the page's code, in their order.
var scripts = []string{"data.js", "frames.js", "lanes.js", "ribbons.js", "marks.js", "card.js", "view.js", "hands.js", "paper.js", "main.js"}

// WritePage writes the page of a run.
func (t *Timeline) WritePage(w io.Writer) error { return write(w, t.cfg.Name, []*Timeline{t}) }

// Compare writes a page that shows two runs of one show together, such as tonight's and
// tomorrow's, and where they differ. They are told apart by their names.
func Compare(w io.Writer, title string, a, b *Timeline) error {
	return write(w, title, []*Timeline{a, b})
}

// code is the code of the page, and style its style sheet.
func code() (code, style string, err error) {
	var all strings.Builder
	all.WriteString("\"use strict\";\n(() => {\n")
	for _, name := range scripts {
		text, err := files.ReadFile("page/" + name)
		if err != nil {
			return "", "", err
		}
		all.Write(text)
	}
	all.WriteString("})();\n")
	sheet, err := files.ReadFile("page/page.css")
	return all.String(), string(sheet), err
}

// write writes a page of one run or two.
func write(w io.Writer, title string, runs []*Timeline) error {
	code, style, err := code()
	if err != nil {
		return err
	}
	body, err := files.ReadFile("page/body.html")
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 1<<16)
	fmt.Fprintf(out, `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src '%s'; style-src '%s'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<link rel="icon" href="data:,">
<title>%s: timeline</title>
<style>%s</style>
</head>
<body>
`, digest(code), digest(style), html.EscapeString(title), style)
	out.WriteString(strings.Replace(string(body), "TITLE", html.EscapeString(title), 1))
	table(out, runs)
	head, err := json.Marshal(headOf(title, runs))
	if err != nil {
		return fmt.Errorf("the page of %s: %w", title, err)
	}
	put(out, "head", packed(head))
	for i, t := range runs {
		put(out, fmt.Sprintf("r%dt", i), packed(t.levels.tier.bytes(t.levels.rows, t.buckets())))
		put(out, fmt.Sprintf("r%dp", i), packed(t.marks.beats.bytes()))
	}
	fmt.Fprintf(out, "<script>%s</script>\n", code)
	for i, t := range runs {
		for n, x := range t.marks.machines {
			put(out, fmt.Sprintf("r%dm%d", i, n), packed(x.bytes()))
		}
		for n, r := range t.levels.rows {
			put(out, fmt.Sprintf("r%dc%d", i, n), packed(r.bytes()))
		}
		for n, b := range t.levels.blocks {
			put(out, fmt.Sprintf("r%db%d", i, n), b.packed)
		}
	}
	out.WriteString("</body>\n</html>\n")
	return out.Flush()
}

// put puts packed data on the page, where no browser looks into it.
func put(w *bufio.Writer, id, packed string) {
	fmt.Fprintf(w, "<script type=\"text/plain\" id=\"%s\">%s</script>\n", id, packed)
}

// digest is by what a policy knows a text.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// table writes the cues as text: for those who do not see the picture, and for paper.
func table(w *bufio.Writer, runs []*Timeline) {
	w.WriteString("<section id=\"text\" aria-label=\"Cues as text\">\n")
	for _, t := range runs {
		fmt.Fprintf(w, "<h2>%s: cues</h2>\n", html.EscapeString(t.cfg.Name))
		if len(t.marks.cues) == 0 {
			w.WriteString("<p>No cue was fired.</p>\n")
			continue
		}
		w.WriteString("<table><thead><tr><th scope=\"col\">Time<th scope=\"col\">Bar<th scope=\"col\">List<th scope=\"col\">Cue<th scope=\"col\">Label<th scope=\"col\">Fades for</tr></thead>\n<tbody>\n")
		for _, c := range t.marks.cues {
			fades := ""
			if c.to > c.at {
				fades = fmt.Sprintf("%.3g s", (c.to - c.at).Seconds())
			}
			fmt.Fprintf(w, "<tr><td>%s<td>%s<td>%s<td>%s<td>%s<td>%s</tr>\n",
				clockTime(c.at), t.marks.beats.place(c.at), html.EscapeString(c.list), html.EscapeString(c.number), html.EscapeString(c.label), fades)
		}
		w.WriteString("</tbody></table>\n")
	}
	w.WriteString("</section>\n")
}

// clockTime is a show time as people read it.
func clockTime(at time.Duration) string {
	at = at.Round(time.Millisecond)
	return fmt.Sprintf("%d:%02d:%02d.%03d", at/time.Hour, at/time.Minute%60, at/time.Second%60, at/time.Millisecond%1000)
}
