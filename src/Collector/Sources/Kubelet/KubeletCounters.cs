using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Sources.Kubelet;

/// <summary>One number of the kubelet with the kubelet's own time.</summary>
/// <param name="Run">What it counts since: a sandbox's start time or id; empty for a gauge.</param>
internal readonly record struct KubeletReading(
    MetricDefinition Metric, WorkloadIdentity? Owner, string Subject, string Run, bool IsYoung, Label First, Label Second, double Value, DateTimeOffset At);

/// <summary>The series of one kubelet source: totals that outlive a sandbox, each written with the time at which the kubelet measured it.</summary>
internal sealed class KubeletCounters(string node)
{
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(5);

    private readonly Dictionary<(string Metric, string Subject, string First, string Second), Series> all = [];
    private readonly SeriesLabels labels = new(node);

    /// <summary>Takes what one answer says. What it does not mention keeps its total: a pod may be missing from an answer or two.</summary>
    public void Observe(IEnumerable<KubeletReading> readings, DateTimeOffset now)
    {
        foreach (var reading in readings)
        {
            var key = (reading.Metric.Name, reading.Subject, reading.First.Value, reading.Second.Value);
            if (!all.TryGetValue(key, out var series))
            {
                series = new Series();
                all.Add(key, series);
            }

            if (reading.Metric.Kind == MetricKind.Counter)
            {
                series.Total.Observe(reading.Run, reading.Value, reading.IsYoung);
            }

            series.Last = reading;
            series.SeenAt = now;
        }

        foreach (var (key, series) in all)
        {
            series.IsCurrent = series.SeenAt == now;
            if (now - series.SeenAt > Remembered)
            {
                all.Remove(key);
            }
        }
    }

    /// <summary>Writes what the last answer mentioned.</summary>
    public void Write(SampleWriter samples)
    {
        labels.BeginReading();
        foreach (var series in all.Values.Where(series => series.IsCurrent))
        {
            var last = series.Last;
            var value = last.Metric.Kind == MetricKind.Counter ? series.Total.Total : last.Value;
            samples.Write(last.Metric, labels.Of(last.Metric, last.Owner, last.First, last.Second), value, last.At);
        }
    }

    private sealed class Series
    {
        public RunningTotal Total { get; } = new();

        public KubeletReading Last { get; set; }

        public DateTimeOffset SeenAt { get; set; }

        public bool IsCurrent { get; set; }
    }
}
