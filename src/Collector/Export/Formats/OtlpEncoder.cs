using System.Globalization;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Collector.Export.Formats;

/// <summary>Samples as OpenTelemetry's <c>ExportMetricsServiceRequest</c> in protobuf.</summary>
/// <remarks>
/// Counters are cumulative sums whose start is not told: the kernel's began at its boot or with the namespace, and a start that is wrong is
/// worse than none. Source: opentelemetry-proto 1.x, collector/metrics/v1 and metrics/v1; docs/decisions/otlp-without-sdk.md.
/// </remarks>
internal sealed class OtlpEncoder(string version)
{
    private const string UpperBound = "le";
    private const uint Varint = 0;
    private const uint Fixed64 = 1;
    private const uint Bytes = 2;
    private const ulong Cumulative = 2;
    private const ulong NanosecondsPerMillisecond = 1_000_000;

    private readonly WireWriter request = new();
    private readonly WireWriter resourceMetrics = new();
    private readonly WireWriter scopeMetrics = new();
    private readonly WireWriter metric = new();
    private readonly WireWriter data = new();
    private readonly WireWriter point = new();
    private readonly WireWriter part = new();
    private readonly WireWriter inner = new();
    private readonly WireWriter keyValue = new();
    private readonly WireWriter anyValue = new();

    /// <summary>One request; valid until the next.</summary>
    public ReadOnlySpan<byte> Encode(IReadOnlyList<SeriesPoints> series)
    {
        request.Clear();
        foreach (var resource in series.GroupBy(one => ResourceOf(one.Labels)))
        {
            resourceMetrics.Clear();
            WriteResource(resource.Key);
            scopeMetrics.Clear();
            WriteScope();
            foreach (var named in resource.GroupBy(one => (Name: OtlpNames.Of(one.Metric, one.Labels), one.Metric.Kind)))
            {
                WriteMetric(named.Key.Name, named.First().Metric, [.. named]);
            }

            Message(resourceMetrics, 2, scopeMetrics);
            Message(request, 1, resourceMetrics);
        }

        return request.Written;
    }

    private static LabelSet ResourceOf(LabelSet labels) => LabelSet.From(labels.Labels.Where(label => OtlpNames.ResourceAttributes.ContainsKey(label.Name)));

    private void WriteResource(LabelSet labels)
    {
        data.Clear();
        Attribute(data, 1, "service.name", "netpulse-collector");
        Attribute(data, 1, "service.version", version);
        foreach (var label in labels.Labels)
        {
            Attribute(data, 1, OtlpNames.ResourceAttributes[label.Name], label.Value);
        }

        Message(resourceMetrics, 1, data);
    }

    private void WriteScope()
    {
        data.Clear();
        Text(data, 1, "NetPulse.Collector");
        Text(data, 2, version);
        Message(scopeMetrics, 1, data);
    }

    private void WriteMetric(OtlpName name, MetricDefinition definition, IReadOnlyList<SeriesPoints> series)
    {
        metric.Clear();
        data.Clear();
        Text(metric, 1, name.Name);
        Text(metric, 2, definition.Help);
        Text(metric, 3, name.Unit);
        switch (definition.Kind)
        {
            case MetricKind.Gauge:
                WriteNumbers(series);
                Message(metric, 5, data);
                break;
            case MetricKind.Counter:
                WriteNumbers(series);
                Number(data, 2, Cumulative);
                Number(data, 3, 1);
                Message(metric, 7, data);
                break;
            default:
                WriteHistograms(series);
                Number(data, 2, Cumulative);
                Message(metric, 9, data);
                break;
        }

        Message(scopeMetrics, 2, metric);
    }

    private void WriteNumbers(IReadOnlyList<SeriesPoints> series)
    {
        foreach (var one in series)
        {
            foreach (var (unixMilliseconds, value) in one.Points)
            {
                point.Clear();
                Time(unixMilliseconds);
                Double(point, 4, value);
                Attributes(7, one.Labels);
                Message(data, 1, point);
            }
        }
    }

    private void WriteHistograms(IReadOnlyList<SeriesPoints> series)
    {
        foreach (var histogram in series.GroupBy(one => WithoutBound(one.Labels)))
        {
            var buckets = histogram.Where(one => one.Labels[UpperBound].Length > 0).OrderBy(one => BoundOf(one.Labels)).ToList();
            var sum = histogram.FirstOrDefault(one => one.Labels.Name.EndsWith("_sum", StringComparison.Ordinal));
            foreach (var unixMilliseconds in buckets.SelectMany(one => one.Points).Select(each => each.UnixMilliseconds).Distinct())
            {
                WriteHistogram(histogram.Key, buckets, sum, unixMilliseconds);
            }
        }
    }

    /// <summary>Ours count what is at most as large as a bound; theirs what lies between two.</summary>
    private void WriteHistogram(LabelSet labels, List<SeriesPoints> buckets, SeriesPoints? sum, long unixMilliseconds)
    {
        point.Clear();
        Time(unixMilliseconds);
        part.Clear();
        inner.Clear();
        var below = 0UL;
        foreach (var bucket in buckets)
        {
            var upTo = (ulong)(At(bucket, unixMilliseconds) ?? below);
            part.Fixed64(upTo >= below ? upTo - below : 0);
            below = Math.Max(below, upTo);
            if (BoundOf(bucket.Labels) is var bound && double.IsFinite(bound))
            {
                inner.Fixed64(BitConverter.DoubleToUInt64Bits(bound));
            }
        }

        Tag(point, 4, Fixed64);
        point.Fixed64(below);
        if (sum is not null && At(sum, unixMilliseconds) is { } total)
        {
            Double(point, 5, total);
        }

        Message(point, 6, part);
        Message(point, 7, inner);
        Attributes(9, labels);
        Message(data, 1, point);
    }

    private static double? At(SeriesPoints series, long unixMilliseconds)
    {
        foreach (var each in series.Points)
        {
            if (each.UnixMilliseconds == unixMilliseconds)
            {
                return each.Value;
            }
        }

        return null;
    }

    private static double BoundOf(LabelSet labels) =>
        labels[UpperBound] is "+Inf" ? double.PositiveInfinity : double.Parse(labels[UpperBound], CultureInfo.InvariantCulture);

    private static LabelSet WithoutBound(LabelSet labels) =>
        LabelSet.From(labels.Labels.Where(label => label.Name is not (UpperBound or LabelSet.MetricName)));

    private void Attributes(int field, LabelSet labels)
    {
        foreach (var label in labels.Labels)
        {
            if (label.Name != LabelSet.MetricName && !OtlpNames.ResourceAttributes.ContainsKey(label.Name))
            {
                Attribute(point, field, OtlpNames.AttributeOf(label.Name), label.Value);
            }
        }
    }

    /// <summary>A <c>KeyValue</c> whose value is a string or, for a port, an integer.</summary>
    private void Attribute(WireWriter output, int field, string key, string value)
    {
        keyValue.Clear();
        anyValue.Clear();
        Text(keyValue, 1, key);
        if (key == "server.port" && ushort.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            Number(anyValue, 3, port);
        }
        else
        {
            Text(anyValue, 1, value);
        }

        Message(keyValue, 2, anyValue);
        Message(output, field, keyValue);
    }

    private void Time(long unixMilliseconds)
    {
        Tag(point, 3, Fixed64);
        point.Fixed64((ulong)unixMilliseconds * NanosecondsPerMillisecond);
    }

    private static void Double(WireWriter output, int field, double value)
    {
        Tag(output, field, Fixed64);
        output.Fixed64(BitConverter.DoubleToUInt64Bits(value));
    }

    private static void Number(WireWriter output, int field, ulong value)
    {
        Tag(output, field, Varint);
        output.Varint(value);
    }

    private static void Text(WireWriter output, int field, string text)
    {
        Tag(output, field, Bytes);
        output.Text(text);
    }

    private static void Message(WireWriter output, int field, WireWriter message)
    {
        Tag(output, field, Bytes);
        output.Varint((ulong)message.Length);
        output.Bytes(message.Written);
    }

    private static void Tag(WireWriter output, int field, uint wireType) => output.Varint(((ulong)field << 3) | wireType);
}
