# docker build -f deploy/images/collector.Dockerfile -t netpulse/netpulse-collector:0.1.0 .
FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
# clang and the headers: the eBPF programs are compiled with the project
RUN apt-get update && apt-get install -y --no-install-recommends clang libbpf-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src src
# Analyzers have had their say in CI.
RUN dotnet publish src/Collector -c Release -p:RunAnalyzers=false -o /publish --nologo

FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble
# loads the eBPF programs
RUN apt-get update && apt-get install -y --no-install-recommends libbpf1 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /publish .
ENV DOTNET_gcServer=0 DOTNET_EnableDiagnostics=0 DOTNET_GCgen0size=0x200000 MALLOC_ARENA_MAX=1
ENTRYPOINT ["dotnet", "/app/netpulse-collector.dll"]
