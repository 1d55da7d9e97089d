using System.Collections.Immutable;
using NetPulse.Collector.Sampling;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Collector.Export.Spool;

/// <summary>Reads what <see cref="ReadingEncoder"/> wrote: every record of one segment, from the first on.</summary>
/// <remarks>Every method throws <see cref="FormatException"/> where the bytes cannot mean a reading.</remarks>
internal sealed class ReadingDecoder
{
    private readonly List<string> texts = [];
    private readonly List<MetricDefinition> metrics = [];
    private readonly List<LabelSet> series = [];

    public static ReadingHead Head(ReadOnlySpan<byte> record)
    {
        var reader = new WireReader(record);
        return Head(ref reader);
    }

    public NumberedReading Read(ReadOnlySpan<byte> record)
    {
        var reader = new WireReader(record);
        var head = Head(ref reader);
        var families = ImmutableArray.CreateBuilder<MetricFamily>(reader.CountOfRest());
        for (var i = 0; i < families.Capacity; i++)
        {
            var metric = Metric(ref reader);
            var samples = new Sample[reader.CountOfRest()];
            for (var j = 0; j < samples.Length; j++)
            {
                var labels = Series(ref reader);
                samples[j] = new Sample(labels, head.UnixMilliseconds + reader.Zigzag(), BitConverter.UInt64BitsToDouble(reader.Fixed64()));
            }

            families.Add(new MetricFamily(metric, samples));
        }

        return new NumberedReading(head.Number, new Reading(DateTimeOffset.FromUnixTimeMilliseconds(head.UnixMilliseconds), families.MoveToImmutable()));
    }

    private static ReadingHead Head(ref WireReader reader)
    {
        var number = reader.Varint();
        var at = reader.Varint();
        var samples = reader.Varint();
        return number <= long.MaxValue && at <= (ulong)DateTimeOffset.MaxValue.ToUnixTimeMilliseconds() && samples <= int.MaxValue
            ? new ReadingHead((long)number, (long)at, (int)samples)
            : throw new FormatException("A record has no number, time or count of samples that could be");
    }

    private MetricDefinition Metric(ref WireReader reader)
    {
        if (Known(metrics, ref reader) is { } known)
        {
            return known;
        }

        var name = Text(ref reader);
        var kind = (MetricKind)reader.Byte();
        if (!Enum.IsDefined(kind))
        {
            throw new FormatException($"{(int)kind} is no kind of metric");
        }

        var metric = new MetricDefinition(name, kind, Text(ref reader), Text(ref reader), "");
        metrics.Add(metric);
        return metric;
    }

    private LabelSet Series(ref WireReader reader)
    {
        if (Known(series, ref reader) is { } known)
        {
            return known;
        }

        var labels = new Label[reader.CountOfRest()];
        for (var i = 0; i < labels.Length; i++)
        {
            var name = Text(ref reader);
            labels[i] = new Label(name, Text(ref reader));
        }

        try
        {
            var set = LabelSet.From(labels);
            series.Add(set);
            return set;
        }
        catch (ArgumentException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    private string Text(ref WireReader reader)
    {
        if (Known(texts, ref reader) is { } known)
        {
            return known;
        }

        var text = reader.Text();
        texts.Add(text);
        return text;
    }

    /// <returns><see langword="null"/> for the next one, which follows.</returns>
    private static T? Known<T>(List<T> values, ref WireReader reader)
        where T : class
    {
        var number = reader.Varint();
        return number < (ulong)values.Count ? values[(int)number]
            : number == (ulong)values.Count ? null
            : throw new FormatException($"Number {number} is named before it was written");
    }
}
