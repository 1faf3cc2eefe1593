// Package ledger_test compares row security on ledgers with a plain evaluator, and tests concurrent writers.
package ledger_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/posternsql/postern/internal/testdb"
	. "github.com/posternsql/postern/internal/testsql"
)

var (
	users    = []string{"ANN", "BEN", "CARL"}
	codes    = []string{"", "1", "2", "12", "123", "3", "3X", "A_B", "AXB", "%", `\`, `\%`, "ä", "1 2", "[", "[_]", "A[B"}
	patterns = []string{"%", " ", "%%", "1", "1%", "_", "__", "_2%", "%2", "%2%", "12", "3_", "3%", "A_B", `\`, `\%`, `\_`, "_%", "ä", "%3", "1 2",
		"A[_]B", "[_]", "[%]", "[[]", "[[]_]", "[[[]_]]", "[%]%", "%[_]%", `\[%]`, "A[B", "[]", "[_", "_]", "[a]"}
	// variedParts are the code parts that the test varies: the first, one in the middle, and the last.
	variedParts = []int{0, 4, parts - 1}
)

// machine applies the same changes to the database and to a model of it.
type machine struct {
	t           *testing.T
	pool        Querier
	application *pgx.Conn
	companies   []*company
}

func TestPolicyFunctionExplanationAndEvaluatorAgree(t *testing.T) {
	database := testdb.New(t)
	for _, userid := range users {
		Run(t, database.Pool, "select postern.create_user($1, $1)", userid)
	}
	// Another company owns most of the first extent, so that these companies reach the next ones.
	Run(t, database.Pool, "select postern.create_company('NOBODY', 'x')")
	Run(t, database.Pool, "select count(postern_internal.open_block('NOBODY')) from generate_series(1, 240)")
	application := database.Login(t, "postern_trusted_app").Connect(t)
	owner := database.Connect(t)
	var runs atomic.Int64
	rapid.Check(t, func(r *rapid.T) {
		m := &machine{t: t, pool: owner, application: application}
		m.create(fmt.Sprint(runs.Add(1)))
		r.Repeat(map[string]func(*rapid.T){
			"":                   m.check,
			"create combination": m.createCombination,
			"fill block":         m.fillBlock,
			"add rule":           m.addRule,
			"remove rule":        m.removeRule,
			"set class":          m.setClass,
			"set ledger class":   m.setLedgerClass,
			"toggle":             m.toggle,
			"grant":              m.grant,
			"revoke":             m.revoke,
			"compile":            func(*rapid.T) { Run(t, m.pool, "select postern.compile_authority_maps()") },
			"roll back":          m.rollBack,
		})
	})
}

// create makes two companies, each with classes and a ledger, and tables of rows.
func (m *machine) create(run string) {
	Run(m.t, m.pool, `
drop schema if exists shop cascade;
create schema shop;
create table shop.everything (row_id integer generated always as identity, company text, ledger_id text, id bigint, keyed boolean not null default false);
create table shop.keyed (row_id integer, company text not null, id bigint not null,
                         foreign key (company, id) references postern.posting_combination (company, posting_combination_id));
create table shop.keyless (row_id integer, company text, id bigint);
create table shop.fractions (row_id integer, company text, id numeric);
create table shop.internal (row_id integer, company text, ledger_id text, id bigint);
create function shop.copy() returns trigger language plpgsql as $$
begin
  insert into shop.keyless values (new.row_id, new.company, new.id);
  insert into shop.fractions values (new.row_id, new.company, new.id), (-new.row_id, new.company, new.id + 0.5);
  insert into shop.internal values (new.row_id, new.company, new.ledger_id, new.id);
  if exists (select from postern.posting_combination as p where p.company = new.company and p.posting_combination_id = new.id) then
    insert into shop.keyed values (new.row_id, new.company, new.id);
    update shop.everything set keyed = true where row_id = new.row_id;
  end if;
  return null;
end $$;
create trigger copy after insert on shop.everything for each row execute function shop.copy();
select postern.protect_ledger('shop.keyed', 'company', 'id'), postern.protect_ledger('shop.keyless', 'company', 'id'),
       postern.protect_ledger('shop.fractions', 'company', 'id'), postern.protect_ledger('shop.internal', 'company', 'id', 'ledger_id');
grant usage on schema shop to public;
grant all on all tables in schema shop to public`)
	for _, name := range []string{"10/" + run, "20/" + run} {
		c := &company{name: name, combinations: map[int64]codeString{}, classes: map[string]*class{}, users: map[string]string{}, ledgers: map[string]*ledger{}}
		m.companies = append(m.companies, c)
		Run(m.t, m.pool, "select postern.create_company($1, $1)", name)
		Run(m.t, m.pool, "select postern.create_ledger($1, 'IL')", name)
		c.ledgers["IL"] = &ledger{classes: map[string]*class{}, users: map[string]string{}}
		max := rule{allowed: true}
		for n := range max.patterns {
			max.patterns[n] = "%"
		}
		for _, classes := range []map[string]*class{c.classes, c.ledgers["IL"].classes} {
			classes["MAX"] = &class{rules: []rule{max}}
			classes["A"], classes["B"] = &class{}, &class{}
		}
		for _, class := range []string{"A", "B"} {
			Run(m.t, m.pool, "select postern.create_authority_class($1, $2), postern.create_ledger_class($1, 'IL', $2)", name, class)
		}
		for _, userid := range users[:2] {
			c.users[userid] = ""
			Run(m.t, m.pool, "select postern.grant_company($1, $2)", userid, name)
		}
	}
	Run(m.t, m.pool, "insert into shop.everything (company, ledger_id, id) values ($1, 'IL', 0), ($1, null, 1), ($1, 'IL', -1), ($1, 'IL', null), (null, 'IL', 128), ($1, 'XL', 9223372036854775807), ($1, 'IL', -9223372036854775808)",
		m.companies[0].name)
}

func (m *machine) company(r *rapid.T) *company {
	return m.companies[rapid.IntRange(0, len(m.companies)-1).Draw(r, "company")]
}

func (m *machine) createCombination(r *rapid.T) {
	c := m.company(r)
	var drawn codeString
	for _, n := range variedParts {
		drawn[n] = rapid.SampledFrom(codes).Draw(r, "code")
	}
	if drawn[0] == "" {
		drawn[0] = "1"
	}
	arguments := []any{c.name}
	for n, code := range drawn {
		if code == "" && n%2 == 0 {
			arguments = append(arguments, nil)
		} else {
			arguments = append(arguments, code)
		}
	}
	id := Value[int64](m.t, m.pool, "select postern.posting_combination_id($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)", arguments...)
	if known, exists := c.combinations[id]; exists && known != drawn {
		m.t.Fatalf("one id for %q and %q", known, drawn)
	}
	for other, known := range c.combinations {
		if known == drawn && other != id {
			m.t.Fatalf("two ids for %q", drawn)
		}
	}
	c.combinations[id] = drawn
	for _, other := range m.companies { // also if the combination is another company's
		Run(m.t, m.pool, "insert into shop.everything (company, ledger_id, id) values ($1, 'IL', $2), ($1, 'XL', $2 + 1)", other.name, id)
	}
}

// fillBlock creates one more combination than the company's open block has room for. So the company continues in
// another block, behind what other companies have taken in the meantime.
func (m *machine) fillBlock(r *rapid.T) {
	c := m.company(r)
	room := Value[int](m.t, m.pool, `
select coalesce(max(b.first_id + b.size - coalesce((select max(p.posting_combination_id) + 1 from postern.posting_combination as p
                                                     where p.posting_combination_id between b.first_id and b.first_id + b.size - 1), b.first_id)), 128)
  from postern_internal.combination_block as b
 where b.company = $1 and b.given < b.size`, c.name)
	if room > 512 {
		return
	}
	filler := rapid.SampledFrom(codes[1:]).Draw(r, "code")
	number := len(c.combinations)
	ids := Values[int64](m.t, m.pool, "select postern.posting_combination_id($1, $2, code_e => 'F', code_j => n::text) from generate_series($3::integer, $3 + $4::integer) as n order by n",
		c.name, filler, number, room)
	for n, id := range ids {
		var drawn codeString
		drawn[0], drawn[4], drawn[parts-1] = filler, "F", fmt.Sprint(number+n)
		c.combinations[id] = drawn
	}
	for _, id := range []int64{slices.Min(ids), slices.Max(ids), ids[len(ids)/2]} {
		for _, other := range m.companies {
			Run(m.t, m.pool, "insert into shop.everything (company, ledger_id, id) values ($1, 'IL', $2), ($1, 'XL', $2 + 1), ($1, 'IL', $2 + 128)", other.name, id)
		}
	}
}

// rules generates the rules of a class, and returns what identifies the class in SQL.
func (m *machine) class(r *rapid.T) (function string, arguments []any, drawn *class) {
	c := m.company(r)
	name := rapid.SampledFrom([]string{"A", "B"}).Draw(r, "class")
	if rapid.Bool().Draw(r, "internal ledger") {
		return "add_ledger_combination($1, $2, $3, ", []any{c.name, "IL", name}, c.ledgers["IL"].classes[name]
	}
	return "add_authority_combination($1, $2, ", []any{c.name, name}, c.classes[name]
}

func (m *machine) addRule(r *rapid.T) {
	function, arguments, class := m.class(r)
	added := rule{allowed: rapid.IntRange(0, 2).Draw(r, "allowed") > 0}
	for n := range added.patterns {
		added.patterns[n] = "%"
		if slices.Contains(variedParts, n) {
			added.patterns[n] = rapid.SampledFrom(patterns).Draw(r, "pattern")
		}
	}
	first := len(arguments) + 1
	arguments = append(arguments, added.allowed)
	places := []string{fmt.Sprintf("$%d", first)}
	for n, pattern := range added.patterns {
		arguments = append(arguments, pattern)
		places = append(places, fmt.Sprintf("$%d", first+1+n))
	}
	added.id = Value[int64](m.t, m.pool, "select postern."+function+strings.Join(places, ", ")+")", arguments...)
	if !slices.ContainsFunc(class.rules, func(known rule) bool { return known.id == added.id }) {
		class.rules = append(class.rules, added)
	}
}

func (m *machine) removeRule(r *rapid.T) {
	_, _, class := m.class(r)
	if len(class.rules) == 0 {
		return
	}
	n := rapid.IntRange(0, len(class.rules)-1).Draw(r, "rule")
	Run(m.t, m.pool, "select postern.remove_authority_combination($1)", class.rules[n].id)
	class.rules = slices.Delete(class.rules, n, n+1)
}

func nullable(name string) any {
	if name == "" {
		return nil
	}
	return name
}

func (m *machine) setClass(r *rapid.T) {
	c := m.company(r)
	if len(c.users) == 0 {
		return
	}
	userid := rapid.SampledFrom(keys(c.users)).Draw(r, "user")
	c.users[userid] = rapid.SampledFrom([]string{"", "A", "A", "B", "B", "MAX"}).Draw(r, "class")
	Run(m.t, m.pool, "select postern.set_user_authority_class($1, $2, $3)", c.name, userid, nullable(c.users[userid]))
}

func (m *machine) setLedgerClass(r *rapid.T) {
	c := m.company(r)
	if len(c.users) == 0 {
		return
	}
	userid := rapid.SampledFrom(keys(c.users)).Draw(r, "user")
	l := c.ledgers["IL"]
	l.users[userid] = rapid.SampledFrom([]string{"", "A", "A", "B", "B", "MAX"}).Draw(r, "class")
	Run(m.t, m.pool, "select postern.grant_ledger($1, 'IL', $2)", c.name, userid)
	Run(m.t, m.pool, "select postern.set_user_ledger_class($1, 'IL', $2, $3)", c.name, userid, nullable(l.users[userid]))
}

func (m *machine) toggle(r *rapid.T) {
	c := m.company(r)
	c.rowLevelSecurity = !c.rowLevelSecurity
	Run(m.t, m.pool, "select postern.set_row_level_security($1, $2)", c.name, c.rowLevelSecurity)
}

func (m *machine) grant(r *rapid.T) {
	c, userid := m.company(r), rapid.SampledFrom(users).Draw(r, "user")
	if _, isUser := c.users[userid]; !isUser {
		c.users[userid] = ""
	}
	Run(m.t, m.pool, "select postern.grant_company($1, $2)", userid, c.name)
}

func (m *machine) revoke(r *rapid.T) {
	c, userid := m.company(r), rapid.SampledFrom(users).Draw(r, "user")
	if rapid.Bool().Draw(r, "ledger only") {
		delete(c.ledgers["IL"].users, userid)
		Run(m.t, m.pool, "select postern.revoke_ledger($1, 'IL', $2)", c.name, userid)
		return
	}
	delete(c.users, userid)
	delete(c.ledgers["IL"].users, userid)
	Run(m.t, m.pool, "select postern.revoke_company($1, $2)", userid, c.name)
}

// rollBack changes everything about a company, and rolls it back.
func (m *machine) rollBack(r *rapid.T) {
	c := m.company(r)
	Run(m.t, m.pool, "begin")
	Run(m.t, m.pool, `
select postern.posting_combination_id($1, 'rolled back', code_j => $2),
       postern.add_authority_combination($1, 'A', false), postern.add_ledger_combination($1, 'IL', 'A', false)`,
		c.name, rapid.SampledFrom(codes).Draw(r, "code"))
	Run(m.t, m.pool, "select postern.set_row_level_security($1, $2)", c.name, !c.rowLevelSecurity)
	Run(m.t, m.pool, "select postern.compile_authority_maps()")
	Run(m.t, m.pool, "rollback")
}

// check compares every answer to every question with the evaluator's.
func (m *machine) check(r *rapid.T) {
	for _, userid := range users {
		As(m.t, m.application, userid, func(tx pgx.Tx) {
			seen := map[string][]int32{}
			for _, table := range []string{"keyed", "keyless", "fractions", "internal"} {
				seen[table] = Values[int32](m.t, tx, "select row_id from shop."+table)
			}
			rows, err := tx.Query(m.t.Context(), `
select row_id, coalesce(company, ''), coalesce(ledger_id, ''), coalesce(id, -1),
       'TRUE' = (SELECT Authorize_Comb_Finance_API.Is_Allowed(e.company, e.id) FROM postern.dual),
       'TRUE' = (SELECT Int_Led_Auth_Comb_Finance_API.Is_Allowed(e.company, e.ledger_id, e.id) FROM postern.dual),
       exists (select from postern.posting_combination as p where p.company = e.company and p.posting_combination_id = e.id), keyed
  from shop.everything as e`)
			if err != nil {
				m.t.Fatal(err)
			}
			var rowID int32
			var companyName, ledgerID string
			var id int64
			var general, internal, combinationShown, keyed bool
			_, err = pgx.ForEachRow(rows, []any{&rowID, &companyName, &ledgerID, &id, &general, &internal, &combinationShown, &keyed}, func() error {
				where := fmt.Sprintf("%s, company %s, ledger %s, id %d", userid, companyName, ledgerID, id)
				wantGeneral, wantInternal, exists, isUser := false, false, false, false
				for _, c := range m.companies {
					if c.name == companyName {
						wantGeneral = c.generalLedger(userid, id)
						wantInternal = c.internalLedger(userid, ledgerID, id)
						_, exists = c.combinations[id]
						_, isUser = c.users[userid]
					}
				}
				for question, got := range map[string]bool{
					"is_allowed":           general,
					"policy without a key": slices.Contains(seen["keyless"], rowID),
					"policy on numeric":    slices.Contains(seen["fractions"], rowID),
				} {
					if got != wantGeneral {
						r.Errorf("%s: %s says %v", where, question, got)
					}
				}
				if got := slices.Contains(seen["keyed"], rowID); got != (wantGeneral && keyed) {
					r.Errorf("%s: policy with a key says %v", where, got)
				}
				for question, got := range map[string]bool{
					"is_allowed in the ledger": internal,
					"policy of the ledger":     slices.Contains(seen["internal"], rowID),
				} {
					if got != wantInternal {
						r.Errorf("%s: %s says %v", where, question, got)
					}
				}
				if slices.Contains(seen["fractions"], -rowID) {
					r.Errorf("%s: a fraction is shown", where)
				}
				if combinationShown != (exists && isUser) {
					r.Errorf("%s: the posting combination is shown: %v", where, combinationShown)
				}
				return nil
			})
			if err != nil {
				m.t.Fatal(err)
			}
			m.checkCodeStrings(r, tx, userid)
		})
		m.checkExplanations(r, userid)
	}
}

func (m *machine) checkCodeStrings(r *rapid.T, tx pgx.Tx, userid string) {
	for _, c := range m.companies {
		var codes codeString
		for _, n := range variedParts {
			codes[n] = "12"
		}
		codes[4] = ""
		got := Value[string](m.t, tx, "select authorize_comb_finance_api.is_allowed_codestring($1, '12', code_j => '12')", c.name)
		if got != strings.ToUpper(fmt.Sprint(c.codeString(userid, codes))) {
			r.Errorf("%s, company %s: is_allowed_codestring says %s", userid, c.name, got)
		}
	}
}

func (m *machine) checkExplanations(r *rapid.T, userid string) {
	rows, err := m.pool.Query(m.t.Context(), `
select coalesce(e.company, ''), coalesce(e.ledger_id, ''), coalesce(e.id, -1), g.allowed, coalesce(g.reason, ''), i.allowed, coalesce(i.reason, '')
  from shop.everything as e
 cross join lateral postern.explain_access($1, e.company, e.id) as g
 cross join lateral postern.explain_access($1, e.company, e.id, coalesce(e.ledger_id, '')) as i`, userid)
	if err != nil {
		m.t.Fatal(err)
	}
	var companyName, ledgerID, generalReason, internalReason string
	var id int64
	var general, internal bool
	_, err = pgx.ForEachRow(rows, []any{&companyName, &ledgerID, &id, &general, &generalReason, &internal, &internalReason}, func() error {
		wantGeneral, wantInternal := false, false
		for _, c := range m.companies {
			if c.name == companyName {
				wantGeneral, wantInternal = c.generalLedger(userid, id), c.internalLedger(userid, ledgerID, id)
			}
		}
		if general != wantGeneral || generalReason == "" {
			r.Errorf("%s, company %s, id %d: explained as %v: %s", userid, companyName, id, general, generalReason)
		}
		if internal != wantInternal || internalReason == "" {
			r.Errorf("%s, company %s, ledger %s, id %d: explained as %v: %s", userid, companyName, ledgerID, id, internal, internalReason)
		}
		return nil
	})
	if err != nil {
		m.t.Fatal(err)
	}
}
