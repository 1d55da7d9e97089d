using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Globalization;
using NetPulse.Collector.Sampling;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Collector.Tests.Sampling;

public sealed class SeriesBudgetTests : IDisposable
{
    private static readonly MetricDefinition Connections = new("netpulse_test_connections", MetricKind.Gauge, "", "", "");
    private static readonly MetricDefinition Rtt = new("netpulse_test_rtt_seconds", MetricKind.Gauge, "seconds", "", "");
    private static readonly MetricDefinition Latency = new("netpulse_test_latency_seconds", MetricKind.Histogram, "seconds", "", "");

    private readonly Meter meter = new("NetPulse.Collector");
    private DateTimeOffset now = DateTimeOffset.UnixEpoch;

    public void Dispose() => meter.Dispose();

    [Fact]
    public void Within_the_budget_nothing_is_touched()
    {
        var budget = new SeriesBudget(100, meter);
        var families = Read([100, 200, 300]);
        Assert.Equal(families, budget.Apply(families, now));
    }

    [Fact]
    public void Beyond_it_the_smallest_pairs_become_other_and_the_largest_stay()
    {
        var budget = new SeriesBudget(100, meter);
        var bytes = Enumerable.Range(1, 90).Select(each => each * 1000.0).ToArray();
        var kept = budget.Apply(Read(bytes), now);
        Assert.True(Series(kept) <= 100, $"{Series(kept)} series");
        Assert.Contains(Peers(kept), peer => peer == "peer-89");
        Assert.DoesNotContain(Peers(kept), peer => peer == "peer-0");
        Assert.Equal(bytes.Sum(), Bytes(kept));
    }

    [Fact]
    public void No_byte_is_lost_or_counted_twice_and_no_counter_goes_back_whatever_comes_and_goes()
    {
        var budget = new SeriesBudget(100, meter);
        var random = new Random(3);
        var bytes = Enumerable.Range(0, 20).Select(_ => 0.0).ToList();
        var shown = new Dictionary<LabelSet, double>();
        var grown = 0.0;
        for (var reading = 0; reading < 200; reading++)
        {
            if (reading % 10 == 5)
            {
                bytes.Add(0);
            }

            for (var i = 0; i < bytes.Count; i++)
            {
                bytes[i] += random.Next(1000) * (i + 1);
            }

            // A source that fails for a moment shows nothing.
            var fails = reading % 37 == 36;
            var kept = budget.Apply(fails ? [] : Read([.. bytes]), now);
            foreach (var sample in kept.Where(family => family.Metric == TcpMetrics.IoBytes).SelectMany(family => family.Samples))
            {
                var before = shown.GetValueOrDefault(sample.Labels);
                Assert.True(sample.Value >= before, $"{sample.Labels} went from {before} to {sample.Value}");
                grown += sample.Value - before;
                shown[sample.Labels] = sample.Value;
            }

            Assert.True(fails || Series(kept) <= 100, $"{Series(kept)} series");
            if (!fails)
            {
                Assert.Equal(bytes.Sum(), grown);
            }

            now += TimeSpan.FromSeconds(10);
        }
    }

    [Theory]
    [InlineData(10)]
    [InlineData(1_200)]
    public void Pairs_that_are_folded_when_their_source_is_read_again_bring_only_what_they_have_grown(int secondsAway)
    {
        var budget = new SeriesBudget(100, meter);
        double[] bytes = [.. Enumerable.Range(1, 30).Select(each => each * 1e6)];
        Assert.Equal(bytes.Sum(), Bytes(budget.Apply(Read(bytes), now)));
        now += TimeSpan.FromSeconds(secondsAway);
        budget.Apply([], now);
        now += TimeSpan.FromSeconds(10);

        // Others have come meanwhile, and what was shown until then finds no room.
        double[] later = [.. bytes.Select(each => each + 5), .. Enumerable.Range(1, 40).Select(each => each * 1e9)];
        var kept = budget.Apply(Read(later), now);
        Assert.DoesNotContain(Peers(kept), peer => peer == "peer-29");
        var other = kept.Single(family => family.Metric == TcpMetrics.IoBytes).Samples.Single(sample => sample.Labels[LabelNames.PeerWorkload] == "other").Value;
        var shown = Peers(kept).ToHashSet(StringComparer.Ordinal);
        Assert.Equal((30 * 5) + Enumerable.Range(0, 40).Where(i => !shown.Contains($"peer-{30 + i}")).Sum(i => (i + 1) * 1e9), other);
    }

    [Fact]
    public void A_pair_stays_folded_until_it_was_away_for_long()
    {
        var budget = new SeriesBudget(100, meter);
        double[] many = [.. Enumerable.Range(1, 90).Select(each => each * 1000.0)];
        budget.Apply(Read(many), now);
        now += TimeSpan.FromSeconds(10);
        Assert.DoesNotContain(Peers(budget.Apply(Read([1e9]), now)), peer => peer == "peer-0");
        now += TimeSpan.FromSeconds(10);
        budget.Apply([], now);
        now += SeriesBudget.LongestAbsence + TimeSpan.FromSeconds(1);
        budget.Apply([], now);
        Assert.Contains(Peers(budget.Apply(Read([5]), now)), peer => peer == "peer-0");
    }

    [Fact]
    public void The_other_of_a_source_goes_on_in_ours()
    {
        var budget = new SeriesBudget(100, meter);
        double[] many = [.. Enumerable.Range(1, 20).Select(each => each * 1000.0)];
        var first = budget.Apply(Read(many, other: 5e6), now);
        now += TimeSpan.FromSeconds(10);
        double[] more = [.. many, .. Enumerable.Range(1, 60).Select(each => each * 10.0)];
        var second = budget.Apply(Read(more, other: 6e6), now);
        Assert.Equal(5e6 + many.Sum(), Bytes(first));
        Assert.Equal(6e6 + more.Sum(), Bytes(second));
        Assert.Single(Peers(second), peer => peer == "other");
    }

    [Fact]
    public void Counts_of_things_add_up_and_times_of_unlike_pairs_are_left_out()
    {
        var budget = new SeriesBudget(100, meter);
        var kept = budget.Apply(Read([.. Enumerable.Range(1, 90).Select(each => each * 1000.0)]), now);
        Assert.Equal(90, kept.Single(family => family.Metric == Connections).Samples.Sum(sample => sample.Value));
        Assert.DoesNotContain(kept.Single(family => family.Metric == Rtt).Samples, sample => sample.Labels[LabelNames.PeerWorkload] == "other");
    }

    [Fact]
    public void A_histogram_is_folded_bucket_by_bucket()
    {
        var budget = new SeriesBudget(100, meter);
        var kept = budget.Apply(Read([.. Enumerable.Range(1, 90).Select(each => each * 1000.0)], withHistograms: true), now);
        var samples = kept.Single(family => family.Metric == Latency).Samples;
        Assert.Equal(90, samples.Where(sample => sample.Labels.Name.EndsWith("_count", StringComparison.Ordinal)).Sum(sample => sample.Value));
        Assert.Equal(90, samples.Where(sample => sample.Labels["le"] == "+Inf").Sum(sample => sample.Value));
        Assert.Equal(samples.Count, samples.Select(sample => sample.Labels).Distinct().Count());
    }

    [Fact]
    public void Cluster_and_zone_stand_on_every_series()
    {
        var place = new PlaceLabels(new LabelsOptions { Cluster = "prod", Zone = "eu-1" });
        Assert.All(place.On(Read([1, 2])).SelectMany(family => family.Samples), sample => Assert.Equal(("prod", "eu-1"), (sample.Labels["cluster"], sample.Labels["zone"])));
        var none = Read([1, 2]);
        Assert.Equal(none, new PlaceLabels(new LabelsOptions()).On(none));
    }

    private static int Series(ImmutableArray<MetricFamily> families) => families.Sum(family => family.Samples.Count);

    private static double Bytes(ImmutableArray<MetricFamily> families) => families.Single(family => family.Metric == TcpMetrics.IoBytes).Samples.Sum(sample => sample.Value);

    private static List<string> Peers(ImmutableArray<MetricFamily> families) =>
        [.. families.Where(family => family.Metric == TcpMetrics.IoBytes).SelectMany(family => family.Samples).Select(sample => sample.Labels[LabelNames.PeerWorkload])];

    private static LabelSet Of(MetricDefinition metric, string peer, string port) => LabelSet.Of(metric.Name,
        (LabelNames.Workload, "shop"), (LabelNames.PeerNamespace, peer == "other" ? "" : "data"), (LabelNames.PeerWorkload, peer), (LabelNames.ServerPort, port), (LabelNames.Role, LabelNames.Client));

    private ImmutableArray<MetricFamily> Read(double[] bytes, double? other = null, bool withHistograms = false)
    {
        var writer = new SampleWriter(now);
        for (var i = 0; i < bytes.Length; i++)
        {
            var peer = string.Create(CultureInfo.InvariantCulture, $"peer-{i}");
            writer.Write(TcpMetrics.IoBytes, Of(TcpMetrics.IoBytes, peer, "80"), bytes[i]);
            writer.Write(Connections, Of(Connections, peer, "80"), 1);
            writer.Write(Rtt, Of(Rtt, peer, "80"), 0.1);
            if (withHistograms)
            {
                var histogram = new HistogramSeries(Of(Latency, peer, "80"), [0.1, 1]);
                histogram.Observe(0.5);
                writer.Write(Latency, histogram);
            }
        }

        if (other is { } value)
        {
            writer.Write(TcpMetrics.IoBytes, Of(TcpMetrics.IoBytes, "other", ""), value);
        }

        return writer.Families();
    }
}
