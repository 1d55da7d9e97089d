# docker build -f deploy/images/optimizer.Dockerfile -t netpulse/netpulse-optimizer:0.1.0 .
FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
WORKDIR /source
COPY Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src src
# Analyzers have had their say in CI.
RUN dotnet publish src/Optimizer -c Release -p:RunAnalyzers=false -o /publish --nologo

# -extra: with tzdata, for the time zones of a policy's windows
FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled-extra
WORKDIR /app
COPY --from=build /publish .
USER 65532:65532
ENV DOTNET_gcServer=0 DOTNET_EnableDiagnostics=0
ENTRYPOINT ["dotnet", "/app/netpulse-optimizer.dll"]
