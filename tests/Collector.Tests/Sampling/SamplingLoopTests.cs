using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using NetPulse.Collector.Attribution;
using NetPulse.Collector.Kernel;
using NetPulse.Collector.Sampling;
using NetPulse.Collector.Sources;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Tests;

namespace NetPulse.Collector.Tests.Sampling;

public sealed class SamplingLoopTests
{
    private readonly TestClock clock = new();
    private readonly LogLines log = new();
    private readonly Readings readings = new();

    [KernelFact]
    public async Task A_source_that_fails_is_named_once_and_the_others_go_on()
    {
        var failing = new Changing { Failure = new BpfException("load tcp.bpf.o", 1, "the process needs CAP_BPF") };
        await RunAsync([failing, new Steady()], ticks: 3);

        Assert.Equal(3, readings.Taken.Count);
        Assert.All(readings.Taken, reading => Assert.Equal((0.0, 1.0), (Success(reading, "changing"), Success(reading, "steady"))));
        Assert.All(readings.Taken, reading => Assert.Contains(reading.Families, family => family.Metric.Name == "netpulse_steady"));
        Assert.Contains("CAP_BPF", Assert.Single(log.Lines), StringComparison.Ordinal);
    }

    [KernelFact]
    public async Task A_source_that_works_again_says_so_and_its_last_success_is_told()
    {
        var changing = new Changing { Failure = new IOException("gone") };
        changing.OnRead = reads => changing.Failure = reads < 2 ? changing.Failure : null;
        await RunAsync([changing], ticks: 3);

        Assert.Equal([0, 1, 1], readings.Taken.Select(reading => Success(reading, "changing")));
        Assert.Equal(2, log.Lines.Count);
        var last = readings.Taken.Last();
        Assert.Equal(last.At.ToUnixTimeSeconds(), Value(last, SourceMetrics.LastSuccess, "changing"));
    }

    private static double Success(Reading reading, string source) => Value(reading, SourceMetrics.Success, source);

    private static double Value(Reading reading, MetricDefinition metric, string source) =>
        reading.Families.Single(family => family.Metric == metric).Samples.Single(sample => sample.Labels[LabelNames.Source] == source).Value;

    private async Task RunAsync(ISource[] sources, int ticks)
    {
        using var thread = new NetworkNamespaceThread();
        using var meter = new Meter("NetPulse.Collector");
        using var loop = new SamplingLoop(
            new NodeObserver(thread, null, clock), sources, [readings], new NodeName("n"), new SeriesBudget(1000, meter), new PlaceLabels(new LabelsOptions()), Options.Create(new SamplingOptions()), clock, log.For<SamplingLoop>());
        await loop.StartAsync(CancellationToken.None);
        for (var tick = 1; tick <= ticks; tick++)
        {
            Wait.Until(() => readings.Taken.Count == tick);
            if (tick < ticks)
            {
                clock.Advance(TimeSpan.FromSeconds(10));
            }
        }

        await loop.StopAsync(CancellationToken.None);
    }

    private sealed class Readings : IReadingSink
    {
        public ConcurrentQueue<Reading> Taken { get; } = [];

        public void Take(Reading reading) => Taken.Enqueue(reading);
    }

    private sealed class Steady : ISource
    {
        private static readonly MetricDefinition Metric = new("netpulse_steady", MetricKind.Gauge, "", "", "");

        public string Name => "steady";

        public void Read(SampleWriter samples) => samples.Write(Metric, LabelSet.Of(Metric.Name), 1);
    }

    private sealed class Changing : ISource
    {
        private int reads;

        public Exception? Failure { get; set; }

        public Action<int>? OnRead { get; set; }

        public string Name => "changing";

        public void Read(SampleWriter samples)
        {
            OnRead?.Invoke(++reads);
            if (Failure is not null)
            {
                throw Failure;
            }
        }
    }
}
