// Package access reads what users may see and do: a page about one user, or a report about all of them.
package access

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/query"
)

// Account is a user, and what the user may see.
type Account struct {
	UserID      string    `json:"userid"`
	Description string    `json:"description"`
	Active      bool      `json:"active"`
	CreatedAt   time.Time `json:"created_at"`
	// PIN is none, must_change, or set.
	PIN          string     `json:"pin"`
	PINChangedAt *time.Time `json:"pin_changed_at"`
	// LockedUntil is nil if the credential is not locked.
	LockedUntil *time.Time `json:"locked_until"`
	// DBRole is the database role that is this person, and Roles are those of Postern's roles that it is a member of.
	// Login says whether the database lets it use them: see postern.access_report.
	DBRole *string  `json:"db_role"`
	Roles  []string `json:"roles"`
	Login  *string  `json:"login"`
	// Schemes are those with which the user can approve.
	Schemes           []string  `json:"schemes"`
	ApprovesForOthers bool      `json:"approves_for_others"`
	Companies         []Company `json:"companies"`
}

// Company is a company in which a user may work.
type Company struct {
	Company          string  `json:"company"`
	Name             string  `json:"name"`
	IsDefault        bool    `json:"is_default"`
	RowLevelSecurity bool    `json:"row_level_security"`
	Class            *string `json:"class"`
	// Combinations is how many posting combinations of the company the user may see, and OfCombinations is how many
	// it has.
	Combinations   int64    `json:"combinations"`
	OfCombinations int64    `json:"of_combinations"`
	Ledgers        []Ledger `json:"ledgers"`
}

// Ledger is an internal ledger to which a user is connected.
type Ledger struct {
	LedgerID       string  `json:"ledger_id"`
	Class          *string `json:"class"`
	Combinations   int64   `json:"combinations"`
	OfCombinations int64   `json:"of_combinations"`
}

// Page is all about one user.
type Page struct {
	Account
	Rules   []query.AuthorityCombination `json:"rules"`
	Gates   []Gate                       `json:"gates"`
	Actions []Action                     `json:"actions"`
}

// Gate is a gate, and whether a user may approve there.
type Gate struct {
	GateID      string `json:"gate_id"`
	Description string `json:"description"`
	// Asks says whether the gate stops transactions.
	Asks       bool `json:"asks"`
	Exclusive  bool `json:"exclusive"`
	BuiltIn    bool `json:"built_in"`
	MayApprove bool `json:"may_approve"`
}

// Action is an action, and whether a user can begin it and approve what it asks.
type Action struct {
	Action            string   `json:"action"`
	Checkpoint        *string  `json:"checkpoint"`
	LegacyCheckpoints []string `json:"legacy_checkpoints"`
	Asks              bool     `json:"asks"`
	MayPerform        bool     `json:"may_perform"`
}

// OfUser reads the page of one user. The database reads it from one snapshot.
func OfUser(ctx context.Context, queries *query.Queries, userid string) (*Page, error) {
	text, err := queries.UserAccess(ctx, userid)
	if err != nil {
		return nil, err
	}
	page := &Page{}
	return page, json.Unmarshal(text, page)
}

// Head says of a report when and by whom it was read, and at which head the log was.
type Head struct {
	Database           string    `json:"database"`
	ReadAt             time.Time `json:"read_at"`
	ReadBy             string    `json:"read_by"`
	Users              int64     `json:"users"`
	Companies          int64     `json:"companies"`
	CheckpointsEnabled bool      `json:"checkpoints_enabled"`
	AllUsersValid      bool      `json:"all_users_valid"`
	// LogHead is the newest signed head of the log, nil if none was signed.
	LogHead *LogHead `json:"log_head"`
}

// LogHead is a signed head of the log. Its signature has not been checked.
type LogHead struct {
	TreeSize int64     `json:"tree_size"`
	RootHash string    `json:"root_hash"`
	SignedAt time.Time `json:"signed_at"`
	Note     string    `json:"note"`
}

// User is a user in a report. Gates are the gates where the user may approve, and Actions those that the user can
// perform.
type User struct {
	Account
	Gates   []string `json:"gates"`
	Actions []string `json:"actions"`
}

// Writer takes the parts of a report in the order of its methods, and keeps none of them.
type Writer interface {
	Head(*Head) error
	Gates([]query.Gate) error
	Actions([]query.Action) error
	// Rules is called for each page of rules, and User for each user.
	Rules([]query.AuthorityCombination) error
	User(*User) error
}

const (
	pageRules = 1000
	// pageUsers is how many users the server evaluates at once. It counts the bits of each class once a page. A user may
	// have thousands of companies, so this process reads a page user by user.
	pageUsers = 500
)

// Report writes what all users may see and do, as of one moment. Its memory does not grow with the number of users or
// rules. onProgress receives how many users were written, of how many; it may be nil.
func Report(ctx context.Context, connection *pgx.Conn, writer Writer, onProgress func(users, of int64)) (head *Head, err error) {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, connection, options, func(tx pgx.Tx) error {
		queries := query.New(tx)
		text, err := queries.AccessReportHead(ctx)
		if err != nil {
			return err
		}
		head = &Head{}
		if err := json.Unmarshal(text, head); err != nil {
			return err
		}
		if err := writer.Head(head); err != nil {
			return err
		}
		if err := writeRegistered(ctx, queries, writer); err != nil {
			return err
		}
		return writeUsers(ctx, queries, writer, func(users int64) {
			if onProgress != nil {
				onProgress(users, head.Users)
			}
		})
	})
	return head, err
}

func writeRegistered(ctx context.Context, queries *query.Queries, writer Writer) error {
	gates, err := queries.ListGates(ctx)
	if err != nil {
		return err
	}
	if err := writer.Gates(gates); err != nil {
		return err
	}
	actions, err := queries.ListActions(ctx)
	if err != nil {
		return err
	}
	if err := writer.Actions(actions); err != nil {
		return err
	}
	for after := int64(0); ; {
		page, err := queries.ListRulesAfter(ctx, after, pageRules)
		if err != nil || len(page) == 0 {
			return err
		}
		if err := writer.Rules(page); err != nil {
			return err
		}
		after = page[len(page)-1].RuleID
	}
}

func writeUsers(ctx context.Context, queries *query.Queries, writer Writer, onProgress func(users int64)) error {
	var after *string
	for written, begun := int64(0), int64(-1); written > begun; {
		begun = written
		err := queries.EachUserAccess(ctx, after, pageUsers, func(userid string, text []byte) error {
			var user User
			if err := json.Unmarshal(text, &user); err != nil {
				return err
			}
			written++
			after = &userid
			onProgress(written)
			return writer.User(&user)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
