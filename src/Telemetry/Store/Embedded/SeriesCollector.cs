using System.Runtime.InteropServices;
using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Brings together what the day files and the heads hold of some series. They are read oldest first, so that the last written wins.</summary>
/// <param name="wanted">Which series.</param>
/// <param name="from">First wanted time, in Unix milliseconds.</param>
/// <param name="to">Last wanted time, in Unix milliseconds.</param>
internal sealed class SeriesCollector(IReadOnlyList<LabelSet> wanted, long from, long to)
{
    private readonly Dictionary<LabelSet, int> places = [];
    private readonly List<Found> series = [];
    private readonly JoinedTimes joined = new();

    public IReadOnlyList<LabelSet> Wanted { get; } = wanted;

    /// <summary>First wanted time, in Unix milliseconds.</summary>
    public long From { get; } = from;

    /// <summary>Last wanted time, in Unix milliseconds.</summary>
    public long To { get; } = to;

    /// <summary>Times that were added last.</summary>
    public ReadOnlyMemory<long> LikeBefore { get; private set; }

    /// <param name="labels">The series.</param>
    /// <param name="times">At least one, ascending, all in the range.</param>
    /// <param name="values">Theirs.</param>
    public void Add(LabelSet labels, ReadOnlyMemory<long> times, ReadOnlyMemory<double> values)
    {
        LikeBefore = times;
        ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(places, labels, out var known);
        if (!known)
        {
            place = series.Count;
            series.Add(new Found(labels, (times, values), null));
            return;
        }

        ref var found = ref CollectionsMarshal.AsSpan(series)[place];
        if (found.Parts is null)
        {
            found = found with { Parts = [found.First] };
        }

        found.Parts.Add((times, values));
    }

    public TimeSeries[] Collected()
    {
        var collected = new TimeSeries[series.Count];
        for (var i = 0; i < collected.Length; i++)
        {
            var found = series[i];
            var (times, values) = found.Parts is null ? found.First : SampleOrder.Joined(found.Parts, joined);
            collected[i] = new TimeSeries(found.Labels, times, values);
        }

        return collected;
    }

    private readonly record struct Found(
        LabelSet Labels,
        (ReadOnlyMemory<long> Times, ReadOnlyMemory<double> Values) First,
        List<(ReadOnlyMemory<long> Times, ReadOnlyMemory<double> Values)>? Parts);
}
