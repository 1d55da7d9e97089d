using System.Collections.Immutable;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Collector.Sampling;

/// <summary>Adds <c>cluster</c> and <c>zone</c> to series. Each label set is made once, and forgotten when a reading no longer has it.</summary>
public sealed class PlaceLabels(LabelsOptions options)
{
    private Dictionary<LabelSet, LabelSet> used = [];
    private Dictionary<LabelSet, LabelSet> before = [];

    private bool IsEmpty => options.Cluster.Length == 0 && options.Zone.Length == 0;

    /// <summary>The same samples of the same metrics, with the labels.</summary>
    public ImmutableArray<MetricFamily> On(ImmutableArray<MetricFamily> families)
    {
        if (IsEmpty)
        {
            return families;
        }

        (used, before) = (before, used);
        used.Clear();
        return [.. families.Select(family => family with { Samples = [.. family.Samples.Select(sample => sample with { Labels = Of(sample.Labels) })] })];
    }

    private LabelSet Of(LabelSet labels)
    {
        if (!used.TryGetValue(labels, out var placed))
        {
            placed = before.TryGetValue(labels, out var known) ? known : labels.With(LabelNames.Cluster, options.Cluster).With(LabelNames.Zone, options.Zone);
            used.Add(labels, placed);
        }

        return placed;
    }
}
