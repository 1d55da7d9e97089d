# One target a line that a reader can paste. LAB=0 with run: this host's own traffic instead of the lab.
.PHONY: help build run test lab policy-cases eval bench kill-test root dependencies test-dependencies
lab = artifacts/bin/NetPulse.Lab/release/netpulse-lab

help: ## what there is
	@awk -F ': .*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

build: dependencies ## everything, warnings as errors
	@dotnet build NetPulse.sln -c Release --nologo -v quiet

run: root build ## the whole loop in a lab on this host, until Ctrl-C; LAB=0 watches this host's own traffic and changes nothing
	@$(lab) $(if $(filter 0,$(LAB)),watch,demo) $(ARGS)

test: test-dependencies build ## every test; those that need root say so
	@scripts/test.sh

lab: root build ## one scenario without our services: make lab SCENARIO=receive-window
	@$(lab) scenario $(or $(SCENARIO),receive-window) --heal

policy-cases: build ## any folder of policy cases, each with its expected answer: make policy-cases CASES=dir OUT=file.json
	@artifacts/bin/NetPulse.Optimizer/release/netpulse-optimizer policies cases $(CASES) $(if $(OUT),--out $(OUT))

eval: build ## the detectors on labelled series: make eval DATA=dir OUT=file.json NAB_THRESHOLD=number PEERS=1
	@artifacts/bin/NetPulse.Benchmarks.Detection/release/netpulse-bench-detection --data $(or $(DATA),../shared/detection) $(if $(OUT),--out $(OUT)) $(if $(NAB_THRESHOLD),--nab-threshold $(NAB_THRESHOLD)) $(if $(PEERS),--peers)

bench: build ## speed and memory of the hot paths
	@dotnet run --project benchmarks/Telemetry -c Release --no-build -- --filter '*'
	@dotnet run --project benchmarks/Policies -c Release --no-build

kill-test: root build ## kill -9 of a random service at random moments of a change, ROUNDS times; every value must be back
	@NETPULSE_KILLS=$(or $(ROUNDS),20) dotnet test tests/EndToEnd -c Release --no-build --nologo --filter Every_value_is_back --logger "console;verbosity=normal"

dependencies:
	@scripts/install-dependencies.sh

test-dependencies:
	@scripts/install-dependencies.sh --test

root:
	@[ "$$(id -u)" -eq 0 ] || { echo "Run as root (sudo make ...): loading eBPF and making network namespaces need it." >&2; exit 1; }
