// Package configuration keeps an administrator's decisions about a database in files: settings, gates, actions, users,
// companies, rules, protected and guarded tables, events. It reads the files, shows how the database differs, changes the
// database to match in one transaction, and exports a database to a file.
//
// An absent key changes nothing. Secrets are never in the files.
//
// The comments of the types below become the descriptions in the published JSON schema, with their line ends. So each
// comment is one line.
package configuration

import "github.com/posternsql/postern/internal/acceptance"

// Configuration is all that one or more files say.
type Configuration struct {
	// Settings of Postern in this database, by name. "postern setting list" shows which there are.
	Settings map[string]Setting `json:"settings,omitzero"`
	// Gates, where business transactions stop for an approval, by gate id.
	Gates map[string]*Gate `json:"gates,omitzero"`
	// Actions of the application, by name.
	Actions map[string]*Action `json:"actions,omitzero"`
	// Users are the people who work through the application, by user id. PINs are never here.
	Users map[string]*User `json:"users,omitzero"`
	// Companies, by company id.
	Companies map[string]*Company `json:"companies,omitzero"`
	// ProtectedTables are the application's tables that show only rows of the user's companies, by schema.table.
	ProtectedTables map[string]*ProtectedTable `json:"protected_tables,omitzero"`
	// GuardedTables are the application's tables whose changes need an approval, by schema.table, and their guards by gate id.
	GuardedTables map[string]map[string]*Guard `json:"guarded_tables,omitzero"`
	// Events of which receivers can be notified, by name. "postern event list" shows which there are.
	Events map[string]*Event `json:"events,omitzero"`
	// EventActions say which receiver is notified of an event, by name. The secrets of webhooks are never here.
	EventActions map[string]*EventAction `json:"event_actions,omitzero"`
	// AcceptedFindings are findings of "postern doctor" and grants that "postern verify" finds, which somebody has accepted. Only these two commands read them; they are not stored in the database.
	AcceptedFindings []AcceptedFinding `json:"accepted_findings,omitzero"`
}

// Setting is the value of a setting: true, false, a number or a text.
type Setting string

// Gate is a place in the application's business code where a transaction stops until a person approves it.
type Gate struct {
	// For the dialog and for administrators: 1 to 200 characters. A new gate needs it.
	Description *string `json:"description,omitzero"`
	// What the log says, with &NAME for parameters: at most 2000 characters. A new gate needs it.
	Message *string `json:"message,omitzero"`
	// Names of the parameters. A new gate has none.
	Parameters []string `json:"parameters,omitzero"`
	// The parameters that must be the same when the approved transaction is sent again. If absent while parameters is given: all of them.
	BoundParameters []string `json:"bound_parameters,omitzero"`
	// Whether each pass of the gate needs its own approval, which opens nothing else. A new gate does not.
	Exclusive *bool `json:"exclusive,omitzero"`
	// The schemes with which people approve, the usual one first. Each must be enabled in the database. Such a gate is exclusive. null for all that are enabled, as in a new gate.
	Schemes []string `json:"schemes,omitzero"`
	// Whether the gate stops transactions. If absent, the gate stays as it is; a new gate is inactive.
	Active *bool `json:"active,omitzero"`
	// The parts of the gate that later registrations by the application do not change. If absent: active, if that is given.
	Administered []Administered `json:"administered,omitzero"`
}

// Administered is a part of a gate that the administrator decides, not the application that registers the gate.
type Administered string

// Action is what a client of the application calls as one transaction.
type Action struct {
	// The gate that the action itself stops at. null for none.
	Checkpoint *string `json:"checkpoint,omitzero" nullable:"true"`
	// The gates deep in the business code that the action may pass.
	LegacyCheckpoints []string `json:"legacy_checkpoints,omitzero"`
}

// User is a person who works through the application.
type User struct {
	// Who this is, for people: 1 to 200 characters. A new user needs it.
	Description *string `json:"description,omitzero"`
	// The database role that acts as this person if no session was started. null for none.
	DBRole *string `json:"db_role,omitzero" nullable:"true"`
	// Whether the user is active. If absent, that stays as it is; a new user is active.
	Active *bool `json:"active,omitzero"`
	// The user's default company, which must be one of the user's companies.
	DefaultCompany *Scalar `json:"default_company,omitzero"`
}

// Company is a financial company.
type Company struct {
	// 1 to 200 characters. A new company needs it.
	Name *string `json:"name,omitzero"`
	// Whether authority classes decide what the company's users see. Off in a new company.
	RowLevelSecurity *bool `json:"row_level_security,omitzero"`
	// Users of the company, by user id.
	Users map[string]*CompanyUser `json:"users,omitzero"`
	// Authority classes, by name. MAX, which allows everything, is always there.
	Classes map[string]*Class `json:"classes,omitzero"`
	// Internal ledgers, by id.
	Ledgers map[string]*Ledger `json:"ledgers,omitzero"`
}

// CompanyUser is a user of one company.
type CompanyUser struct {
	// The user's one authority class in the company. null for none.
	Class *Scalar `json:"class,omitzero" nullable:"true"`
}

// Class is an authority class: not allowed always wins, and what no rule allows is not allowed.
type Class struct {
	// Code strings that the class allows.
	Allow []Rule `json:"allow,omitzero"`
	// Code strings that the class does not allow, whatever else it allows.
	Deny []Rule `json:"deny,omitzero"`
}

// Rule is one authority combination. Each code part is a value; a single space for blank; or a pattern with % for any characters or none, and _ for one; [%], [_] and [[] are these characters themselves. A code part that is absent is %.
type Rule struct {
	CodeA Scalar `json:"code_a,omitzero"`
	CodeB Scalar `json:"code_b,omitzero"`
	CodeC Scalar `json:"code_c,omitzero"`
	CodeD Scalar `json:"code_d,omitzero"`
	CodeE Scalar `json:"code_e,omitzero"`
	CodeF Scalar `json:"code_f,omitzero"`
	CodeG Scalar `json:"code_g,omitzero"`
	CodeH Scalar `json:"code_h,omitzero"`
	CodeI Scalar `json:"code_i,omitzero"`
	CodeJ Scalar `json:"code_j,omitzero"`
}

// Ledger is an internal ledger of a company.
type Ledger struct {
	// Users of the company who are connected to the ledger, by user id.
	Users map[string]*LedgerUser `json:"users,omitzero"`
	// Authority classes of the ledger, by name.
	Classes map[string]*Class `json:"classes,omitzero"`
}

// LedgerUser is a user of one internal ledger.
type LedgerUser struct {
	// The class of the ledger that limits what the user sees there. null for none.
	Class *Scalar `json:"class,omitzero" nullable:"true"`
}

// ProtectedTable says which columns protect a table. A table that is already protected needs only its name.
type ProtectedTable struct {
	// By company alone, or by the ledger's rules as well. A new one needs it.
	Protection *Protection `json:"protection,omitzero"`
	// The column with the company. If absent: "company".
	CompanyColumn *string `json:"company_column,omitzero"`
	// For a ledger, the column with the posting combination's id. If absent: "posting_combination_id".
	CombinationColumn *string `json:"combination_column,omitzero"`
	// For an internal ledger, the column with the ledger's id.
	LedgerColumn *string `json:"ledger_column,omitzero"`
}

// Guard says which changes of a table stop at a gate until a person approves them.
type Guard struct {
	// The guarded operations. If absent: all. With delete, TRUNCATE is refused too.
	Operations []Operation `json:"operations,omitzero"`
	// An UPDATE that changes none of these columns asks nothing. null for all columns, as in a new guard.
	Columns []string `json:"columns,omitzero"`
	// For each parameter of the gate the column with its value, or count or sum(column) over the rows of a statement. If absent: the column of the parameter's name.
	Parameters map[string]string `json:"parameters,omitzero"`
	// An SQL expression over old and new. Rows for which it is false ask nothing. null for none.
	Condition *string `json:"condition,omitzero" nullable:"true"`
	// Whether each statement needs its own approval, for which the gate becomes exclusive. If absent: true.
	Exclusive *bool `json:"exclusive,omitzero"`
}

// Operation changes rows of a table.
type Operation string

// Event is what happened at a checkpoint.
type Event struct {
	// Whether receivers are notified of it. If absent, that stays as it is.
	Enabled *bool `json:"enabled,omitzero"`
}

// EventAction notifies one receiver of one event. It covers what commits after it was created. A new one needs the event and one of webhook, mail, function and notify.
type EventAction struct {
	// The event.
	Event *string `json:"event,omitzero"`
	// The URL to post to. For a new webhook, apply prints the secret once.
	Webhook *string `json:"webhook,omitzero"`
	// The mail address to send to.
	Mail *string `json:"mail,omitzero"`
	// The SQL function to call, as schema.name.
	Function *string `json:"function,omitzero"`
	// The channel to notify.
	Notify *string `json:"notify,omitzero"`
	// Notify only if this expression over the event's parameters is true. null for always.
	When *string `json:"when,omitzero" nullable:"true"`
	// The mail's text, or the webhook's body. null for the default.
	Template *string `json:"template,omitzero" nullable:"true"`
	// Whether the webhook may go to an internal address, and by http. A new one may not.
	AllowInternal *bool `json:"allow_internal,omitzero"`
}

// AcceptedFinding is a finding that somebody has accepted until a day. It needs all but the level.
type AcceptedFinding struct {
	// The finding's code; extra_grant for a grant that verify finds.
	Finding *FindingName `json:"finding,omitzero" jsonschema:"required"`
	// What the finding is about, exactly as in the output of doctor --json, or as the name in that of verify --json. A list if there are several.
	Object Objects `json:"object,omitzero" jsonschema:"required"`
	// The worst level that is accepted: with warn, a finding that becomes an error counts again. If absent: any level.
	Level *FindingLevel `json:"level,omitzero"`
	// Why it is accepted, for those who come later.
	Reason *string `json:"reason,omitzero" jsonschema:"required"`
	// The last day, by UTC, on which it is accepted: YYYY-MM-DD.
	Until *Day `json:"until,omitzero" jsonschema:"required"`
}

// FindingName is the code of one of doctor's checks, or extra_grant.
type FindingName string

// FindingLevel is how bad a finding is.
type FindingLevel string

// Objects names what findings are about.
type Objects []string

// Day is a date: YYYY-MM-DD.
type Day string

// Protection is how a table is protected.
type Protection string

// Scalar is a text that may look like a number or a truth value. It is taken as written: 010 stays 010 and no stays no,
// with quotes or without.
type Scalar string

// allowedValues are the only values of these types.
var allowedValues = map[string][]string{
	"Administered": {"active", "message"},
	"FindingLevel": {acceptance.Error, acceptance.Warn},
	"FindingName":  acceptance.Names(),
	"Operation":    {"insert", "update", "delete"},
	"Protection":   {"company", "ledger"},
}

func (r *Rule) patterns() []*Scalar {
	return []*Scalar{&r.CodeA, &r.CodeB, &r.CodeC, &r.CodeD, &r.CodeE, &r.CodeF, &r.CodeG, &r.CodeH, &r.CodeI, &r.CodeJ}
}
