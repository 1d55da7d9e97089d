using NetPulse.Benchmarks.Detection.Data;

namespace NetPulse.Benchmarks.Detection.Measures;

/// <summary>A series with a detector's scores, one a point.</summary>
/// <param name="Raw">Before the gate: dense.</param>
/// <param name="Gated">After it: zero where the point is no candidate for an alert.</param>
public sealed record ScoredSeries(LabelledSeries Series, float[] Raw, float[] Gated)
{
    /// <summary>Where the detector itself alerts, by its calibrated budget; null when it has none.</summary>
    public bool[]? Alerts { get; init; }
}
