using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Collector.Sampling;

/// <summary>Keeps a node's series within a number: the smallest pairs of workloads are folded into their owner's peer <c>other</c>, for every metric that tells peers apart.</summary>
/// <remarks>
/// Counters and histograms of <c>other</c> grow by what the folded pairs grow from the moment they are folded, so that no count is lost, made
/// twice or taken back. Gauges that count things add up; of other gauges, as a round-trip time, <c>other</c> has none. A pair once folded
/// stays folded until it was away for <see cref="LongestAbsence"/>. What has no peer is never folded.
/// </remarks>
public sealed class SeriesBudget
{
    /// <summary>Longer than a source that fails for a while, and than the sources themselves remember an idle pair.</summary>
    public static readonly TimeSpan LongestAbsence = TimeSpan.FromMinutes(15);

    private const string Other = "other";

    /// <summary>A little more is folded than must be, so that it is not done at every reading.</summary>
    private const double Room = 0.95;

    private readonly int maxSeries;
    private readonly Dictionary<Pair, DateTimeOffset> folded = [];
    private readonly Dictionary<LabelSet, Contribution> contributions = [];
    private readonly Dictionary<string, OrderedDictionary<LabelSet, Total>> totals = new(StringComparer.Ordinal);

    /// <summary>By metric: what it was when it was read last. That of a source that fails stays.</summary>
    private readonly Dictionary<string, IReadOnlyList<Sample>> before = new(StringComparer.Ordinal);
    private long seriesNow;
    private int foldedGauges;

    public SeriesBudget(int maxSeries, Meter meter)
    {
        this.maxSeries = maxSeries;
        meter.CreateObservableGauge("netpulse_sampling_series", () => seriesNow, description: "Series of the last reading.");
        meter.CreateObservableGauge("netpulse_sampling_max_series", () => maxSeries, description: "Series that a reading should have at most (sampling.maxSeries).");
        meter.CreateObservableGauge("netpulse_sampling_folded_pairs", () => folded.Count, description: "Workload pairs that have no series of their own and are counted under the peer \"other\".");
    }

    /// <summary>The reading with at most so many series, unless those without a peer are more by themselves.</summary>
    public ImmutableArray<MetricFamily> Apply(ImmutableArray<MetricFamily> families, DateTimeOffset at)
    {
        Forget(at);
        var count = families.Sum(family => family.Samples.Count);
        if (count > maxSeries || folded.Count > 0)
        {
            Choose(families, count, at);
        }

        foldedGauges = 0;
        var kept = folded.Count == 0 && totals.Count == 0 ? families : [.. families.Select(family => Fold(family, at)).Where(family => family.Samples.Count > 0)];
        foreach (var family in families)
        {
            before[family.Metric.Name] = family.Samples;
        }

        seriesNow = kept.Sum(family => (long)family.Samples.Count);
        return kept;
    }

    /// <summary>Folds the smallest pairs until the rest fits.</summary>
    private void Choose(ImmutableArray<MetricFamily> families, int count, DateTimeOffset at)
    {
        var sizes = new Dictionary<Pair, Size>();
        var owners = new HashSet<Pair>();
        foreach (var family in families)
        {
            foreach (var sample in family.Samples)
            {
                if (Pair.Of(sample.Labels) is { } pair)
                {
                    var size = sizes.GetValueOrDefault(pair);
                    var isCount = family.Metric.Kind != MetricKind.Gauge;
                    sizes[pair] = new Size(size.Series + 1, size.Bytes + (isCount && family.Metric.Unit == "bytes" ? sample.Value : 0), size.Things + (isCount ? sample.Value : 0));
                }
            }
        }

        foreach (var pair in sizes.Keys.Where(folded.ContainsKey))
        {
            folded[pair] = at;
            count -= sizes[pair].Series;
        }

        // A source's own "other" is counted twice here, which only folds a little more.
        count += totals.Values.Sum(metric => metric.Count) + foldedGauges;
        if (count <= maxSeries)
        {
            return;
        }

        foreach (var (pair, size) in sizes.Where(one => !folded.ContainsKey(one.Key) && !one.Key.IsOther).OrderBy(one => one.Value.Bytes).ThenBy(one => one.Value.Things))
        {
            if (count <= maxSeries * Room)
            {
                break;
            }

            folded.Add(pair, at);

            // The first pair of an owner in a role only gives its series another name.
            count -= owners.Add(pair with { PeerNamespace = "", PeerWorkload = Other, PeerPod = "", ServerPort = "" }) ? 0 : size.Series;
        }
    }

    private MetricFamily Fold(MetricFamily family, DateTimeOffset at) =>
        family with { Samples = family.Metric.Kind == MetricKind.Gauge ? FoldGauges(family, at) : FoldCounts(family, at) };

    private List<Sample> FoldGauges(MetricFamily family, DateTimeOffset at)
    {
        var sums = new OrderedDictionary<LabelSet, double>();
        foreach (var sample in family.Samples)
        {
            if (family.Metric.Unit.Length == 0 && IsFolded(sample.Labels))
            {
                var target = TargetOf(sample.Labels);
                sums[target] = sums.GetValueOrDefault(target) + sample.Value;
            }
        }

        var kept = new List<Sample>(family.Samples.Count);
        foreach (var sample in family.Samples.Where(sample => !IsFolded(sample.Labels)))
        {
            if (sums.TryGetValue(sample.Labels, out var sum))
            {
                sums[sample.Labels] = sum + sample.Value;
            }
            else
            {
                kept.Add(sample);
            }
        }

        foldedGauges += sums.Count;
        kept.AddRange(sums.Select(sum => new Sample(sum.Key, at.ToUnixTimeMilliseconds(), sum.Value)));
        return kept;
    }

    private List<Sample> FoldCounts(MetricFamily family, DateTimeOffset at)
    {
        var grown = totals.GetValueOrDefault(family.Metric.Name) ?? [];
        Dictionary<LabelSet, double>? shown = null;
        foreach (var sample in family.Samples.Where(sample => IsFolded(sample.Labels)))
        {
            // What it had when it was last shown under its own name is counted there.
            shown ??= ShownBefore(family.Metric.Name);
            Grow(grown, TargetOf(sample.Labels), sample, shown.GetValueOrDefault(sample.Labels), at);
        }

        var kept = new List<Sample>(family.Samples.Count);
        foreach (var sample in family.Samples.Where(sample => !IsFolded(sample.Labels)))
        {
            if (grown.ContainsKey(sample.Labels))
            {
                // The source's own "other" goes on in ours.
                Grow(grown, sample.Labels, sample, 0, at);
            }
            else
            {
                kept.Add(sample);
            }
        }

        if (grown.Count > 0)
        {
            totals[family.Metric.Name] = grown;
        }

        kept.AddRange(grown.Select(total => new Sample(total.Key, at.ToUnixTimeMilliseconds(), total.Value.Value)));
        return kept;
    }

    /// <param name="shown">From where its growth counts the first time.</param>
    private void Grow(OrderedDictionary<LabelSet, Total> grown, LabelSet target, in Sample sample, double shown, DateTimeOffset at)
    {
        var last = contributions.TryGetValue(sample.Labels, out var known) ? known.Value : shown;
        contributions[sample.Labels] = new Contribution(sample.Value, at);
        var total = grown.TryGetValue(target, out var so) ? so.Value : 0;
        grown[target] = new Total(total + (sample.Value >= last ? sample.Value - last : sample.Value), at);
    }

    private bool IsFolded(LabelSet labels) => Pair.Of(labels) is { } pair && folded.ContainsKey(pair);

    private Dictionary<LabelSet, double> ShownBefore(string metric) =>
        before.GetValueOrDefault(metric)?.ToDictionary(sample => sample.Labels, sample => sample.Value) ?? [];

    private void Forget(DateTimeOffset at)
    {
        var oldest = at - LongestAbsence;
        foreach (var (pair, seen) in folded)
        {
            if (seen < oldest)
            {
                folded.Remove(pair);
            }
        }

        foreach (var (labels, contribution) in contributions)
        {
            if (contribution.At < oldest)
            {
                contributions.Remove(labels);
            }
        }

        foreach (var (metric, series) in totals)
        {
            foreach (var idle in series.Where(total => total.Value.At < oldest).Select(total => total.Key).ToList())
            {
                series.Remove(idle);
            }

            if (series.Count == 0)
            {
                totals.Remove(metric);
            }
        }
    }

    private static LabelSet TargetOf(LabelSet labels) =>
        LabelSet.From(labels.Labels
            .Where(label => label.Name is not (LabelNames.PeerNamespace or LabelNames.PeerWorkload or LabelNames.PeerPod or LabelNames.ServerPort))
            .Append(new Label(LabelNames.PeerWorkload, Other)));

    private readonly record struct Size(int Series, double Bytes, double Things);

    /// <param name="Value">What a folded series had when it was last read.</param>
    private readonly record struct Contribution(double Value, DateTimeOffset At);

    private readonly record struct Total(double Value, DateTimeOffset At);

    /// <summary>Who talks to whom, as it stands in the labels.</summary>
    private sealed record Pair(string Namespace, string Workload, string Pod, string PeerNamespace, string PeerWorkload, string PeerPod, string ServerPort, string Role)
    {
        public bool IsOther => PeerWorkload == Other && PeerNamespace.Length == 0;

        /// <returns><see langword="null"/> for a series that tells no peers apart.</returns>
        public static Pair? Of(LabelSet labels) => labels[LabelNames.PeerWorkload] is { Length: > 0 } peer
            ? new Pair(labels[LabelNames.Namespace], labels[LabelNames.Workload], labels[LabelNames.Pod], labels[LabelNames.PeerNamespace], peer, labels[LabelNames.PeerPod], labels[LabelNames.ServerPort], labels[LabelNames.Role])
            : null;
    }
}
