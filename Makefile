# Thin: every target is one line a newcomer can read. Scripts live in .ci/.
.PHONY: run try test bench conformance docs fmt lint

ARGS ?=

run: ## all of aiflow in one process, with sample data, a fake DingTalk and a fake Odoo
	cargo run -p standalone -- --demo $(ARGS)

try: ## the documented journey through the Python SDK against `make run`
	cd aflow-client-python && PYTHONDONTWRITEBYTECODE=1 python3 journey.py http://127.0.0.1:7020 --dingtalk http://127.0.0.1:7030

test: ## everything, on a real PostgreSQL and RabbitMQ (found or started)
	bash .ci/test

bench: ## load, and its ratio to what the database alone can do
	bash .ci/bench $(ARGS)

conformance: ## the BPMN corpus of CONFORMANCE_CORPUS (../shared/conformance) against the engine, in process
	cargo run --release -p conformance -- $(ARGS)

docs: ## write docs/ERRORS.md and docs/EVENTS.md from the code
	UPDATE=1 cargo test -q -p tests --test it generated

fmt:
	cargo fmt --all

lint:
	cargo clippy --workspace --all-targets -- -D warnings
