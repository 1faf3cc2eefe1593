package query

import "context"

// EachUserAccess is AccessReport, but passes on each row as it arrives and keeps none.
func (q *Queries) EachUserAccess(ctx context.Context, afterUserID *string, users int32, each func(userid string, access []byte) error) error {
	rows, err := q.db.Query(ctx, accessReport, afterUserID, users)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var userid string
		var access []byte
		if err := rows.Scan(&userid, &access); err != nil {
			return err
		}
		if err := each(userid, access); err != nil {
			return err
		}
	}
	return rows.Err()
}
