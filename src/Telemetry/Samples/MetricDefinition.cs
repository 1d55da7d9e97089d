namespace NetPulse.Telemetry.Samples;

public enum MetricKind
{
    Counter,
    Gauge,

    /// <summary>Written as a <see cref="HistogramSeries"/>.</summary>
    Histogram,
}

/// <summary>What one metric measures.</summary>
/// <param name="Name">With its unit and, for a counter, <c>_total</c>.</param>
/// <param name="Kind">How it moves.</param>
/// <param name="Unit">OpenMetrics base unit (<c>bytes</c>, <c>seconds</c>); empty for counts of things.</param>
/// <param name="Help">One sentence for the user.</param>
/// <param name="Source">Where the kernel, or we ourselves, keep it.</param>
public sealed record MetricDefinition(string Name, MetricKind Kind, string Unit, string Help, string Source)
{
    /// <summary>As the exposition formats call it.</summary>
    public string KindName => Kind switch { MetricKind.Counter => "counter", MetricKind.Gauge => "gauge", _ => "histogram" };
}
