package docs

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/posternsql/postern/internal/testdb"
)

// TestQuickstartForTheWeb does what docs/quickstart-web.md says, with the code of the page: the SQL, the program, and
// what a person does in the browser.
func TestQuickstartForTheWeb(t *testing.T) {
	t.Parallel()
	blocks := readBlocks(t, root+"/docs/quickstart-web.md")
	program := slices.IndexFunc(blocks, func(b block) bool { return strings.HasPrefix(b.code, "package main") })
	if program < 0 {
		t.Fatal("the page has no program")
	}
	refusal := slices.IndexFunc(blocks, func(b block) bool { return strings.Contains(b.code, "\nfunc refuse") })
	if refusal < 0 {
		t.Fatal("the page does not show a refusal")
	}
	_, code, _ := strings.Cut(blocks[program].code, "func main")
	if lines := strings.Count(code, "\n") + 1; lines >= 30 || strings.Count(code, "<postern-checkpoint>") != 1 {
		t.Errorf("the program has %d lines", lines)
	}
	database := testdb.New(t)
	login := database.Login(t, "postern_trusted_app")
	for _, b := range blocks[:program] {
		// Roles belong to the cluster, where TestEveryBlockRuns may be running the same page. The login exists already.
		code := regexp.MustCompile(`(?m)^create role shop_web .*\n`).ReplaceAllString(b.code, "")
		code = strings.NewReplacer("shop_web", login.Name, "role shop ", "role "+login.Name+"_owner ", "to shop;", "to "+login.Name+"_owner;").Replace(code)
		runBlock(t, database, "", t.TempDir(), block{kind: b.kind, code: code})
	}
	t.Cleanup(func() {
		owner := login.Name + "_owner"
		if _, err := database.Pool.Exec(context.Background(), "drop owned by "+owner+" cascade; drop role "+owner); err != nil {
			t.Error(err)
		}
	})

	address := startProgram(t, strings.Replace(blocks[program].code, "return err // or refuse(w, err), see below", "return refuse(w, err)", 1), login.URL, blocks[refusal].code)
	if page := visit(t, address+"/", nil); !strings.Contains(page, `action="/approve"`) {
		t.Fatal(page)
	}
	done := visit(t, address+"/checkpoint/pin", url.Values{
		"postern_username": {"ALICE"}, "postern_pin": {"739146"}, "postern_new_pin": {"482913"}, "postern_new_pin_again": {"482913"},
	})
	if !strings.Contains(done, "Your PIN is changed.") {
		t.Fatal(done)
	}
	dialog := visit(t, address+"/approve", url.Values{"no": {"INV-1007"}})
	if !strings.Contains(dialog, "Invoice INV-1007 over 12500 approved") {
		t.Fatal(dialog)
	}
	answer := url.Values{"postern_pin": {"482913"}, "postern_comment": {"as ordered"}, "postern_username": {"ALICE"}}
	for _, field := range regexp.MustCompile(`type="hidden" name="(.*)" value="(.*)"`).FindAllStringSubmatch(dialog, -1) {
		answer.Set(field[1], field[2])
	}
	if done := visit(t, address+"/approve", answer); done != "INV-1007 is approved.\n" {
		t.Fatal(done)
	}
	if refused := visit(t, address+"/approve", url.Values{"no": {"INV-1007"}}); refused != "Invoice INV-1007 is unknown, or approved already.\n" {
		t.Fatal(refused)
	}
	var entry string
	err := database.Pool.QueryRow(t.Context(), `
select i.approved_by || ': ' || l.message || ': ' || l.comment
  from public.invoice as i, postern.checkpoint_log as l where l.outcome = 'passed' and l.gate_id = 'SHOP_APPROVE'`).Scan(&entry)
	if err != nil || entry != "ALICE: Invoice INV-1007 over 12500 approved: as ordered" {
		t.Errorf("got %q, %v", entry, err)
	}
}

// startProgram builds the program of the page with its way to refuse, starts it on a free port, and returns its address.
func startProgram(t *testing.T, code, databaseURL, refusal string) string {
	t.Helper()
	const listens = `log.Fatal(http.ListenAndServe("localhost:8080", nil))`
	if !strings.Contains(code, listens) {
		t.Fatal("the program does not listen on localhost:8080")
	}
	folder := t.TempDir()
	source := map[string]string{
		"refuse.go": refusal,
		"main.go":   strings.Replace(code, listens, "log.Fatal(serve())", 1),
		"serve.go": `package main

import (
	"fmt"
	"net"
	"net/http"
)

func serve() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("http://" + listener.Addr().String())
	return http.Serve(listener, nil)
}
`,
	}
	build := []string{"build", "-o", filepath.Join(folder, "program")}
	for name, text := range source {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		build = append(build, filepath.Join(folder, name))
	}
	builder := exec.CommandContext(t.Context(), "go", build...)
	builder.Dir = root
	if out, err := builder.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	command := exec.CommandContext(t.Context(), filepath.Join(folder, "program"))
	command.Env = append(os.Environ(), "DATABASE_URL="+databaseURL)
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // the test's context has ended, and so the program ends
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// visit opens an address as a browser does, or sends a form.
func visit(t *testing.T, address string, form url.Values) string {
	t.Helper()
	method := http.MethodGet
	if form != nil {
		method = http.MethodPost
	}
	request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "text/html,*/*;q=0.8")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
