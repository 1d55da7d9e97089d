using System.Diagnostics.Metrics;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Exposition;

/// <summary>What our own code counts (every instrument of the meters <c>NetPulse.*</c>), and what this process costs.</summary>
public sealed class OwnMetrics : IDisposable
{
    private readonly Lock gate = new();
    private readonly MeterListener listener = new();
    private readonly SortedDictionary<string, Measured> measured = new(StringComparer.Ordinal);

    public OwnMetrics()
    {
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name.StartsWith("NetPulse.", StringComparison.Ordinal))
            {
                self.EnableMeasurementEvents(instrument);
                Keep(instrument, 0, []);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Keep(instrument, value, tags));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Keep(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Keep(instrument, value, tags));
        listener.Start();
    }

    /// <summary>Everything as it is now.</summary>
    /// <param name="samples">Where it is written.</param>
    /// <param name="labels">The whole label set of a metric whose own label, if any, is given.</param>
    public void Write(SampleWriter samples, Func<MetricDefinition, Label, LabelSet> labels)
    {
        listener.RecordObservableInstruments();
        lock (gate)
        {
            foreach (var each in measured.Values)
            {
                samples.Write(each.Metric, labels(each.Metric, each.Label), each.Value);
            }
        }

        samples.Write(ProcessMetrics.ProcessorSeconds, labels(ProcessMetrics.ProcessorSeconds, default), Environment.CpuUsage.TotalTime.TotalSeconds);
        samples.Write(ProcessMetrics.ResidentBytes, labels(ProcessMetrics.ResidentBytes, default), Environment.WorkingSet);
        samples.Write(ProcessMetrics.AllocatedBytes, labels(ProcessMetrics.AllocatedBytes, default), GC.GetTotalAllocatedBytes());
    }

    public void Dispose() => listener.Dispose();

    /// <summary>At most one tag is looked at: our instruments have no more.</summary>
    private void Keep(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var label = tags.IsEmpty ? default : new Label(tags[0].Key, tags[0].Value?.ToString() ?? "");
        var key = $"{instrument.Name} {label.Value}";
        var isCounter = instrument is Counter<long> or Counter<double>;
        lock (gate)
        {
            if (!measured.TryGetValue(key, out var known))
            {
                if (!tags.IsEmpty)
                {
                    // One family is either with a label or without: the zero from before the first count goes.
                    measured.Remove($"{instrument.Name} ");
                }

                known = new Measured(Define(instrument, isCounter), label);
                measured.Add(key, known);
            }

            known.Value = isCounter ? known.Value + value : value;
        }
    }

    private static MetricDefinition Define(Instrument instrument, bool isCounter) => new(
        isCounter ? $"{instrument.Name}_total" : instrument.Name,
        isCounter ? MetricKind.Counter : MetricKind.Gauge,
        instrument.Unit ?? "",
        instrument.Description ?? "",
        instrument.Meter.Name);

    private sealed class Measured(MetricDefinition metric, Label label)
    {
        public MetricDefinition Metric { get; } = metric;

        public Label Label { get; } = label;

        public double Value { get; set; }
    }
}
