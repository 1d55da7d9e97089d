using System.Diagnostics.Metrics;
using NetPulse.Collector.Export;
using NetPulse.Collector.Export.Delivery;
using NetPulse.Collector.Export.Formats;
using NetPulse.Collector.Export.Spool;
using NetPulse.Collector.Sampling;
using NetPulse.Collector.Sources;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Tests;

namespace NetPulse.Collector.Tests.Export;

/// <summary>A spool with destinations, on a clock of its own.</summary>
internal sealed class ExportBench : IAsyncDisposable
{
    private static readonly MetricDefinition Gauge = new("netpulse_test_value", MetricKind.Gauge, "", "", "");

    private readonly Meter meter = new("NetPulse.Collector");
    private readonly SelfMetrics self = new(new NodeName("n"));
    private readonly List<Destination> running = [];
    private readonly List<DestinationOptions> destinations;

    /// <param name="destinations">Nothing runs until <see cref="RunAsync"/>.</param>
    public ExportBench(SpoolOptions? spool = null, params DestinationOptions[] destinations)
    {
        this.destinations = [.. destinations];
        Spool = new ReadingSpool(spool ?? new SpoolOptions(), destinations.Select(one => one.Name), new SpoolMeter(meter), Clock, Log.For<ReadingSpool>());
    }

    public TestClock Clock { get; } = new();

    public LogLines Log { get; } = new();

    public ReadingSpool Spool { get; }

    /// <summary>Its requests end after five minutes of this clock, which the tests move faster than the machine may answer.</summary>
    public static DestinationOptions To(TestStore store, string name = "store", int readings = 1) =>
        new() { Name = name, Url = store.Write.AbsoluteUri, Readings = readings, Timeout = TimeSpan.FromMinutes(5) };

    /// <summary>A reading now, with one gauge of one value, and the clock ten seconds on.</summary>
    public void Take(params ReadOnlySpan<double> values)
    {
        foreach (var value in values)
        {
            Spool.Take(ReadingOf(value));
            Clock.Advance(TimeSpan.FromSeconds(10));
        }
    }

    public Reading ReadingOf(double value, params ReadOnlySpan<(string, string)> labels)
    {
        var writer = new SampleWriter(Clock.GetUtcNow());
        writer.Write(Gauge, LabelSet.Of(Gauge.Name, labels), value);
        return new Reading(writer.At, writer.Families());
    }

    public async Task RunAsync(Func<DestinationOptions, IWireFormat>? format = null)
    {
        var deliveries = new DeliveryMeter(meter);
        foreach (var options in destinations)
        {
            var destination = new Destination(options, format?.Invoke(options) ?? new RemoteWriteFormat(new Uri(options.Url), Clock), Spool.ReaderOf(options.Name), new HttpClient(), Clock, deliveries, Log.For<Destination>());
            running.Add(destination);
            await destination.StartAsync(CancellationToken.None);
        }
    }

    /// <summary>Looks again and again, and moves the clock on meanwhile.</summary>
    public void Until(Func<bool> condition, TimeSpan? step = null, params TestStore[] stores) => Wait.Until(() =>
    {
        if (condition())
        {
            return true;
        }

        // A store that is about to answer is no reason to give up on it.
        if (stores.Any(store => store.IsAnswering))
        {
            return false;
        }

        Clock.Advance(step ?? TimeSpan.FromSeconds(5));
        return false;
    });

    public double Counted(string metric, string? destination = null)
    {
        var writer = new SampleWriter(DateTimeOffset.UnixEpoch);
        self.Read(writer);
        return writer.Families().SingleOrDefault(family => family.Metric.Name == metric)?.Samples
            .Where(sample => destination is null || sample.Labels[SpoolMeter.Destination] == destination).Sum(sample => sample.Value) ?? 0;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var destination in running)
        {
            await destination.StopAsync(CancellationToken.None);
            destination.Dispose();
        }

        Spool.Dispose();
        self.Dispose();
        meter.Dispose();
    }
}
