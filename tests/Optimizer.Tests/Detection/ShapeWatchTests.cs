using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Embedded;
using NetPulse.Tests;

namespace NetPulse.Optimizer.Tests.Detection;

/// <summary>On a real store, a reading every second.</summary>
public sealed class ShapeWatchTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("netpulse-shapes-").FullName;
    private readonly TestClock clock = new(Examples.Now);
    private readonly EmbeddedStore store;
    private readonly ShapeWatch watch;
    private double sent;
    private double limited;
    private double seconds;
    private double closed;

    public ShapeWatchTests()
    {
        store = new EmbeddedStore(new EmbeddedStoreOptions { Directory = folder }, clock, NullLogger<EmbeddedStore>.Instance);
        watch = new ShapeWatch(store, Options.Create(new DetectionOptions()));
    }

    public void Dispose()
    {
        store.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task What_has_only_just_begun_has_no_shape_yet()
    {
        await SecondsAsync(10, 6, isLimited: true);
        Assert.Empty(await FindAsync());
        await SecondsAsync(8, 6, isLimited: true);
        Assert.Equal(Signal.WindowLimitedShare, Assert.Single(await FindAsync()).Signal);
    }

    [Fact]
    public async Task A_trouble_begins_where_the_edge_last_carried_much_more()
    {
        await SecondsAsync(30, 45, isLimited: false);
        var healthy = clock.GetUtcNow();
        await SecondsAsync(6, 6, isLimited: true);
        Assert.Equal(healthy, Assert.Single(await FindAsync()).Departure.Onset);
    }

    [Fact]
    public async Task Bursts_with_pauses_between_them_are_one_level()
    {
        for (var i = 0; i < 20; i++)
        {
            await SecondsAsync(1, 16, isLimited: true);
            await SecondsAsync(2, 0, isLimited: true);
        }

        Assert.Equal(clock.GetUtcNow() - TimeSpan.FromSeconds(12), Assert.Single(await FindAsync()).Departure.Onset);
    }

    [Theory]
    [InlineData(30_000, true)]
    [InlineData(250_000, false)]
    public async Task Windows_that_stay_small_without_a_loss_behind_a_threshold_are_a_shape(double threshold, bool isShape)
    {
        await SecondsAsync(20, 16, isLimited: false, window: 400_000);
        await SecondsAsync(14, 8, isLimited: false, window: threshold * 1.5, threshold);
        Assert.Equal(isShape, (await FindAsync()).Any(static anomaly => anomaly.Signal == Signal.SlowStartThreshold));
    }

    [Fact]
    public async Task A_threshold_that_fell_is_a_shape_for_minutes_though_every_reading_finds_a_connection_that_has_just_begun()
    {
        await SecondsAsync(20, 8, isLimited: false, window: 14_480, threshold: 693_000);
        Assert.Empty(await FindAsync());
        for (var i = 0; i < 20; i++)
        {
            await SecondsAsync(5, 5, isLimited: false, window: 14_480, threshold: 46_000);
            await FindAsync();
        }

        Assert.Equal(Signal.SlowStartThreshold, Assert.Single(await FindAsync()).Signal);
    }

    private Task<ImmutableArray<Anomaly>> FindAsync() => watch.FindAsync(clock.GetUtcNow(), CancellationToken.None);

    private async Task SecondsAsync(int count, double megabits, bool isLimited, double window = 100_000, double? threshold = null)
    {
        var edge = Examples.Upload(0).Labels();
        for (var i = 0; i < count; i++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            (sent, limited, seconds, closed) = (sent + (megabits * 1e6 / 8), limited + (isLimited ? 0.97 : 0), seconds + 1, closed + 1);
            var samples = new List<Sample>();
            Add(TcpMetrics.IoBytes, sent, LabelNames.Transmit);
            Add(TcpMetrics.Segments, sent / 1448, LabelNames.Transmit);
            Add(TcpMetrics.Retransmits, 0);
            Add(TcpMetrics.BusySeconds, seconds);
            Add(TcpMetrics.ReceiveWindowLimitedSeconds, limited);
            Add(TcpMetrics.Connections, 1);
            Add(TcpMetrics.ConnectionsClosed, closed);
            Add(TcpMetrics.CongestionWindow, window);
            if (threshold is { } bytes)
            {
                Add(TcpMetrics.SlowStartThreshold, bytes);
            }

            await store.AppendAsync(samples, CancellationToken.None);

            void Add(MetricDefinition metric, double value, string direction = "")
            {
                var labels = LabelSet.Of(metric.Name, [.. edge, (LabelNames.Direction, direction)]);
                samples.Add(new Sample(labels, clock.GetUtcNow().ToUnixTimeMilliseconds(), value));
            }
        }
    }
}
