package luals
import ("testing";"os";"showrun/bindings/api")
func TestDump(t *testing.T) {
	for n, x := range Stubs(api.Load(), nil) { os.MkdirAll("/tmp/e17/s/.showrun", 0o755); os.WriteFile("/tmp/e17/s/.showrun/"+n, []byte(x), 0o644) }
	os.WriteFile("/tmp/e17/s/.luarc.json", []byte(Settings), 0o644)
}
