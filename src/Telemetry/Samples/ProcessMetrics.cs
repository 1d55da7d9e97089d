using System.Collections.Immutable;

namespace NetPulse.Telemetry.Samples;

/// <summary>What one of our own processes costs.</summary>
public static class ProcessMetrics
{
    public static readonly MetricDefinition ProcessorSeconds = new("netpulse_process_cpu_seconds_total", MetricKind.Counter, "seconds",
        "Processor time of this process, in user and kernel mode.", "getrusage");

    public static readonly MetricDefinition ResidentBytes = new("netpulse_process_resident_memory_bytes", MetricKind.Gauge, "bytes",
        "Memory of this process that is in RAM.", "/proc/self/stat");

    public static readonly MetricDefinition AllocatedBytes = new("netpulse_process_allocated_bytes_total", MetricKind.Counter, "bytes",
        "Managed memory that this process has allocated.", "GC.GetTotalAllocatedBytes");

    public static readonly ImmutableArray<MetricDefinition> All = [ProcessorSeconds, ResidentBytes, AllocatedBytes];
}
