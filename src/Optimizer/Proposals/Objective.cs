using System.Collections.Immutable;
using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Proposals;

public enum Better
{
    Higher,
    Lower,
}

/// <summary>What a change is to improve, and how it is measured: all that a verdict needs to know, whatever the cause was.</summary>
/// <param name="Name">As people say it: <c>throughput</c>.</param>
/// <param name="Unit">Of the measure: <c>bytes/s</c>, <c>s</c>, <c>1/s</c>; empty for a share.</param>
/// <param name="Subject">Whose it is.</param>
/// <param name="Measure">How it is read from the store.</param>
/// <param name="Better">Which direction is a gain.</param>
/// <param name="LeastGain">The least ratio, better to worse, that is worth a lasting change; above 1.</param>
/// <param name="LeastValue">Anything less is taken for this much, so that a value of zero has a ratio too.</param>
/// <param name="Guards">What must not get worse meanwhile.</param>
public sealed record Objective(
    string Name, string Unit, Subject Subject, Measure Measure, Better Better, double LeastGain, double LeastValue, ImmutableArray<GuardMetric> Guards)
{
    /// <summary>Below it a flow counts as stopped.</summary>
    private const double LeastBytesPerSecond = 1000;

    private const double UsualLeastGain = 1.1;

    /// <summary>A loss-based sender that nothing holds back fills most of a queue of one bandwidth-delay product, which would double the round trip.</summary>
    private const double LongestRoundTrip = 1.8;

    /// <summary>What the edge's owner sends, while its round trips do not nearly double nor its retransmits by two points.</summary>
    public static Objective Throughput(Edge edge) => new(
        "throughput",
        "bytes/s",
        new Subject.OfEdge(edge),
        Measure.RateOf(edge.Select(TcpMetrics.IoBytes, LabelNames.Transmit)),
        Better.Higher,
        UsualLeastGain,
        LeastBytesPerSecond,
        [
            new GuardMetric("round-trip time", "s", Measure.GaugeOf(edge.Select(TcpMetrics.SmoothedRtt)), LongestRoundTrip, WorstIncrease: 0),
            new GuardMetric(
                "retransmitted", "", Measure.ShareOf(edge.Select(TcpMetrics.Retransmits), edge.Select(TcpMetrics.Segments, LabelNames.Transmit)), WorstRatio: 1, WorstIncrease: 0.02),
        ]);

    /// <summary>The same of another pod: each series that is this pod's, as the other one reports it.</summary>
    public Objective Of(Subject.OfPod other) => this with
    {
        Subject = other,
        Measure = Measure switch
        {
            Measure.Rate rate => new Measure.Rate(At(rate.Counters, other)),
            Measure.Share share => new Measure.Share(At(share.Part, other), At(share.Whole, other)),
            Measure.Gauge gauge => new Measure.Gauge(gauge.Series.At(other)),
            Measure.Quantile quantile => quantile with { Histogram = quantile.Histogram.At(other) },
            _ => Measure,
        },
    };

    private static ImmutableArray<MeasuredSeries> At(ImmutableArray<MeasuredSeries> series, Subject.OfPod other) => [.. series.Select(each => each.At(other))];

    /// <summary>A value with its unit, for people.</summary>
    public string Text(double value) => Quantity.Text(value, Unit);
}

/// <summary>A metric that a change must not make worse: it may not grow both beyond the ratio and by more than the increase.</summary>
/// <param name="Name">As people say it.</param>
/// <param name="Unit">As of an <see cref="Objective"/>.</param>
/// <param name="Measure">How it is read; lower is better.</param>
/// <param name="WorstRatio">Of after to before.</param>
/// <param name="WorstIncrease">Of after over before, in the unit.</param>
public sealed record GuardMetric(string Name, string Unit, Measure Measure, double WorstRatio, double WorstIncrease)
{
    /// <summary>Of a metric of which more is better, before and after change places: it may not fall as far.</summary>
    public Better Better { get; init; } = Better.Lower;

    /// <summary>Whether it got worse than it may; a metric that was not there before has no ratio and breaks by its increase alone.</summary>
    public bool IsBroken(double before, double after) => Better == Better.Lower ? IsWorse(before, after) : IsWorse(after, before);

    private bool IsWorse(double good, double bad) => bad > good * WorstRatio && bad > good + WorstIncrease && (good > 0 || WorstIncrease > 0);

    public string Text(double value) => Quantity.Text(value, Unit);
}
