# Postern. `make` prints what there is; `make verify` is what CI runs before the tests.

.DEFAULT_GOAL := help
.PHONY: help generate generate-fold generate-db generate-schema generate-manifest generate-privileges generate-configuration generate-element verify verify-format verify-vet verify-shell verify-sql verify-db verify-schema verify-configuration verify-element verify-deploy accessibility drivers test test-matrix test-upgraded keep-release test-pooler test-patroni soak test-fast screenshots demo bench

ESBUILD := go tool -modfile=tools/go.mod esbuild --bundle --minify --format=esm --target=es2022 --loader:.css=text --log-level=warning \
	--external:./element.js
SQLC := go tool -modfile=tools/go.mod sqlc
# Without golangci-lint: it brings 190 modules and two minutes of compilation, and its checks of errors, response bodies, rows
# and conversions found nothing to mend beyond what staticcheck finds.
STATICCHECK := go tool -modfile=tools/go.mod staticcheck

help: ## print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-22s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

generate: generate-fold generate-schema generate-db generate-manifest generate-privileges generate-configuration generate-element ## make all that is generated anew

generate-fold: ## the fold of user ids from Go's tables of Unicode
	go test ./internal/userid -run TestCommittedFunctionMatchesTheTables -count 1 -update

generate-db: ## Go bindings in db/ and internal/query/ from sql/queries
	$(SQLC) generate

generate-schema: ## the committed schema dump, and the schema that sqlc reads, from a fresh installation (PostgreSQL 15)
	go test -tags verify ./tests/verify -run 'IsTheInstalledOne$$' -count 1 -update

generate-manifest: ## what an installation consists of, for postern verify (PostgreSQL 15 or later: each prints the same)
	go test ./tests/install -run TestManifestIsWhatIsInstalled -count 1 -update

generate-privileges: ## who may call what, to be reviewed
	go test ./tests/attack -run TestRolesMayDoWhatTheMatrixSays -count 1 -update

generate-configuration: ## the JSON Schema of configuration files from their Go types
	go test ./internal/configuration -run TestPublishedSchemaMatchesTheTypes -count 1 -update

generate-element: ## the script of <postern-checkpoint> from its TypeScript
	$(ESBUILD) checkpointhttp/element/element.ts --outfile=checkpointhttp/element/element.js
	$(ESBUILD) checkpointhttp/element/passkey.ts --outfile=checkpointhttp/element/passkey.js
	$(ESBUILD) checkpointhttp/element/totp.ts --outfile=checkpointhttp/element/totp.js

verify: verify-format verify-vet verify-shell verify-sql verify-db verify-schema verify-configuration verify-element verify-deploy ## check that all that is generated is current, and lint (PostgreSQL 15, plpgsql_check, npm, promtool, docker-compose, systemd)

verify-format: ## gofmt
	@files=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$files" || { echo "not formatted: $$files"; exit 1; }

verify-vet: ## go vet, staticcheck, and go.mod is tidy
	go vet ./...
	go vet -tags verify ./tests/verify
	go vet -tags cron ./tests/upkeep
	go vet -tags upgrade ./tests/pgupgrade
	go vet -tags deploy ./tests/deploy
	go vet -tags patroni ./tests/patroni
	$(STATICCHECK) ./...
	$(STATICCHECK) -tags verify ./tests/verify
	$(STATICCHECK) -tags upgrade ./tests/pgupgrade
	$(STATICCHECK) -tags deploy ./tests/deploy
	$(STATICCHECK) -tags patroni ./tests/patroni
	go mod tidy -diff

verify-shell: ## shellcheck of all scripts (Debian package shellcheck)
	shellcheck --external-sources .ci/* deploy/patroni/confirm-timeline deploy/action/install deploy/action/check release/build release/system/postinstall
	shellcheck --shell=sh internal/server/supervise.sh

verify-sql: ## the layers of sql/functions, its file names and pinned search_paths (no server)
	go test ./sql -count 1

verify-db: ## db/ and internal/query/ are what sqlc makes of sql/queries
	$(SQLC) diff
	$(SQLC) vet

verify-schema: ## the schema dump is current and the PL/pgSQL is clean
	go test -tags verify ./tests/verify -count 1

verify-configuration: ## the JSON Schema of configuration files is current
	go test ./internal/configuration -run TestPublishedSchemaMatchesTheTypes -count 1

verify-element: ## the script of <postern-checkpoint> is current, and its types are right (npm)
	$(ESBUILD) checkpointhttp/element/element.ts | cmp - checkpointhttp/element/element.js
	$(ESBUILD) checkpointhttp/element/passkey.ts | cmp - checkpointhttp/element/passkey.js
	$(ESBUILD) checkpointhttp/element/totp.ts | cmp - checkpointhttp/element/totp.js
	cd checkpointhttp/element && npm ci && npx --no-install tsc

accessibility: ## what the tests of the dialog check it with (npm)
	cd checkpointhttp/element && npm ci

drivers: ## what the test of docs/drivers/node needs (npm)
	cd docs/drivers/node && npm ci

verify-deploy: ## the files of deploy/ are what systemd, Prometheus and Docker understand (Debian packages prometheus, docker-compose)
	go test -tags deploy ./tests/deploy -count 1

test: ## all tests
	go test ./...

test-matrix: drivers accessibility ## all tests on each version in MAJORS, by default 15 to 19, in Docker (root, Debian)
	failed=; for major in $(or $(MAJORS),15 16 17 18 19); do .ci/docker $$major go test ./... -timeout 30m -count 1 || failed="$$failed $$major"; done; \
	if [ -n "$$failed" ]; then echo "failed on PostgreSQL$$failed" >&2; exit 1; fi

# Who is who: each of these attacks once more, through a pooler.
identity := $(shell sed -n 's/^func \(Test[A-Za-z]*\).*/\1/p' tests/attack/session_test.go tests/attack/login_test.go | paste -sd '|')

test-upgraded: drivers accessibility ## all tests, in databases of the newest release that are upgraded to this build
	former=$$(.ci/former) && POSTERN_TEST_FORMER=$(CURDIR)/tests/upgrade/$${former:?there is none}/postern.sql go test ./... -timeout 30m -count 1

keep-release: ## keep what this commit would release in tests/upgrade, for the tests of later versions (PostgreSQL 15; POSTERN_TEST_VERSION says which)
	go test ./tests/upgrade -run TestDatabaseOfEachReleaseGoesOn -count 1 -keep
	go test ./internal/cli -run TestCommandsOfReleasesAreKept -count 1 -keep

test-pooler: ## what meets poolers, and 200 clients for the time in CROWD, by default two minutes (PgBouncer 1.21; POSTERN_PGBOUNCER names it)
	go test ./tests/client -run Pooler -count 1 -v -crowd $(or $(CROWD),2m)
	go test ./tests/drivers -run Pooler -count 1
	POSTERN_TEST_POOLER=yes go test ./tests/attack -run '^($(identity))$$' -count 1

test-patroni: ## a switchover and a failover under Patroni, in two minutes at most (Debian packages patroni, etcd-server)
	go test -tags patroni ./tests/patroni -count 1 -v

soak: ## 32 sessions for ten minutes while the server, the service, disk and clock break (root; a C compiler)
	go test ./tests/soak -count 1 -v -timeout 40m -soak 10m

test-fast: ## a useful part of the tests, in about a minute
	go test . ./internal/acceptance ./internal/callgraph ./internal/printable ./internal/userid ./tests/checkpoint ./tests/company ./tests/ledger

screenshots: ## the pictures of dialogs and of the example in docs/images (Debian package chromium)
	go test ./checkpointhttp ./examples/invoices -run TestScreenshotsOfTheDocumentation -count 1 -update

demo: ## the story on a throw-away server
	go run ./cmd/installer demo

bench: ## the measurements of docs/benchmarks.md
	go run ./cmd/installer bench
