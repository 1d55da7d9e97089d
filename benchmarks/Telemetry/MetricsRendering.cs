using System.Buffers;
using System.Collections.Immutable;
using BenchmarkDotNet.Attributes;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Telemetry.Benchmarks;

/// <summary>One scrape of /metrics with 5,000 series. The limit that we set ourselves is 10 ms.</summary>
[MemoryDiagnoser]
public class MetricsRendering
{
    private readonly ArrayBufferWriter<byte> output = new(4 << 20);
    private ImmutableArray<MetricFamily> families;

    [GlobalSetup]
    public void Prepare()
    {
        var writer = new SampleWriter(DateTimeOffset.UnixEpoch);
        foreach (var sample in Examples.Reading(5_000, 0))
        {
            writer.Write(TcpMetrics.All.First(metric => metric.Name == sample.Labels.Name), sample.Labels, sample.Value);
        }

        families = writer.Families();
    }

    [Benchmark]
    public int Render()
    {
        output.ResetWrittenCount();
        OpenMetricsWriter.Write(output, families, ExpositionFormat.OpenMetrics);
        return output.WrittenCount;
    }
}
