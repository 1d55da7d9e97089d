using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Embedded;

namespace NetPulse.Telemetry.Benchmarks;

/// <summary>The embedded store on this machine's disk: one synced append of a reading of 5,000 series, and one series' last half hour out of them all.</summary>
[MemoryDiagnoser]
public class EmbeddedStoreWork
{
    private static readonly DateTimeOffset Start = TimeProvider.System.GetUtcNow();

    private readonly string directory = Directory.CreateTempSubdirectory("netpulse-bench-").FullName;
    private readonly LabelSet[] series = [.. Examples.Reading(5_000, 0).Select(sample => sample.Labels)];
    private EmbeddedStore? store;
    private SeriesSelector selector = SeriesSelector.Of("");
    private long seconds;

    [GlobalSetup]
    public async Task OpenAsync()
    {
        store = new EmbeddedStore(new EmbeddedStoreOptions { Directory = directory }, TimeProvider.System, NullLogger<EmbeddedStore>.Instance);
        selector = new SeriesSelector([.. series[42].Labels.Select(label => new LabelMatcher(label.Name, MatchKind.Equal, label.Value))]);
        for (var i = 0; i < 180; i++)
        {
            await AppendAsync();
        }
    }

    [GlobalCleanup]
    public void Close()
    {
        store?.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    [Benchmark]
    public async Task AppendAsync()
    {
        var at = Start.AddSeconds(seconds++ * 0.01).ToUnixTimeMilliseconds();
        await store!.AppendAsync([.. series.Select((labels, i) => new Sample(labels, at, seconds + i))], CancellationToken.None);
    }

    [Benchmark]
    public async Task<int> ReadAsync() => (await store!.ReadAsync(selector, new TimeRange(Start.AddMinutes(-30), Start.AddHours(1)), CancellationToken.None)).Count;
}
