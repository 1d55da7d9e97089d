using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Collector.Export.Spool;

/// <summary>Writes the readings of one segment. Each text, metric and series is written out once, then named by its number in order of appearance.</summary>
/// <remarks>
/// <code>
/// record  = number varint, time varint (ms), samples varint, families varint, family…
/// family  = metric, count varint, sample…
/// metric  = number varint; if new: name text, kind byte, unit text, help text
/// sample  = series, time zigzag (ms after the record's), value (8 bytes, IEEE 754)
/// series  = number varint; if new: labels varint, (name text, value text)…
/// text    = number varint; if new: length varint, UTF-8
/// </code>
/// </remarks>
internal sealed class ReadingEncoder
{
    private readonly Dictionary<string, int> texts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> metrics = new(StringComparer.Ordinal);
    private readonly Dictionary<LabelSet, int> series = [];

    public void Write(WireWriter output, NumberedReading numbered)
    {
        var at = numbered.Reading.At.ToUnixTimeMilliseconds();
        output.Varint((ulong)numbered.Number);
        output.Varint((ulong)at);
        output.Varint((ulong)numbered.Reading.SampleCount);
        output.Varint((ulong)numbered.Reading.Families.Length);
        foreach (var family in numbered.Reading.Families)
        {
            Write(output, family.Metric);
            output.Varint((ulong)family.Samples.Count);
            foreach (var sample in family.Samples)
            {
                Write(output, sample.Labels);
                output.Zigzag(sample.UnixMilliseconds - at);
                output.Fixed64(BitConverter.DoubleToUInt64Bits(sample.Value));
            }
        }
    }

    private void Write(WireWriter output, MetricDefinition metric)
    {
        if (IsNew(metrics, metric.Name, output))
        {
            Write(output, metric.Name);
            output.Byte((byte)metric.Kind);
            Write(output, metric.Unit);
            Write(output, metric.Help);
        }
    }

    private void Write(WireWriter output, LabelSet labels)
    {
        if (IsNew(series, labels, output))
        {
            output.Varint((ulong)labels.Labels.Length);
            foreach (var label in labels.Labels)
            {
                Write(output, label.Name);
                Write(output, label.Value);
            }
        }
    }

    private void Write(WireWriter output, string text)
    {
        if (IsNew(texts, text, output))
        {
            output.Text(text);
        }
    }

    private static bool IsNew<T>(Dictionary<T, int> known, T value, WireWriter output)
        where T : notnull
    {
        if (known.TryGetValue(value, out var number))
        {
            output.Varint((ulong)number);
            return false;
        }

        output.Varint((ulong)known.Count);
        known.Add(value, known.Count);
        return true;
    }
}
