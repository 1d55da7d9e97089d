namespace NetPulse.Optimizer.Detection.Preparation;

/// <summary>What a series measures, and so which change of it matters.</summary>
public enum SignalKind
{
    /// <summary>Anything; both directions matter.</summary>
    Level,

    /// <summary>Round-trip or answer time: a rise matters.</summary>
    Latency,

    /// <summary>Bandwidth: both directions matter.</summary>
    Throughput,

    /// <summary>Drops, retransmits: mostly zero, never negative; a rise matters.</summary>
    Count,
}
