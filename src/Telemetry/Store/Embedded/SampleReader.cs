using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Embedded.RollUps;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Reads what the day files and the heads hold, some series after the others, so that a long answer is in memory in parts only.</summary>
internal sealed class SampleReader(DayArchive archive)
{
    /// <summary>Series of the first part, of which it is not known how many samples they have.</summary>
    private const int FirstSeries = 64;

    private const int FewestSeries = 16;
    private const int MostSeries = 4096;

    /// <summary>Samples of a part: half a megabyte, once as it is read and once joined.</summary>
    private const int PartSamples = 64 << 10;

    /// <param name="selector">Which series.</param>
    /// <param name="from">First wanted time, in Unix milliseconds.</param>
    /// <param name="to">Last wanted time, in Unix milliseconds.</param>
    /// <param name="heads">What is in no day file yet.</param>
    /// <param name="older">Gives the last samples of roll-ups where samples are left no more; <see langword="null"/>: nothing does.</param>
    /// <exception cref="SampleStoreException">A file could not be read although it is not damaged.</exception>
    public IEnumerable<TimeSeries> Read(
        SeriesSelector selector, long from, long to, IReadOnlyList<Head> heads, RollUpReader? older, CancellationToken cancellationToken)
    {
        var wanted = Select(selector, from, to, heads, older);
        var length = FirstSeries;
        for (var start = 0; start < wanted.Count;)
        {
            length = Math.Min(length, wanted.Count - start);
            var collector = new SeriesCollector(wanted.GetRange(start, length), from, to);
            older?.ReadLast(collector, heads, cancellationToken);
            archive.Read(collector, cancellationToken);
            foreach (var head in heads)
            {
                cancellationToken.ThrowIfCancellationRequested();
                head.Read(collector);
            }

            long samples = 0;
            foreach (var series in collector.Collected())
            {
                samples += series.Count;
                yield return series;
            }

            start += length;
            length = (int)Math.Clamp(PartSamples / ((samples / length) + 1), FewestSeries, MostSeries);
        }
    }

    /// <summary>The series that match, in the order in which the newest file has them: neighbours there are read together.</summary>
    private List<LabelSet> Select(SeriesSelector selector, long from, long to, IReadOnlyList<Head> heads, RollUpReader? older)
    {
        var known = new HashSet<LabelSet>();
        var wanted = new List<LabelSet>();
        archive.Select(selector, from, to, Add);
        foreach (var catalog in heads.Select(static head => head.Catalog).Distinct())
        {
            foreach (var (_, labels) in catalog.Select(selector))
            {
                Add(labels);
            }
        }

        older?.Select(selector, from, to, heads, Add);
        return wanted;

        void Add(LabelSet labels)
        {
            if (known.Add(labels))
            {
                wanted.Add(labels);
            }
        }
    }
}
