using System.Runtime.ExceptionServices;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Embedded.RollUps;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Reads what the day files and the heads hold, some series after the others, so that a long answer is in memory in parts only.</summary>
internal sealed class SampleReader(DayArchive archive)
{
    /// <summary>What is collected at once, as it is encoded.</summary>
    private const int CollectedBytes = 1 << 20;

    /// <summary>Rows are fetched anew for each that are collected at once: of fewer series that would be most of the work.</summary>
    private const int FewestSeries = 48;
    private const int MostSeries = 1024;

    /// <summary>Worth a thread's while.</summary>
    private const int SeriesOfThread = 512;

    /// <summary>As if each series had a sample of one byte every ten seconds: so many are collected first.</summary>
    private const long MillisecondsOfByte = 10_000;

    /// <summary>Of a read that has ended, for the next one.</summary>
    private SeriesCollector? spare;

    /// <summary>All samples of the matching series, read by several threads where they are many.</summary>
    /// <exception cref="SampleStoreException">A file could not be read although it is not damaged.</exception>
    public IReadOnlyList<TimeSeries> ReadAll(
        SeriesSelector selector, long from, long to, IReadOnlyList<Head> heads, RollUpReader? older, CancellationToken cancellationToken)
    {
        var parts = Select(selector, from, to, heads, older).Chunk(SeriesOfThread).ToArray();
        var read = new List<TimeSeries>[parts.Length];
        try
        {
            Parallel.For(0, parts.Length, new ParallelOptions { CancellationToken = cancellationToken }, i =>
                read[i] = [.. Read(parts[i], from, to, heads, older, usesMemoryAgain: false, cancellationToken).SelectMany(static part => part)]);
        }
        catch (AggregateException e) when (e.InnerException is { } first)
        {
            ExceptionDispatchInfo.Throw(first);
        }

        return [.. read.SelectMany(static part => part)];
    }

    /// <param name="wanted">Which series, those together that are neighbours in the files.</param>
    /// <param name="from">First wanted time, in Unix milliseconds.</param>
    /// <param name="to">Last wanted time, in Unix milliseconds.</param>
    /// <param name="heads">What is in no day file yet.</param>
    /// <param name="older">Gives the last samples of roll-ups where samples are left no more; <see langword="null"/>: nothing does.</param>
    /// <param name="usesMemoryAgain">Whether the samples that were given are overwritten when more are asked for.</param>
    /// <exception cref="SampleStoreException">A file could not be read although it is not damaged.</exception>
    public IEnumerable<IReadOnlyList<TimeSeries>> Read(
        IReadOnlyList<LabelSet> wanted, long from, long to, IReadOnlyList<Head> heads, RollUpReader? older, bool usesMemoryAgain, CancellationToken cancellationToken)
    {
        var collector = (usesMemoryAgain ? Interlocked.Exchange(ref spare, null) : null) ?? new SeriesCollector(usesMemoryAgain);
        var length = Length((to - from) / MillisecondsOfByte);
        for (var start = 0; start < wanted.Count; start += length)
        {
            length = Math.Min(start == 0 ? length : Length(collector.EncodedBytes / collector.Wanted.Count), wanted.Count - start);
            collector.Begin([.. wanted.Skip(start).Take(length)], from, to);
            older?.ReadLast(collector, heads, cancellationToken);
            archive.Read(collector, cancellationToken);
            foreach (var head in heads)
            {
                cancellationToken.ThrowIfCancellationRequested();
                head.Read(collector);
            }

            foreach (var part in collector.Collected())
            {
                yield return part;
            }
        }

        if (collector.MayBeKept)
        {
            collector.Begin([], 0, 0);
            Volatile.Write(ref spare, collector);
        }
    }

    private static int Length(long bytesOfSeries) => (int)Math.Clamp(CollectedBytes / (bytesOfSeries + 1), FewestSeries, MostSeries);

    /// <summary>The series that match, in the order in which the newest file has them: neighbours there are read together.</summary>
    public List<LabelSet> Select(SeriesSelector selector, long from, long to, IReadOnlyList<Head> heads, RollUpReader? older)
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
