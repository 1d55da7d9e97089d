using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.Optimizer.Ingest;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Embedded;
using NetPulse.Tests;

namespace NetPulse.Optimizer.Tests.Ingest;

public sealed class FiniteReadingsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("nptest-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_long_answer_comes_in_parts_without_what_is_no_number()
    {
        var clock = new TestClock(Examples.Now);
        using var store = new EmbeddedStore(new EmbeddedStoreOptions { Directory = folder }, clock, NullLogger<EmbeddedStore>.Instance);
        var at = clock.GetUtcNow().ToUnixTimeMilliseconds();
        await store.AppendAsync(
            [.. Enumerable.Range(0, 2_000).SelectMany(i => new[] { new Sample(LabelSet.Of("m", ("i", $"{i}")), at, 1), new Sample(LabelSet.Of("m", ("i", $"{i}")), at + 1, double.NaN) })], CancellationToken.None);
        var parts = (await new FiniteReadings(store).StreamAsync(SeriesSelector.Of("m"), TimeRange.Before(Examples.Now + TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)), CancellationToken.None))
            .Select(static part => (part.Count, Values: part.Sum(static series => series.Count))).ToList();
        Assert.True(parts.Count > 1);
        Assert.Equal((2_000, 2_000), (parts.Sum(static part => part.Count), parts.Sum(static part => part.Values)));
    }
}
