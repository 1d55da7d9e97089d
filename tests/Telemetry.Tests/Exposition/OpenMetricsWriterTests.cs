using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Tests;

namespace NetPulse.Telemetry.Tests.Exposition;

/// <summary>What users scrape.</summary>
public sealed class OpenMetricsWriterTests
{
    [Theory]
    [InlineData(ExpositionFormat.OpenMetrics, "metrics.openmetrics.txt")]
    [InlineData(ExpositionFormat.PrometheusText, "metrics.prometheus.txt")]
    public void A_reading_is_written_as_in_the_golden_file(ExpositionFormat format, string golden) =>
        Assert.Equal(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", golden)), Write(format));

    [PromtoolFact]
    public void Promtool_accepts_a_histogram() => Assert.DoesNotContain("wait_seconds", Promtool.Check(Write(ExpositionFormat.PrometheusText)), StringComparison.Ordinal);

    [PromtoolFact]
    public void Promtool_has_nothing_to_say_about_every_metric_that_we_define()
    {
        var writer = new SampleWriter(DateTimeOffset.UnixEpoch);
        foreach (var metric in TcpMetrics.All.Concat(NamespaceMetrics.All).Concat(SourceMetrics.All))
        {
            writer.Write(metric, LabelSet.Of(metric.Name, (LabelNames.Node, "n")), 1);
        }

        using var own = new OwnMetrics();
        own.Write(writer, static (metric, label) => label.Name is null ? LabelSet.Of(metric.Name) : LabelSet.Of(metric.Name, (label.Name, label.Value)));
        Assert.Equal("", Promtool.Check(Write(writer.Families(), ExpositionFormat.PrometheusText)));
    }

    private static string Write(ExpositionFormat format)
    {
        var writer = new SampleWriter(DateTimeOffset.FromUnixTimeMilliseconds(1_767_225_600_250));
        var edge = LabelSet.Of(TcpMetrics.IoBytes.Name, (LabelNames.Node, "node-1"), (LabelNames.Workload, "archive"), (LabelNames.Direction, LabelNames.Transmit));
        writer.Write(TcpMetrics.IoBytes, edge, 123_456_789_012);
        writer.Write(TcpMetrics.IoBytes, edge.With(LabelNames.Direction, LabelNames.Receive), 0);
        writer.Write(TcpMetrics.SmoothedRtt, LabelSet.Of(TcpMetrics.SmoothedRtt.Name, (LabelNames.Node, "a \"quoted\" \\ name\non two lines")), 0.1005);
        var odd = new MetricDefinition("netpulse_odd", MetricKind.Gauge, "", "A help with \\, \" and\na second line.", "");
        writer.Write(odd, LabelSet.Of(odd.Name), double.PositiveInfinity);
        writer.Write(odd, LabelSet.Of(odd.Name, ("k", "nan")), double.NaN);
        var histogram = new MetricDefinition("netpulse_wait_seconds", MetricKind.Histogram, "seconds", "How long something waited.", "");
        var waits = new HistogramSeries(LabelSet.Of(histogram.Name, (LabelNames.Node, "node-1")), [0.005, 0.1, 1]);
        foreach (var wait in (double[])[0.001, 0.005, 0.5, 7])
        {
            waits.Observe(wait);
        }

        waits.AddCount(3, 2);
        waits.AddSum(20);
        writer.Write(histogram, waits);
        return Write(writer.Families(), format);
    }

    private static string Write(ImmutableArray<MetricFamily> families, ExpositionFormat format)
    {
        var output = new ArrayBufferWriter<byte>();
        OpenMetricsWriter.Write(output, families, format);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
