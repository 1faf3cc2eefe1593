package install

import "testing"

// Each query is first as PostgreSQL 15 prints it, and then as PostgreSQL 16 does.
func TestQualifiersAreLeftOutAsPostgreSQL16DoesIt(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ printed, want string }{
		"one table": {
			" SELECT t.a,\n    (t.b)::text AS b\n   FROM public.t\n  WHERE (t.a > 0)\n  ORDER BY t.a;",
			" SELECT a,\n    (b)::text AS b\n   FROM public.t\n  WHERE (a > 0)\n  ORDER BY a;",
		},
		"an alias, which is also a word in a string, a name, a schema and a type": {
			` SELECT a.x AS "a.x",` + "\n    'it''s a.x' AS y,\n    a.f(a.x) AS z,\n    (a.x)::a.kind AS k,\n    (o.a).x AS b\n   FROM public.t a;",
			` SELECT x AS "a.x",` + "\n    'it''s a.x' AS y,\n    a.f(x) AS z,\n    (x)::a.kind AS k,\n    (o.a).x AS b\n   FROM public.t a;",
		},
		"quoted names": {
			` SELECT "T t"."A""a"` + "\n   FROM public.\"T t\";",
			` SELECT "A""a"` + "\n   FROM public.\"T t\";",
		},
		"a query within": {
			" SELECT a.x,\n    ( SELECT max(b.y) AS max\n           FROM b\n          WHERE (b.x = a.x)) AS y\n   FROM a\n  WHERE (EXISTS ( SELECT\n           FROM c\n          WHERE (c.x = f(a.x))));",
			" SELECT x,\n    ( SELECT max(b.y) AS max\n           FROM b\n          WHERE (b.x = a.x)) AS y\n   FROM a\n  WHERE (EXISTS ( SELECT\n           FROM c\n          WHERE (c.x = f(a.x))));",
		},
		"the whole row, and a function's columns": {
			" SELECT s.*::text AS row,\n    s.n\n   FROM unnest(ARRAY[1, 2]) WITH ORDINALITY s(n, place);",
			" SELECT s.*::text AS row,\n    n\n   FROM unnest(ARRAY[1, 2]) WITH ORDINALITY s(n, place);",
		},
		"with": {
			" WITH a AS MATERIALIZED (\n         SELECT b.x\n           FROM b\n        )\n SELECT a.x\n   FROM a;",
			" WITH a AS MATERIALIZED (\n         SELECT b.x\n           FROM b\n        )\n SELECT x\n   FROM a;",
		},
		"a query in parentheses": {
			" SELECT f.x\n   FROM ( SELECT f.x\n           FROM f) f;",
			" SELECT x\n   FROM ( SELECT f.x\n           FROM f) f;",
		},
		"two tables":  {" SELECT a.x\n   FROM a,\n    b;", " SELECT a.x\n   FROM a,\n    b;"},
		"a join":      {" SELECT j.x\n   FROM (a\n     JOIN b ON ((a.x = b.x))) j;", " SELECT j.x\n   FROM (a\n     JOIN b ON ((a.x = b.x))) j;"},
		"a union":     {" SELECT a.x\n   FROM a\nUNION ALL\n SELECT b.x\n   FROM b;", " SELECT a.x\n   FROM a\nUNION ALL\n SELECT b.x\n   FROM b;"},
		"no relation": {" SELECT 1 AS one;", " SELECT 1 AS one;"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := withoutQualifiers(test.printed); got != test.want {
				t.Errorf("%s\nbecomes\n%s\nwant\n%s", test.printed, got, test.want)
			}
		})
	}
}
