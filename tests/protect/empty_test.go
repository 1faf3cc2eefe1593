package protect_test

import (
	"testing"

	. "github.com/posternsql/postern/internal/testsql"
)

// PostgreSQL evaluates the policy only if it needs the result. docs/company.md says so.
func TestPolicyOfAnEmptyTableRunsOnlyIfThePlanNeedsIt(t *testing.T) {
	s := newScene(t)
	Run(t, s.owner, `
create table shop.voucher (voucher_id integer, company text);
create index by_company on shop.voucher (company);
select postern.protect_company('shop.voucher')`)
	for _, test := range []struct {
		settings string
		asked    bool
	}{
		{"set enable_indexscan = off; set enable_bitmapscan = off; set enable_indexonlyscan = off", false},
		{"reset all; set enable_seqscan = off", true},
		{"reset all; set enable_indexscan = off; set enable_bitmapscan = off; set enable_indexonlyscan = off; set min_parallel_table_scan_size = 0; set parallel_setup_cost = 0; set parallel_tuple_cost = 0", true},
	} {
		Run(t, s.application, test.settings)
		if test.asked {
			Refused(t, s.application, "PS401", "select voucher_id from shop.voucher")
		} else {
			requireIDs(t, s.application)
		}
	}
	Run(t, s.application, "reset all")
	Refused(t, s.application, "PS401", "insert into shop.voucher values (1, '10')")
}
