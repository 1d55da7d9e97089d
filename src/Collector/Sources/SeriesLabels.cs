using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Sources;

/// <summary>The label sets of one source's series, made once and kept while they are used.</summary>
public sealed class SeriesLabels(string node)
{
    private Dictionary<Key, LabelSet> used = [];
    private Dictionary<Key, LabelSet> before = [];

    /// <summary>Begins a reading: what the one before did not use is dropped.</summary>
    public void BeginReading()
    {
        (used, before) = (before, used);
        used.Clear();
    }

    public LabelSet Of(MetricDefinition metric, WorkloadIdentity? owner, Label first = default, Label second = default)
    {
        var key = new Key(metric.Name, owner, first, second);
        if (!used.TryGetValue(key, out var labels))
        {
            labels = before.TryGetValue(key, out var known) ? known : Make(key);
            used.Add(key, labels);
        }

        return labels;
    }

    private LabelSet Make(Key key)
    {
        List<Label> labels = [new(LabelSet.MetricName, key.Metric), new(LabelNames.Node, node)];
        if (key.Owner is { } owner)
        {
            labels.AddRange([new(LabelNames.Namespace, owner.Namespace), new(LabelNames.Workload, owner.Workload), new(LabelNames.Pod, owner.Pod)]);
        }

        labels.AddRange(new[] { key.First, key.Second }.Where(label => label.Name is not null));
        return LabelSet.From(labels);
    }

    private readonly record struct Key(string Metric, WorkloadIdentity? Owner, Label First, Label Second);
}
