using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Detection.Preparation;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Embedded;
using NetPulse.Telemetry.Workloads;
using NetPulse.Tests;

namespace NetPulse.Optimizer.Tests.Detection;

/// <summary>On a real store, a reading every ten seconds.</summary>
public sealed class UsualWatchTests : IDisposable
{
    private const int Step = 10;

    private static readonly WorkloadIdentity App = new("lab", "app", "app-0");

    private readonly string folder = Directory.CreateTempSubdirectory("netpulse-usual-").FullName;
    private readonly TestClock clock = new(Examples.Now);
    private readonly EmbeddedStore store;
    private readonly UsualWatch watch;
    private readonly Dictionary<LabelSet, double> counters = [];

    public UsualWatchTests()
    {
        store = new EmbeddedStore(new EmbeddedStoreOptions { Directory = folder }, clock, NullLogger<EmbeddedStore>.Instance);
        watch = Make();
    }

    public void Dispose()
    {
        store.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task The_first_drops_of_a_pod_are_found_at_their_third_reading_and_those_of_a_rule_are_not()
    {
        await ReadAsync(30, _ => [Rule(50), TimeWait(0)]);
        await ReadAsync(2, _ => [Rule(500), Full(40), TimeWait(0)]);
        Assert.Empty(await FindAsync());
        await ReadAsync(2, _ => [Rule(500), Full(40), TimeWait(0)]);
        var anomaly = Assert.Single(await FindAsync());
        Assert.Equal((new Subject.OfPod("node-1", App), Signal.PacketDrops, Deviation.Rise), (anomaly.Subject, anomaly.Signal, anomaly.Departure.Deviation));
        Assert.Equal(4, anomaly.Departure.Now);
        Assert.Equal("none", anomaly.Usual);

        static (LabelSet, double) Rule(double count) => (Of(DropMetrics.Packets, (LabelNames.Reason, "NETFILTER_DROP"), (LabelNames.Class, "policy")), count);
        static (LabelSet, double) Full(double count) => (Of(DropMetrics.Packets, (LabelNames.Reason, "QDISC_DROP"), (LabelNames.Class, "congestion")), count);
    }

    [Fact]
    public async Task Segments_that_are_sent_again_now_and_then_are_usual_and_many_in_a_row_are_not()
    {
        var random = new Random(3);
        await ReadAsync(100, _ => [Retransmits(random.NextDouble() < 0.1 ? random.Next(1, 4) : 0)]);
        Assert.Empty(await FindAsync());
        await ReadAsync(4, _ => [Retransmits(60)]);
        var anomaly = Assert.Single(await FindAsync());
        Assert.Equal((new Subject.OfEdge(Examples.Upload(0)), Signal.Retransmits), (anomaly.Subject, anomaly.Signal));

        static (LabelSet, double) Retransmits(double count) => (LabelSet.Of(TcpMetrics.Retransmits.Name, Examples.Upload(0).Labels()), count);
    }

    [Fact]
    public async Task Names_that_take_longer_or_fail_are_found_and_names_that_are_not_there_are_no_failure()
    {
        var random = new Random(4);
        await ReadAsync(60, _ => Dns(0.002 + (0.0005 * random.NextDouble()), failed: 0, missing: 1));
        Assert.Empty(await FindAsync());
        await ReadAsync(5, _ => Dns(0.030, failed: 5, missing: 5));
        Assert.Equal([Signal.DnsAnswerTime, Signal.DnsFailures], (await FindAsync()).Select(anomaly => anomaly.Signal).Order().Reverse());

        static (LabelSet, double)[] Dns(double seconds, double failed, double missing) =>
        [
            (Of(DnsMetrics.Queries), 20),
            (Of(DnsMetrics.Responses, (LabelNames.ResponseCode, "NXDOMAIN")), missing),
            .. failed > 0 ? new[] { (Of(DnsMetrics.Responses, (LabelNames.ResponseCode, "SERVFAIL")), failed), (Of(DnsMetrics.Timeouts), failed) } : [],
            (Of(DnsMetrics.LookupDuration, "_sum"), 20 * seconds),
            (Of(DnsMetrics.LookupDuration, "_count"), 20),
        ];
    }

    [Fact]
    public async Task A_restart_neither_forgets_nor_alarms()
    {
        await ReadAsync(30, _ => [Full(0), TimeWait(0)]);
        Assert.Empty(await FindAsync());
        var after = Make();
        after.Resume(watch.Save());
        await ReadAsync(4, _ => [Full(40), TimeWait(0)]);
        Assert.Single(await FindAsync(after));

        static (LabelSet, double) Full(double count) => (Of(DropMetrics.Packets, (LabelNames.Reason, "QDISC_DROP"), (LabelNames.Class, "congestion")), count);
    }

    [Fact]
    public async Task What_was_announced_is_nobodys_trouble()
    {
        await ReadAsync(30, _ => [TimeWait(0)]);
        await ReadAsync(5, _ => [(Of(DropMetrics.Packets, (LabelNames.Reason, "NOMEM"), (LabelNames.Class, "congestion")), 40), TimeWait(0)]);
        var options = new DetectionOptions { Maintenance = [new MaintenanceOptions { From = Examples.Now.AddMinutes(4), To = Examples.Now.AddHours(1) }] };
        Assert.Empty(await watch.FindAsync(clock.GetUtcNow(), new Announcements(Options.Create(options)), CancellationToken.None));
    }

    [Fact]
    public async Task An_empty_store_has_nothing_unusual() => Assert.Empty(await FindAsync());

    private static (LabelSet, double) TimeWait(double count) => (Of(NamespaceMetrics.TimeWaitSockets), count);

    private static LabelSet Of(MetricDefinition metric, params (string Name, string Value)[] labels) => Of(metric, "", labels);

    private static LabelSet Of(MetricDefinition metric, string suffix, params (string Name, string Value)[] labels) => LabelSet.Of(
        metric.Name + suffix, [(LabelNames.Node, "node-1"), (LabelNames.Namespace, App.Namespace), (LabelNames.Workload, App.Workload), (LabelNames.Pod, App.Pod), .. labels]);

    private UsualWatch Make() => new(store, Options.Create(new DetectionOptions()));

    /// <param name="increases">By how much each counter grew.</param>
    private async Task ReadAsync(int readings, Func<int, (LabelSet Labels, double Increase)[]> increases)
    {
        for (var i = 0; i < readings; i++)
        {
            clock.Advance(TimeSpan.FromSeconds(Step));
            var samples = new List<Sample>();
            foreach (var (labels, increase) in increases(i))
            {
                counters[labels] = counters.GetValueOrDefault(labels) + increase;
                samples.Add(new Sample(labels, clock.GetUtcNow().ToUnixTimeMilliseconds(), counters[labels]));
            }

            await store.AppendAsync(samples, CancellationToken.None);
        }
    }

    private Task<ImmutableArray<Anomaly>> FindAsync(UsualWatch? by = null) =>
        (by ?? watch).FindAsync(clock.GetUtcNow(), new Announcements(Options.Create(new DetectionOptions())), CancellationToken.None);
}
