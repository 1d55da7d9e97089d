using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Exposition;

public enum ExpositionFormat
{
    /// <summary>OpenMetrics 1.0.</summary>
    OpenMetrics,

    /// <summary>Prometheus text 0.0.4.</summary>
    PrometheusText,
}

/// <summary>Writes metrics as text. Samples carry their time: they may have been read before the scrape, and rates must not suffer.</summary>
public static class OpenMetricsWriter
{
    private const int LongestNumber = 32;

    public static string ContentType(ExpositionFormat format) => format == ExpositionFormat.OpenMetrics
        ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
        : "text/plain; version=0.0.4; charset=utf-8";

    public static void Write(IBufferWriter<byte> output, ImmutableArray<MetricFamily> families, ExpositionFormat format)
    {
        foreach (var family in families)
        {
            WriteHead(output, family.Metric, format);
            foreach (var sample in family.Samples)
            {
                WriteSample(output, sample, format);
            }
        }

        if (format == ExpositionFormat.OpenMetrics)
        {
            output.Write("# EOF\n"u8);
        }
    }

    private static void WriteHead(IBufferWriter<byte> output, MetricDefinition metric, ExpositionFormat format)
    {
        var isOpenMetrics = format == ExpositionFormat.OpenMetrics;
        var name = isOpenMetrics && metric.Kind == MetricKind.Counter && metric.Name.EndsWith("_total", StringComparison.Ordinal)
            ? metric.Name[..^"_total".Length]
            : metric.Name;
        Write(output, $"# TYPE {name} {metric.KindName}\n");
        if (isOpenMetrics && metric.Unit.Length > 0)
        {
            Write(output, $"# UNIT {name} {metric.Unit}\n");
        }

        Write(output, $"# HELP {name} ");
        WriteEscaped(output, metric.Help, escapeQuotes: isOpenMetrics);
        output.Write("\n"u8);
    }

    private static void WriteSample(IBufferWriter<byte> output, in Sample sample, ExpositionFormat format)
    {
        Write(output, sample.Labels.Name);
        var separator = "{"u8;
        foreach (var label in sample.Labels.Labels)
        {
            if (label.Name != LabelSet.MetricName)
            {
                output.Write(separator);
                Write(output, label.Name);
                output.Write("=\""u8);
                WriteEscaped(output, label.Value, escapeQuotes: true);
                output.Write("\""u8);
                separator = ","u8;
            }
        }

        output.Write(separator[0] == (byte)',' ? "} "u8 : " "u8);
        WriteValue(output, sample.Value);
        output.Write(" "u8);
        WriteTime(output, sample.UnixMilliseconds, format);
        output.Write("\n"u8);
    }

    private static void WriteValue(IBufferWriter<byte> output, double value)
    {
        if (!double.IsFinite(value))
        {
            output.Write(double.IsNaN(value) ? "NaN"u8 : value > 0 ? "+Inf"u8 : "-Inf"u8);
            return;
        }

        var span = output.GetSpan(LongestNumber);
        value.TryFormat(span, out var written, default, CultureInfo.InvariantCulture);
        output.Advance(written);
    }

    private static void WriteTime(IBufferWriter<byte> output, long unixMilliseconds, ExpositionFormat format)
    {
        var span = output.GetSpan(LongestNumber);
        int written;
        if (format == ExpositionFormat.OpenMetrics)
        {
            ((decimal)unixMilliseconds / 1000).TryFormat(span, out written, "0.000", CultureInfo.InvariantCulture);
        }
        else
        {
            unixMilliseconds.TryFormat(span, out written, default, CultureInfo.InvariantCulture);
        }

        output.Advance(written);
    }

    private static void Write(IBufferWriter<byte> output, string text) => Encoding.UTF8.GetBytes(text, output);

    /// <summary>Most texts hold nothing to escape and are copied as they are.</summary>
    private static void WriteEscaped(IBufferWriter<byte> output, ReadOnlySpan<char> text, bool escapeQuotes)
    {
        while (true)
        {
            var next = escapeQuotes ? text.IndexOfAny('\\', '\n', '"') : text.IndexOfAny('\\', '\n');
            Encoding.UTF8.GetBytes(next < 0 ? text : text[..next], output);
            if (next < 0)
            {
                return;
            }

            output.Write(text[next] switch { '\n' => "\\n"u8, '"' => "\\\""u8, _ => @"\\"u8 });
            text = text[(next + 1)..];
        }
    }
}
