using System.Collections.Immutable;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Collector.Sampling;

/// <summary>What all sources said at one tick. Immutable.</summary>
/// <param name="At">The time of every sample in it.</param>
/// <param name="Families">In the order of the metrics' names.</param>
public sealed record Reading(DateTimeOffset At, ImmutableArray<MetricFamily> Families)
{
    public int SampleCount => Families.Sum(family => family.Samples.Count);

    public IReadOnlyList<Sample> Samples() => [.. Families.SelectMany(family => family.Samples)];
}

/// <summary>A way out for readings.</summary>
public interface IReadingSink
{
    /// <summary>Keeps the reading for later; never waits for a network or a disk.</summary>
    void Take(Reading reading);
}
