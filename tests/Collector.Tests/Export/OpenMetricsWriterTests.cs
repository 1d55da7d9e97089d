using System.Buffers;
using System.Diagnostics;
using System.Text;
using NetPulse.Collector.Export;
using NetPulse.Collector.Sampling;
using NetPulse.Collector.Sources;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Collector.Tests.Export;

/// <summary>What users scrape.</summary>
public sealed class OpenMetricsWriterTests
{
    [Theory]
    [InlineData(ExpositionFormat.OpenMetrics, "metrics.openmetrics.txt")]
    [InlineData(ExpositionFormat.PrometheusText, "metrics.prometheus.txt")]
    public void A_reading_is_written_as_in_the_golden_file(ExpositionFormat format, string golden) =>
        Assert.Equal(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", golden)), Write(format));

    [Fact]
    public void Promtool_has_nothing_to_say_about_every_metric_that_we_define()
    {
        var writer = new SampleWriter(DateTimeOffset.UnixEpoch);
        foreach (var metric in TcpMetrics.All.Concat(NamespaceMetrics.All).Concat(SourceMetrics.All))
        {
            writer.Write(metric, LabelSet.Of(metric.Name, (LabelNames.Node, "n")), 1);
        }

        using var self = new SelfMetrics(new NodeName("n"));
        self.Read(writer);
        Assert.Equal("", Promtool.Check(Write(new Reading(writer.At, writer.Families()), ExpositionFormat.PrometheusText)));
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
        return Write(new Reading(writer.At, writer.Families()), format);
    }

    private static string Write(Reading reading, ExpositionFormat format)
    {
        var output = new ArrayBufferWriter<byte>();
        OpenMetricsWriter.Write(output, reading, format);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}

internal static class Promtool
{
    /// <returns>What <c>promtool check metrics</c> says; nothing where there is no promtool.</returns>
    internal static string Check(string text)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("promtool", "check metrics")
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            process.StandardInput.Write(text);
            process.StandardInput.Close();
            var said = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
            process.WaitForExit();
            return said;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "";
        }
    }
}
