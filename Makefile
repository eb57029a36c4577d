# The commands of the project. Each is a script in scripts/, where the reasons stand.
.DEFAULT_GOAL := help
.PHONY: help run stop logs setup assets test bench check fmt prepare image clean-demo clean

help: ## Show this
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F'\t' '{ printf "  make %-11s %s\n", $$1, $$2 }'

run: ## Install what is missing, build, and run the panel with a demo in the background
	@scripts/run.sh

stop: ## Stop the panel and its PostgreSQL; customers' servers go on
	@scripts/stop.sh

logs: ## Follow the panel's log
	@tail -n 100 -F var/log/berth.log

setup: ## Install what running and testing need
	@scripts/setup.sh test

assets: ## Fetch the pages' libraries and icons
	@scripts/assets.sh

test: ## All checks and tests, in a browser, by the API and under Compose too
	@scripts/test.sh

bench: ## Measure the panel against its floors: docs/benchmarks.md (some minutes; a group by itself: scripts/bench.sh lists)
	@scripts/bench.sh

check: ## Format, lints, docs, licences, spelling, committed queries
	@scripts/check.sh

fmt: ## Format the code
	@cargo fmt

prepare: ## Write anew what is generated and committed: .sqlx, openapi.json, docs/routes.txt
	@scripts/prepare.sh

image: ## Build the panel's image and its PostgreSQL's for docker-compose.yml
	@scripts/image.sh

clean-demo: ## Stop the panel and remove its data and its servers
	@scripts/clean-demo.sh

clean: ## Remove everything that was built
	@rm -rf target node_modules static/vendor
