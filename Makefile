# One target a line that a reader can paste. LAB=0 with run: this host's own traffic instead of the lab.
.PHONY: help bench-collector bench-collector-hour bench-fleet verify-counts build run test lab lab-all bench-lab bench-tuner policy-cases bench kill-test root dependencies test-dependencies test-kernels publish soak bench-store bench-store-year store-kill-test eval images
lab = artifacts/bin/NetPulse.Lab/release/netpulse-lab
# Of the lab's scenarios, each a few minutes, those that make bench runs.
benched = receive-window,udp-default-buffer,syn-queue,narrow-port-range,head-of-line

help: ## what there is
	@awk -F ': .*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' Makefile

build: dependencies ## everything, warnings as errors
	@dotnet build NetPulse.sln -c Release --nologo -v quiet

run: root build ## the whole loop in a lab on this host, until Ctrl-C; LAB=0 watches this host's own traffic and changes nothing
	@$(lab) $(if $(filter 0,$(LAB)),watch,demo) $(ARGS)

publish: dependencies ## the collector as one file with its runtime, and what it weighs; OUT=dir
	@scripts/publish.sh $(or $(OUT),artifacts/publish/collector)

images: dependencies ## the three container images as OCI archives, without a daemon; what they weigh, and that they run: make images OUT=dir
	@scripts/images.sh $(or $(OUT),artifacts/publish/images)

test: test-dependencies build ## every test; those that need root say so
	@scripts/test.sh

test-kernels: ## the published collector on Debian's kernels 6.1 and 6.12 in QEMU: which sources are on, and what they count; KERNELS="6.1" for one
	@scripts/test-kernels.sh $(KERNELS)

lab: root build ## one scenario without our services, healed by hand: make lab SCENARIO=receive-window; docs/lab.md names them
	@$(lab) scenario $(or $(SCENARIO),receive-window) --heal

lab-all: root build ## scenarios with our services: cause, change, healing: make lab-all OUT=file.json SCENARIOS=a,b STATIC=profile.conf; about a minute each
	@$(lab) judge $(if $(OUT),--out $(OUT)) $(if $(SCENARIOS),--scenarios $(SCENARIOS)) $(if $(STATIC),--static $(STATIC))

bench-lab: root build ## untouched, static profile and ours side by side, to benchmarks/results/lab.md: make bench-lab SCENARIOS=a,b
	@$(lab) bench --profile benchmarks/Lab/static-profile.conf --out benchmarks/results/lab.md $(if $(SCENARIOS),--scenarios $(SCENARIOS))

policy-cases: build ## any folder of policy cases, each with its expected answer: make policy-cases CASES=dir OUT=file.json
	@artifacts/bin/NetPulse.Optimizer/release/netpulse-optimizer policies cases $(CASES) $(if $(OUT),--out $(OUT))

eval: build ## the detectors on labelled series: make eval DATA=dir OUT=file.json NAB_THRESHOLD=number PEERS=1; without DATA the results page is written
	@artifacts/bin/NetPulse.Benchmarks.Detection/release/netpulse-bench-detection $(if $(DATA),--data $(DATA),--peers --results benchmarks/results/detection.md) $(if $(OUT),--out $(OUT)) $(if $(NAB_THRESHOLD),--nab-threshold $(NAB_THRESHOLD)) $(if $(PEERS),--peers)

bench: build ## speed and memory of the hot paths, and scenarios untouched, under a static profile and with ours: make bench SCENARIOS=a,b
	@dotnet run --project benchmarks/Telemetry -c Release --no-build -- --filter '*'
	@dotnet run --project benchmarks/Policies -c Release --no-build -- --results benchmarks/results/policies.md
	@dotnet run --project benchmarks/Kubernetes -c Release --no-build
	@[ "$$(id -u)" -eq 0 ] || { echo "The Tuner and the lab are left out: they need root." >&2; exit 0; }; artifacts/bin/NetPulse.Benchmarks.Tuner/release/netpulse-bench-tuner && \
		$(lab) bench --profile benchmarks/Lab/static-profile.conf --out artifacts/bench-lab.md --scenarios $(or $(SCENARIOS),$(benched)) && cat artifacts/bench-lab.md

bench-tuner: root build ## what the published Tuner costs beside 200 network namespaces, to benchmarks/results/tuner.md
	@dotnet publish src/Tuner -c Release -p:SingleFile=true -p:ArtifactsPath=$(abspath artifacts/single-file) -o artifacts/publish/tuner --nologo -v quiet
	@NETPULSE_TUNER=$(abspath artifacts/publish/tuner/netpulse-tuner) artifacts/bin/NetPulse.Benchmarks.Tuner/release/netpulse-bench-tuner benchmarks/results/tuner.md

bench-fleet: build ## one run of detection over 5,000 nodes with 500 series each: make bench-fleet NODES=n SERIES=n
	@artifacts/bin/NetPulse.Benchmarks.Fleet/release/netpulse-bench-fleet $(or $(NODES),5000) $(or $(SERIES),500)

bench-collector: root build ## what the published collector costs, side by side with none and with peers on the PATH: make bench-collector OUT=file.json RESULTS=page.md
	@scripts/publish.sh $(abspath artifacts/publish/collector) || echo "It cannot be published here: the collector as built is measured." >&2
	@published=$(abspath artifacts/publish/collector/netpulse-collector); [ ! -x $$published ] || export NETPULSE_COLLECTOR=$$published; \
		artifacts/bin/NetPulse.Benchmarks.Collector/release/netpulse-bench-collector bench-collector $(if $(OUT),--out $(OUT)) $(if $(RESULTS),--results $(RESULTS)) $(ARGS)

bench-collector-hour: root build ## what the published collector takes with 50,000 open connections, an hour long unless SECONDS=n says otherwise, to benchmarks/results/collector-hour.md
	@scripts/publish.sh $(abspath artifacts/publish/collector) || echo "It cannot be published here: the collector as built is measured." >&2
	@published=$(abspath artifacts/publish/collector/netpulse-collector); [ ! -x $$published ] || export NETPULSE_COLLECTOR=$$published; \
		artifacts/bin/NetPulse.Benchmarks.Collector/release/netpulse-bench-collector footprint --connections 50000 --seconds $(or $(SECONDS),3600) --parts 6 --results benchmarks/results/collector-hour.md

verify-counts: root build ## what a counting client sends against what the collector reports, also at twice its tables' capacity
	@artifacts/bin/NetPulse.Benchmarks.Collector/release/netpulse-bench-collector verify-counts
soak: build ## the decoders (remote write, PromQL, line protocol, chunks, roll-ups) under random input for MINUTES each
	@NETPULSE_SOAK_MINUTES=$(or $(MINUTES),5) dotnet test tests/Telemetry.Tests -c Release --no-build --nologo --filter Whatever --logger "console;verbosity=normal"

bench-store: test-dependencies build ## the embedded store of the published optimizer beside every store that is installed, same samples, same questions: make bench-store OUT=file.json
	@published=artifacts/publish/optimizer; \
		dotnet publish src/Optimizer -c Release -p:SingleFile=true -p:ArtifactsPath=$(abspath artifacts/single-file) -o $$published --nologo -v quiet || \
		{ echo "It cannot be published here: the optimizer as built is measured." >&2; published=artifacts/bin/NetPulse.Optimizer/release; }; \
		artifacts/bin/NetPulse.Store.Benchmarks/release/netpulse-bench-store $(or $(OUT),artifacts/bench-store.json) $$published/netpulse-optimizer

bench-store-year: build ## a year of 100 nodes in the embedded store, by a clock of its own (40 GB free, 20 minutes), to benchmarks/results/store-year.md: make bench-store-year SIZES="1x365 100x357+8" (NODESxDAYS in full, or NODESxPAST+DAYS with roll-ups alone of the days past)
	@artifacts/bin/NetPulse.Store.Benchmarks/release/netpulse-bench-store year benchmarks/results/store-year.md $(or $(SIZES),1x365 100x357+8)

store-kill-test: build ## kill -9 of a process that appends to the store, ROUNDS times; every acknowledged sample must be there, once
	@NETPULSE_STORE_KILLS=$(or $(ROUNDS),100) dotnet test tests/Telemetry.Tests -c Release --no-build --nologo --filter Killed_at_any_moment --logger "console;verbosity=normal"

kill-test: root build ## kill -9 of a random service at random moments of a change, ROUNDS times; every value must be back
	@NETPULSE_KILLS=$(or $(ROUNDS),20) dotnet test tests/EndToEnd -c Release --no-build --nologo --filter Every_value_is_back --logger "console;verbosity=normal"
	@NETPULSE_KILLS=$(or $(ROUNDS),20) dotnet test tests/Tuner.Tests -c Release --no-build --nologo --filter Killed_at_any_moment --logger "console;verbosity=normal"

dependencies:
	@scripts/install-dependencies.sh

test-dependencies:
	@scripts/install-dependencies.sh --test

root:
	@[ "$$(id -u)" -eq 0 ] || { echo "Run as root (sudo make ...): loading eBPF and making network namespaces need it." >&2; exit 1; }
