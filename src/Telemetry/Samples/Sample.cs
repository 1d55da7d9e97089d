using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Samples;

/// <summary>One reading of one series.</summary>
/// <param name="Labels">Whose reading it is.</param>
/// <param name="UnixMilliseconds">When it was read.</param>
/// <param name="Value">In the metric's unit.</param>
public readonly record struct Sample(LabelSet Labels, long UnixMilliseconds, double Value);
