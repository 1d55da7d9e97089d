using System.Globalization;

namespace NetPulse.Benchmarks.Collector;

/// <summary>What the collector takes over a longer time, part by part.</summary>
internal sealed class FootprintPage(int seconds, int parts)
{
    private readonly List<string> rows = [];

    public void Add(Footprint part) => rows.Add(string.Create(
        CultureInfo.InvariantCulture, $"| {(rows.Count + 1) * seconds / parts / 60} | {part.Connections:N0} | {part.CpuMillisecondsPerSecond:0.0} | {part.ResidentMebibytes:0.0} | {ResultsPage.Load()} |"));

    public override string ToString() => $"""
        # The collector over {seconds / 60} minutes

        Written by `make bench-collector-hour`, {TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC, {Environment.ProcessorCount} cores: connections that stay open, both ends on this node, a reading every 10 s. Limits: 30 ms of CPU a second and
        90 MiB with 50,000 connections, stable over an hour.

        | until minute | connections | ms of CPU a second | MiB resident then | load average then |
        |---|---|---|---|---|
        {string.Join('\n', rows)}

        """;
}
