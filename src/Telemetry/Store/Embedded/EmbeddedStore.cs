using Microsoft.Extensions.Logging;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Embedded.RollUps;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Keeps samples in files of this machine: a synced log first, then compressed chunks in a SQLite file a day.</summary>
/// <remarks>
/// A sample for a time that the series has already replaces the one before. Samples older than the retention age, further behind their series' newest than
/// the out-of-order window, or more than a day ahead of this machine's clock are dropped and counted. Damaged files are set aside as <c>*.damaged</c>, and the
/// rest is served. Every bit pattern of a value is kept, staleness markers too. Of days whose samples are kept no longer, a read gives the last sample of each
/// roll-up that is left.
/// </remarks>
public sealed class EmbeddedStore : ISampleStore, IDisposable
{
    /// <summary>Longest labels of a series, names and values together. Prometheus itself has no bound; what is longer is a mistake.</summary>
    public const int LongestLabelsCharacters = 64 << 10;

    private static readonly TimeSpan LongestUpkeepInterval = TimeSpan.FromMinutes(1);

    private readonly StoreDirectory directory;
    private readonly StoreMeter meter;
    private readonly DamagedFiles damaged;
    private readonly Retention retention;
    private readonly DayArchive archive;
    private readonly RollUpArchive fiveMinutes;
    private readonly RollUpArchive hours;
    private readonly SampleReader reader;
    private readonly RollUpReader rollUps;
    private readonly RollUpKeeper keeper;
    private readonly WriteAheadLog log;
    private readonly Flusher flusher;
    private readonly GroupCommit commits;
    private readonly ITimer upkeep;
    private volatile bool closed;

    /// <summary>Opens the store, making it where there is none. What an earlier process left in the log is readable at once.</summary>
    /// <exception cref="SampleStoreException">Another process has it open, or the disk refused.</exception>
    public EmbeddedStore(EmbeddedStoreOptions options, TimeProvider time, ILogger<EmbeddedStore> logger)
    {
        directory = StoreDirectory.Open(options.Directory);
        meter = new StoreMeter();
        try
        {
            damaged = new DamagedFiles(directory, meter, logger);
            retention = new Retention(options.RetentionAge, options.RetentionBytes, time);
            archive = new DayArchive(directory, damaged, meter, retention, logger);
            fiveMinutes = new RollUpArchive(directory, damaged, RollUpLength.FiveMinutes, Longest(options.RetentionAge, options.RollUpAge));
            hours = new RollUpArchive(directory, damaged, RollUpLength.Hour, Longest(options.RetentionAge, options.RollUpAge, options.HourlyRollUpAge));
            log = new WriteAheadLog(directory, archive.Checkpoint, damaged, options.OutOfOrderWindow, meter, time, logger);
        }
        catch (Exception e)
        {
            hours?.Dispose();
            fiveMinutes?.Dispose();
            archive?.Dispose();
            meter.Dispose();
            directory.Dispose();
            if (e is SampleStoreException or not (IOException or UnauthorizedAccessException))
            {
                throw;
            }

            throw DiskError.Of($"Open the store in {options.Directory}", e);
        }

        reader = new SampleReader(archive);
        rollUps = new RollUpReader(archive, reader, fiveMinutes, hours);
        keeper = new RollUpKeeper(archive, fiveMinutes, hours, retention, meter, time, logger);
        flusher = new Flusher(log, archive, meter, logger);
        commits = new GroupCommit(log, flusher, meter, options, logger);
        var interval = options.SegmentAge < LongestUpkeepInterval ? options.SegmentAge : LongestUpkeepInterval;
        upkeep = time.CreateTimer(_ => KeepUp(), null, interval, interval);
        meter.Observe(() => Statistics);
    }

    public StoreStatistics Statistics
    {
        get
        {
            var (series, samples, segments) = log.Size();
            return new StoreStatistics(series, samples, segments, directory.Size(), damaged.Count, archive.DaysDropped, meter.SamplesDropped);
        }
    }

    public async ValueTask AppendAsync(IReadOnlyList<Sample> samples, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(closed, this);
        cancellationToken.ThrowIfCancellationRequested();
        var kept = Kept(samples);
        if (kept.Count > 0)
        {
            await commits.AppendAsync(kept).WaitAsync(cancellationToken);
        }
    }

    public async ValueTask<IReadOnlyList<TimeSeries>> ReadAsync(SeriesSelector selector, TimeRange range, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(closed, this);
        return await Task.Run(() =>
        {
            IReadOnlyList<TimeSeries> read = [];
            WithHeads(heads => read = reader.ReadAll(
                selector, range.From.ToUnixTimeMilliseconds(), range.To.ToUnixTimeMilliseconds(), heads, rollUps, cancellationToken));
            return read;
        }, cancellationToken);
    }

    public ValueTask<IEnumerable<IReadOnlyList<TimeSeries>>> StreamAsync(SeriesSelector selector, TimeRange range, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(closed, this);
        return ValueTask.FromResult(Stream(selector, range, cancellationToken));
    }

    /// <summary>The labels of the series that match any of the selectors and have at least one sample in the range, in no particular order.</summary>
    /// <remarks>What the Prometheus API's <c>series</c>, <c>labels</c> and <c>label values</c> are answered from. A selector without matchers is every series.</remarks>
    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    public async ValueTask<IReadOnlyCollection<LabelSet>> SeriesAsync(
        IReadOnlyList<SeriesSelector> selectors, TimeRange range, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(closed, this);
        var found = new HashSet<LabelSet>();
        var presences = (selectors.Count > 0 ? selectors : [new SeriesSelector([])])
            .Select(selector => new SeriesPresence(selector, range.From.ToUnixTimeMilliseconds(), range.To.ToUnixTimeMilliseconds(), found)).ToArray();
        await Task.Run(() => Array.ForEach(presences, presence => Find(presence, cancellationToken)), cancellationToken);
        return found;
    }

    public RolledSpan? Rolled => rollUps.Span();

    public ValueTask<IEnumerable<RolledSeries>> RollUpsAsync(
        SeriesSelector selector, TimeRange range, RollUpLength length, bool withSketches, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(closed, this);
        var question = new RollUpQuestion(selector, range.From.ToUnixTimeMilliseconds(), range.To.ToUnixTimeMilliseconds(), length, withSketches);
        return ValueTask.FromResult(RollUps(question, cancellationToken));
    }

    /// <summary>Moves all that was appended so far from the log into day files, as before a backup of these, and rolls up what is to be rolled up.</summary>
    /// <exception cref="SampleStoreException">The disk refused; nothing is lost.</exception>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(closed, this);
        await commits.RotateAsync().WaitAsync(cancellationToken);
        if (await Task.Run(() => flusher.Flush() ?? keeper.Keep(), cancellationToken) is { } failure)
        {
            throw failure;
        }
    }

    /// <summary>Closes the files. What was not flushed stays in the log, for the next time.</summary>
    public void Dispose()
    {
        if (closed)
        {
            return;
        }

        closed = true;
        meter.Dispose();
        upkeep.Dispose();
        commits.Dispose();
        flusher.Dispose();
        keeper.Dispose();
        log.Dispose();
        hours.Dispose();
        fiveMinutes.Dispose();
        archive.Dispose();
        directory.Dispose();
    }

    private static TimeSpan Longest(params ReadOnlySpan<TimeSpan> ages)
    {
        var longest = TimeSpan.Zero;
        foreach (var age in ages)
        {
            longest = age > longest ? age : longest;
        }

        return longest;
    }

    private void KeepUp()
    {
        commits.KeepUp();
        keeper.Wake();
    }

    private IReadOnlyList<Sample> Kept(IReadOnlyList<Sample> samples)
    {
        var first = Math.Max(retention.FirstKeptMillisecond, keeper.FirstOpenMillisecond);
        var last = retention.LastKeptMillisecond;
        var tooOld = 0;
        var tooFarAhead = 0;
        LabelSet? before = null;
        foreach (ref readonly var sample in SampleSpan.Of(samples))
        {
            if (!ReferenceEquals(sample.Labels, before) && sample.Labels.Characters > LongestLabelsCharacters)
            {
                throw new SampleStoreException($"Append samples of {sample.Labels.Name}",
                    $"its labels are longer than {LongestLabelsCharacters} characters", retryable: false);
            }

            before = sample.Labels;
            tooOld += sample.UnixMilliseconds < first ? 1 : 0;
            tooFarAhead += sample.UnixMilliseconds > last ? 1 : 0;
        }

        meter.Drop(tooOld, "too old");
        meter.Drop(tooFarAhead, "too far ahead");
        return tooOld + tooFarAhead == 0
            ? samples
            : samples.Where(sample => sample.UnixMilliseconds >= first && sample.UnixMilliseconds <= last).ToArray();
    }

    private IEnumerable<IReadOnlyList<TimeSeries>> Stream(SeriesSelector selector, TimeRange range, CancellationToken cancellationToken)
    {
        var (from, to) = (range.From.ToUnixTimeMilliseconds(), range.To.ToUnixTimeMilliseconds());
        var heads = log.Heads();
        try
        {
            foreach (var part in reader.Read(reader.Select(selector, from, to, heads, rollUps), from, to, heads, rollUps, usesMemoryAgain: true, cancellationToken))
            {
                yield return part;
            }
        }
        finally
        {
            Release(heads);
        }
    }

    private IEnumerable<RolledSeries> RollUps(RollUpQuestion question, CancellationToken cancellationToken)
    {
        var heads = log.Heads();
        try
        {
            foreach (var series in rollUps.Read(question, heads, cancellationToken))
            {
                yield return series;
            }
        }
        finally
        {
            Release(heads);
        }
    }

    private void Find(SeriesPresence presence, CancellationToken cancellationToken) => WithHeads(heads =>
    {
        foreach (var head in heads)
        {
            cancellationToken.ThrowIfCancellationRequested();
            head.Find(presence);
        }

        archive.Find(presence, cancellationToken);
        rollUps.Find(presence, heads, cancellationToken);
    });

    /// <summary>Takes the heads before the files are read: a segment that is flushed meanwhile is then seen twice, which does no harm, instead of not at all.</summary>
    private void WithHeads(Action<IReadOnlyList<Head>> read)
    {
        var heads = log.Heads();
        try
        {
            read(heads);
        }
        finally
        {
            Release(heads);
        }
    }

    private static void Release(IReadOnlyList<Head> heads)
    {
        foreach (var head in heads)
        {
            head.Release();
        }
    }
}
