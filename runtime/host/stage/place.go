package stage

import (
	"math"
	"slices"

	"showrun/runtime/patch"
)

// margin is what is left free around the picture.
const margin = 0.05

// place gives every fixture its place: those of the layout theirs, in proportion, and the
// others below them one of their own.
func (s *Stage) place(layout []patch.Place, index map[string]int) {
	list, parts := s.whole()
	placed := map[int]bool{}
	var xs, ys []float64
	for _, p := range layout {
		if i, ok := index[p.Fixture]; ok && !placed[i] {
			placed[i] = true
			s.Fixtures[i].X, s.Fixtures[i].Y, s.Fixtures[i].Placed = p.X, p.Y, true
			xs, ys = append(xs, p.X), append(ys, p.Y)
		}
	}
	rest := slices.DeleteFunc(slices.Clone(list), func(i int) bool { return placed[i] })
	upTo := 0.0 // where the picture that the script has made ends
	if len(placed) > 0 {
		upTo = float64(len(list)-len(rest)) / float64(len(list))
		upTo = max(min(upTo, 0.75), 0.4)
		if len(rest) == 0 {
			upTo = 1
		}
		into := box{margin, margin, 1 - margin, upTo - margin}
		fit := into.fit(slices.Min(xs), slices.Min(ys), slices.Max(xs), slices.Max(ys))
		for i := range placed {
			s.Fixtures[i].X, s.Fixtures[i].Y = fit(s.Fixtures[i].X, s.Fixtures[i].Y)
		}
	}
	cell := s.arrange(rest, box{0, upTo, 1, 1})
	if cell == 0 {
		cell = math.Sqrt(upTo / float64(max(len(list), 1)))
	}
	for _, i := range list {
		s.spread(i, parts[i], placed, cell)
	}
	for i := range s.Fixtures {
		f := &s.Fixtures[i]
		f.X, f.Y = tidy(f.X), tidy(f.Y)
	}
}

// tidy rounds a place to what anybody sees of it.
func tidy(v float64) float64 { return math.Round(min(max(v, 0), 1)*1e4) / 1e4 }

// spread puts the parts of a fixture that have no place side by side at its own.
func (s *Stage) spread(whole int, parts []int, placed map[int]bool, cell float64) {
	f := &s.Fixtures[whole]
	for n, i := range parts {
		if placed[i] {
			continue
		}
		p := &s.Fixtures[i]
		p.X, p.Y, p.Placed = f.X+cell*0.8*((float64(n)+0.5)/float64(len(parts))-0.5), f.Y, f.Placed
	}
}

// A box is a part of the picture.
type box struct{ left, top, right, bottom float64 }

// fit returns what brings an area into the middle of the box, as large as it can be, in
// proportion.
func (b box) fit(left, top, right, bottom float64) func(x, y float64) (float64, float64) {
	scale := math.Inf(1)
	if right > left {
		scale = (b.right - b.left) / (right - left)
	}
	if bottom > top {
		scale = min(scale, (b.bottom-b.top)/(bottom-top))
	}
	if math.IsInf(scale, 1) {
		scale = 0 // all at one place
	}
	midX, midY := left/2+right/2, top/2+bottom/2
	return func(x, y float64) (float64, float64) {
		return (b.left+b.right)/2 + (x-midX)*scale, (b.top+b.bottom)/2 + (y-midY)*scale
	}
}

// arrange lays fixtures out in a box: those of a group beside one another in its order, the
// groups apart, and those of none at the end by address. It returns how much room each has.
func (s *Stage) arrange(list []int, in box) (cell float64) {
	if len(list) == 0 {
		return 0
	}
	clusters := s.clusters(list)
	width, height := in.right-in.left, in.bottom-in.top
	var spots []spot
	for columns := 1; ; columns++ {
		var rows float64
		spots, rows = shelve(clusters, columns)
		cell = min(width/float64(columns), height/rows)
		if float64(columns)*height >= rows*width || columns > len(list)+len(clusters) {
			left := in.left + (width-cell*used(spots))/2
			top := in.top + (height-cell*rows)/2
			for _, at := range spots {
				f := &s.Fixtures[at.fixture]
				f.X, f.Y = left+cell*(at.column+0.5), top+cell*(at.row+0.5)
			}
			return cell
		}
	}
}

// clusters sorts fixtures by the smallest group that each is in.
func (s *Stage) clusters(list []int) (clusters [][]int) {
	in := map[int]int{} // group, from 1
	for g := range s.Groups {
		for _, i := range s.Groups[g].Fixtures {
			if is := in[i]; is == 0 || len(s.Groups[g].Fixtures) < len(s.Groups[is-1].Fixtures) {
				in[i] = g + 1
			}
		}
	}
	wanted := map[int]bool{}
	for _, i := range list {
		wanted[i] = true
	}
	for g := range s.Groups {
		var c []int
		for _, i := range s.Groups[g].Fixtures {
			if in[i] == g+1 && wanted[i] {
				c = append(c, i)
			}
		}
		if len(c) > 0 {
			clusters = append(clusters, c)
		}
	}
	rest := slices.DeleteFunc(slices.Clone(list), func(i int) bool { return in[i] != 0 })
	slices.SortFunc(rest, s.byAddress)
	if len(rest) > 0 {
		clusters = append(clusters, rest)
	}
	return clusters
}

// A spot is where a fixture is, counted in fixtures.
type spot struct {
	fixture     int
	column, row float64
}

// between is how far two rows of clusters are apart.
const between = 0.5

// shelve puts clusters into rows of so many columns: one that fits comes beside the one
// before, with a column between them, and a longer one goes on below.
func shelve(clusters [][]int, columns int) (spots []spot, rows float64) {
	column, deep := 0, 0
	for _, c := range clusters {
		if column > 0 && column+min(len(c), columns) > columns {
			rows, column, deep = rows+float64(deep)+between, 0, 0
		}
		for n, i := range c {
			spots = append(spots, spot{i, float64(column + n%columns), rows + float64(n/columns)})
		}
		column += min(len(c), columns) + 1
		deep = max(deep, (len(c)+columns-1)/columns)
	}
	return spots, rows + float64(deep)
}

// used is how many columns there is something in.
func used(spots []spot) float64 {
	most := 0.0
	for _, s := range spots {
		most = max(most, s.column+1)
	}
	return most
}
