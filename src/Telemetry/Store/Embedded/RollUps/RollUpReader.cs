using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Store.Embedded.RollUps;

/// <param name="Selector">Which series.</param>
/// <param name="From">Earliest wanted end, in Unix milliseconds.</param>
/// <param name="To">Latest wanted end, in Unix milliseconds.</param>
/// <param name="Length">Of each roll-up.</param>
/// <param name="WithSketches">Whether their sketches are wanted.</param>
internal sealed record RollUpQuestion(SeriesSelector Selector, long From, long To, RollUpLength Length, bool WithSketches);

/// <summary>Answers from roll-ups, a day after the other, and makes them of samples where there are none.</summary>
internal sealed class RollUpReader(DayArchive archive, SampleReader samples, RollUpArchive fiveMinutes, RollUpArchive hours)
{
    private const long MillisecondsOfDay = 86_400_000;

    /// <summary>Roll-ups that are in memory at once, some tens of megabytes of them; but of so few series would each file be read too often.</summary>
    private const long RollUpsAtOnce = 300_000;
    private const int FewestSeries = 16;
    private const int MostSeries = 4096;

    public RolledSpan? Span()
    {
        var rolled = hours.Days().Keys.Concat(fiveMinutes.Days().Keys).DefaultIfEmpty().Max();
        if (rolled == default)
        {
            return null;
        }

        var first = archive.Checkpoints().Select(static one => one.Day).DefaultIfEmpty(rolled.AddDays(1)).First();
        return new RolledSpan(Midnight(first), Midnight(rolled.AddDays(1)));
    }

    public IEnumerable<RolledSeries> Read(RollUpQuestion question, IReadOnlyList<Head> heads, CancellationToken cancellationToken)
    {
        var wanted = Select(question, heads);
        var length = (int)Math.Clamp(RollUpsAtOnce * (long)question.Length / Math.Max(1, question.To - question.From), FewestSeries, MostSeries);
        for (var start = 0; start < wanted.Count; start += length)
        {
            foreach (var series in Read(question, wanted.GetRange(start, Math.Min(length, wanted.Count - start)), heads, cancellationToken))
            {
                yield return series;
            }
        }
    }

    /// <summary>The series that match, in the order in which the newest file has them.</summary>
    private List<LabelSet> Select(RollUpQuestion question, IReadOnlyList<Head> heads)
    {
        var wanted = samples.Select(question.Selector, question.From, question.To, heads, older: null);
        var known = wanted.ToHashSet();

        // whichever of the two a day is in: the longer ones, of which a file has a month
        var inHours = hours.Days().Keys.Where(day => IsWithin(day, question)).ToHashSet();
        foreach (var day in inHours.GroupBy(static day => (day.Year, day.Month)).Select(static month => month.First()))
        {
            hours.Select(day, question.Selector, Add);
        }

        foreach (var day in fiveMinutes.Days().Keys.Where(day => IsWithin(day, question) && !inHours.Contains(day)))
        {
            fiveMinutes.Select(day, question.Selector, Add);
        }

        return wanted;

        void Add(LabelSet labels)
        {
            if (known.Add(labels))
            {
                wanted.Add(labels);
            }
        }
    }

    private static bool IsWithin(DateOnly day, RollUpQuestion question) => BeginOf(day) <= question.To && BeginOf(day) + MillisecondsOfDay >= question.From;

    private List<RolledSeries> Read(RollUpQuestion question, IReadOnlyList<LabelSet> wanted, IReadOnlyList<Head> heads, CancellationToken cancellationToken)
    {
        var found = new Dictionary<LabelSet, List<RollUp>>();
        var flushed = archive.Checkpoints().ToDictionary(static one => one.Day, static one => one.Segment);
        var inLog = heads.SelectMany(static head => head.Days()).ToHashSet();
        var (own, other) = question.Length == RollUpLength.Hour ? (hours, fiveMinutes) : (fiveMinutes, hours);
        var days = flushed.Keys.Concat(inLog).Concat(own.Days().Keys).Concat(other.Days().Keys).Distinct()
            .Where(day => IsWithin(day, question)).Order();
        foreach (var day in days)
        {
            var hasSamples = flushed.TryGetValue(day, out var segment) || inLog.Contains(day);
            var isRolled = hasSamples ? segment > 0 && own.Has(day, segment) && !inLog.Contains(day) : own.Days().ContainsKey(day);
            if (isRolled)
            {
                own.Read(day, Matching, question.WithSketches, Add, cancellationToken);
            }
            else if (hasSamples)
            {
                Make(question, day, wanted, heads, Add, cancellationToken);
            }
            else if (other == fiveMinutes)
            {
                other.Read(day, Matching, question.WithSketches,
                    (labels, rollUps) => Add(labels, RollUpMaker.Longer(rollUps, question.Length, question.WithSketches)), cancellationToken);
            }
            else
            {
                other.Read(day, Matching, question.WithSketches, Add, cancellationToken);
            }
        }

        return [.. found.Select(static one => new RolledSeries(one.Key, one.Value))];

        int[] Matching(SeriesTable series) => series.NumbersOf(wanted).Numbers;

        void Add(LabelSet labels, IReadOnlyList<RollUp> rollUps)
        {
            if (!found.TryGetValue(labels, out var known))
            {
                known = [];
                found.Add(labels, known);
            }

            foreach (var rollUp in rollUps)
            {
                if (rollUp.End >= question.From && rollUp.End - (long)question.Length < question.To)
                {
                    known.Add(rollUp);
                }
            }
        }
    }

    /// <summary>The series that match, of the days of which no samples are left.</summary>
    public void Select(SeriesSelector selector, long from, long to, IReadOnlyList<Head> heads, Action<LabelSet> found)
    {
        foreach (var (day, source) in WithoutSamples(from, to, heads))
        {
            source.Select(day, selector, found);
        }
    }

    /// <summary>Adds the last sample of each roll-up of the days of which no samples are left.</summary>
    public void ReadLast(SeriesCollector collector, IReadOnlyList<Head> heads, CancellationToken cancellationToken)
    {
        foreach (var (day, from) in WithoutSamples(collector.From, collector.To, heads))
        {
            from.Read(day, series => series.NumbersOf(collector.Wanted).Numbers, withSketches: false, (labels, rollUps) =>
            {
                var wanted = rollUps.Where(one => one.LastAt >= collector.From && one.LastAt <= collector.To).ToArray();
                if (wanted.Length > 0)
                {
                    collector.Add(collector.PlaceOf(labels), wanted.Select(static one => one.LastAt).ToArray(), wanted.Select(static one => one.Last).ToArray());
                }
            }, cancellationToken);
        }
    }

    /// <summary>Finds the series with roll-ups in the days of which no samples are left.</summary>
    public void Find(SeriesPresence presence, IReadOnlyList<Head> heads, CancellationToken cancellationToken)
    {
        foreach (var (day, from) in WithoutSamples(presence.From, presence.To, heads))
        {
            from.Read(day, series => [.. series.Select(presence.Selector)], withSketches: false, (labels, rollUps) =>
            {
                if (Array.Exists(rollUps, one => one.LastAt >= presence.From && one.FirstAt <= presence.To))
                {
                    presence.Found(labels);
                }
            }, cancellationToken);
        }
    }

    private void Make(RollUpQuestion question, DateOnly day, IReadOnlyList<LabelSet> wanted, IReadOnlyList<Head> heads, Action<LabelSet, IReadOnlyList<RollUp>> add, CancellationToken cancellationToken)
    {
        var from = Math.Max(question.From, BeginOf(day));
        var to = Math.Min(question.To, BeginOf(day) + MillisecondsOfDay - 1);
        foreach (var series in samples.Read(wanted, from, to, heads, older: null, usesMemoryAgain: true, cancellationToken).SelectMany(static part => part))
        {
            if (RollUpMaker.Of(series.UnixMilliseconds.Span, series.Values.Span, question.Length, question.WithSketches) is { Count: > 0 } made)
            {
                add(series.Labels, made);
            }
        }
    }

    private static DateTimeOffset Midnight(DateOnly day) => new(day, TimeOnly.MinValue, TimeSpan.Zero);

    private static long BeginOf(DateOnly day) => Midnight(day).ToUnixTimeMilliseconds();

    /// <summary>The days of a range of which no samples are left, oldest first, each with where its shortest roll-ups are.</summary>
    private IEnumerable<(DateOnly Day, RollUpArchive From)> WithoutSamples(long from, long to, IReadOnlyList<Head> heads)
    {
        var (shorter, longer) = (fiveMinutes.Days(), hours.Days());
        if (longer.Count == 0 && shorter.Count == 0)
        {
            return [];
        }

        var withSamples = archive.Checkpoints().Select(static one => one.Day).Concat(heads.SelectMany(static head => head.Days())).ToHashSet();
        return longer.Keys.Concat(shorter.Keys).Distinct().Where(day => !withSamples.Contains(day) && BeginOf(day) <= to && BeginOf(day) + MillisecondsOfDay > from).Order()
            .Select(day => (day, shorter.ContainsKey(day) ? fiveMinutes : hours));
    }
}
