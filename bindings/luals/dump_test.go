package luals
import ("testing";"os";"fmt";"strings";"showrun/bindings/api";"showrun/bindings/reference")
func TestDump(t *testing.T) {
	os.RemoveAll("/tmp/e17/s"); os.MkdirAll("/tmp/e17/s/.showrun", 0o755)
	for n, x := range Stubs(api.Load(), nil) { os.WriteFile("/tmp/e17/s/.showrun/"+n, []byte(x), 0o644) }
	os.WriteFile("/tmp/e17/s/.luarc.json", []byte(Settings), 0o644)
	ex, _ := reference.Examples()
	for i, e := range ex { os.WriteFile(fmt.Sprintf("/tmp/e17/s/ref_%03d_%s.lua", i, strings.NewReplacer(":", "_", ".", "_").Replace(e.Where)), []byte(e.Text), 0o644) }
}
