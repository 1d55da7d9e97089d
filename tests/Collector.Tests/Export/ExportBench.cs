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
    private readonly RequestsInFlight requests = new();
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

    /// <summary>Its requests end after five minutes of this clock, and it waits an hour for the rest of a batch: the tests move the clock faster than the machine may answer.</summary>
    public static DestinationOptions To(TestStore store, string name = "store", int readings = 1) =>
        new() { Name = name, Url = store.Write.AbsoluteUri, Readings = readings, Timeout = TimeSpan.FromMinutes(5), MaxWait = TimeSpan.FromHours(1) };

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
            var destination = new Destination(options, format?.Invoke(options) ?? new RemoteWriteFormat(new Uri(options.Url), Clock), Spool.ReaderOf(options.Name), new HttpClient(requests, disposeHandler: false), Clock, deliveries, Log.For<Destination>());
            running.Add(destination);
            await destination.StartAsync(CancellationToken.None);
        }
    }

    /// <summary>Looks again and again, and moves the clock on while nothing is under way to these stores but what they never answer.</summary>
    public void Until(Func<bool> condition, TimeSpan? step = null, params TestStore[] stores) => Wait.Until(() =>
    {
        if (condition())
        {
            return true;
        }

        // However slow the machine, a request whose answer comes does not time out.
        if (requests.Count <= stores.Sum(store => store.Hanging))
        {
            Clock.Advance(step ?? TimeSpan.FromSeconds(5));
        }

        return false;
    });

    /// <summary>A store has a sample before its sender has read the answer: the count follows.</summary>
    public void UntilCounted(double expected, string metric, string? destination = null)
    {
        _ = SpinWait.SpinUntil(() => Math.Abs(Counted(metric, destination) - expected) < 0.5, TimeSpan.FromSeconds(60));
        Assert.Equal(expected, Counted(metric, destination));
    }

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

        requests.Dispose();
        Spool.Dispose();
        self.Dispose();
        meter.Dispose();
    }

    private sealed class RequestsInFlight() : DelegatingHandler(new SocketsHttpHandler())
    {
        private int count;

        public int Count => Volatile.Read(ref count);

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref count);
            try
            {
                return await base.SendAsync(request, cancellationToken);
            }
            finally
            {
                Interlocked.Decrement(ref count);
            }
        }
    }
}
