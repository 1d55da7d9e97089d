using NetPulse.Optimizer.Detection.Preparation;

namespace NetPulse.Benchmarks.Detection.Data;

/// <summary>Points of a series, both ends included.</summary>
public readonly record struct PointSpan(int First, int Last)
{
    public int Count => Last - First + 1;
}

/// <summary>A change that is nobody's trouble: an alert within is a false alarm.</summary>
/// <param name="Announced">It was known beforehand, so the pipeline may be told.</param>
public readonly record struct BenignSpan(PointSpan Points, bool Announced);

/// <summary>One series with what a person, or the generator, says about it.</summary>
/// <param name="Name">File within its set.</param>
/// <param name="Kind">What it measures.</param>
/// <param name="UnixSeconds">Of each point.</param>
/// <param name="Values">NaN where a scrape was missed; a counter is already its rate.</param>
/// <param name="Events">In order of time.</param>
/// <param name="Benign">As listed.</param>
public sealed record LabelledSeries(string Name, SignalKind Kind, long[] UnixSeconds, double[] Values, PointSpan[] Events, BenignSpan[] Benign)
{
    /// <summary>Where it was measured; empty where a set does not say.</summary>
    public string Node { get; init; } = "";

    /// <summary>One an event: those of the same trouble, on whichever series, have the same. Empty where a set does not say.</summary>
    public string[] Troubles { get; init; } = [];

    /// <summary>From the earliest point to one step after the latest.</summary>
    public double Days => UnixSeconds.Length < 2
        ? 0
        : (UnixSeconds.Max() - UnixSeconds.Min()) * (UnixSeconds.Length / (UnixSeconds.Length - 1.0)) / 86_400;
}

/// <summary>How a set is scored.</summary>
public enum SetKind
{
    /// <summary>Windows of the Numenta Anomaly Benchmark.</summary>
    Nab,

    /// <summary>Events, recalled at a budget of false alarms.</summary>
    Events,
}

/// <summary>Series that are scored together, with one threshold.</summary>
public sealed record LabelledSet(string Name, SetKind Kind, LabelledSeries[] Series);
