using System.Collections.Immutable;

namespace NetPulse.Telemetry.Samples;

/// <summary>How the collector's own sources do. Labels: node, source.</summary>
public static class SourceMetrics
{
    public static readonly MetricDefinition Success = new("netpulse_source_success", MetricKind.Gauge, "",
        "1 where the last reading of the source succeeded, 0 where it failed.", "collector");

    public static readonly MetricDefinition Duration = new("netpulse_source_read_duration_seconds", MetricKind.Gauge, "seconds",
        "How long the last reading of the source took.", "collector");

    public static readonly MetricDefinition LastSuccess = new("netpulse_source_last_success_timestamp_seconds", MetricKind.Gauge, "seconds",
        "When the source was last read with success, in Unix time.", "collector");

    public static readonly ImmutableArray<MetricDefinition> All = [Success, Duration, LastSuccess];
}
