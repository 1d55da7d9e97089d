using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Which series of a selector have a sample in a range. A series is looked for until it is found once; no value is decoded.</summary>
/// <param name="found">Gets the series; those that are in it already are not looked for.</param>
internal sealed class SeriesPresence(SeriesSelector selector, long from, long to, HashSet<LabelSet> found)
{
    public SeriesSelector Selector { get; } = selector;

    /// <summary>First wanted time, in Unix milliseconds.</summary>
    public long From { get; } = from;

    /// <summary>Last wanted time, in Unix milliseconds.</summary>
    public long To { get; } = to;

    public bool IsWanted(LabelSet labels) => !found.Contains(labels);

    public void Found(LabelSet labels) => found.Add(labels);
}
