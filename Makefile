# Postern. `make` prints what there is; `make verify` is what CI runs before the tests.

.DEFAULT_GOAL := help
.PHONY: help generate generate-fold generate-db generate-schema generate-manifest generate-privileges generate-configuration generate-element verify verify-format verify-vet verify-shell verify-sql verify-db verify-schema verify-configuration verify-element test test-fast screenshots demo bench

ESBUILD := go tool -modfile=tools/go.mod esbuild checkpointhttp/element/element.ts --bundle --minify --format=esm --target=es2022 \
	--loader:.css=text --log-level=warning
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
	$(ESBUILD) --outfile=checkpointhttp/element/element.js

verify: verify-format verify-vet verify-shell verify-sql verify-db verify-schema verify-configuration verify-element ## check that all that is generated is current, and lint (PostgreSQL 15, plpgsql_check, npm)

verify-format: ## gofmt
	@files=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$files" || { echo "not formatted: $$files"; exit 1; }

verify-vet: ## go vet, staticcheck, and go.mod is tidy
	go vet ./...
	go vet -tags verify ./tests/verify
	go vet -tags cron ./tests/upkeep
	go vet -tags upgrade ./tests/upgrade
	$(STATICCHECK) ./...
	$(STATICCHECK) -tags verify ./tests/verify
	$(STATICCHECK) -tags upgrade ./tests/upgrade
	go mod tidy -diff

verify-shell: ## shellcheck of what CI runs, and of a server's supervisor (Debian package shellcheck)
	shellcheck --external-sources .ci/*
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
	$(ESBUILD) | cmp - checkpointhttp/element/element.js
	cd checkpointhttp/element && npm ci && npx --no-install tsc

test: ## all tests
	go test ./...

test-fast: ## a useful part of the tests, in about a minute
	go test . ./internal/acceptance ./internal/callgraph ./internal/printable ./internal/userid ./tests/checkpoint ./tests/company ./tests/ledger

screenshots: ## the pictures of the dialog in docs/images (Debian package chromium)
	go test ./checkpointhttp -run TestScreenshotsOfTheDocumentation -count 1 -update

demo: ## the story on a throw-away server
	go run ./cmd/installer demo

bench: ## the measurements of docs/benchmarks.md
	go run ./cmd/installer bench
