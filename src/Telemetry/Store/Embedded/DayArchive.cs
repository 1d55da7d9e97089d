using Microsoft.Extensions.Logging;
using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>The day files: what was flushed, for as long as it is kept.</summary>
internal sealed partial class DayArchive : IDisposable
{
    /// <summary>Today and yesterday: they are written to, and asked for all the time.</summary>
    private const int DaysInMemory = 2;

    private readonly Lock gate = new();

    /// <summary>Held while a day's file is made or replaced; taken before <see cref="gate"/>.</summary>
    private readonly Lock making = new();
    private readonly SortedDictionary<DateOnly, DayFile> days = [];
    private readonly StoreDirectory directory;
    private readonly DamagedFiles damaged;
    private readonly StoreMeter meter;
    private readonly Retention retention;
    private readonly ILogger logger;
    private long daysDropped;

    /// <exception cref="SampleStoreException">A file could not be read although it is not damaged.</exception>
    public DayArchive(StoreDirectory directory, DamagedFiles damaged, StoreMeter meter, Retention retention, ILogger logger)
    {
        this.directory = directory;
        this.damaged = damaged;
        this.meter = meter;
        this.retention = retention;
        this.logger = logger;
        directory.DeleteUnfinished();
        foreach (var day in directory.Days())
        {
            var path = directory.DayFile(day);
            try
            {
                days.Add(day, DayFile.Open(path));
            }
            catch (InvalidDataException e)
            {
                Replace(day, path, e);
            }
        }
    }

    /// <summary>The highest number of a segment that any file has taken in; 0 when there is none.</summary>
    public long Checkpoint => Snapshot().Select(day => day.File.Checkpoint).DefaultIfEmpty().Max();

    /// <summary>The days, oldest first, each with the number of the last segment that is in it.</summary>
    public IReadOnlyList<(DateOnly Day, long Segment)> Checkpoints() => [.. Snapshot().Select(static day => (day.Day, day.File.Checkpoint))];

    public long DaysDropped => Interlocked.Read(ref daysDropped);

    /// <summary>Moves a segment's samples into their days. Done again after a crash in between, it adds only what is not there.</summary>
    /// <exception cref="SampleStoreException">The disk refused; days that were written stay written.</exception>
    public void Write(long segment, Head head)
    {
        foreach (var day in head.Days())
        {
            var file = FindOrMake(day);
            try
            {
                WriteDay(day, file, segment, head);
            }
            catch (InvalidDataException e)
            {
                SetAside(day, file, e);
                WriteDay(day, FindOrMake(day), segment, head);
            }
        }
    }

    /// <summary>The matching series of the days of a range, those of the newest first.</summary>
    /// <exception cref="SampleStoreException">A file could not be read although it is not damaged.</exception>
    public void Select(SeriesSelector selector, long from, long to, Action<LabelSet> found) =>
        Read(Within(from, to).Reverse(), file => file.Select(selector, found));

    /// <exception cref="SampleStoreException">A file could not be read although it is not damaged.</exception>
    public void Read(SeriesCollector collector, CancellationToken cancellationToken) =>
        Read(Within(collector.From, collector.To), file => file.Read(collector, cancellationToken));

    /// <summary>All samples of a day, some hundreds of series after the others.</summary>
    /// <exception cref="SampleStoreException">A file could not be read although it is not damaged.</exception>
    public IEnumerable<IReadOnlyList<TimeSeries>> Groups(DateOnly day)
    {
        var number = 0;
        IReadOnlyList<TimeSeries>? group;
        do
        {
            group = null;
            Read(Snapshot().Where(one => one.Day == day), file => file.TryReadGroup(number, out group));
            number++;
            if (group is { Count: > 0 })
            {
                yield return group;
            }
        }
        while (group is not null);
    }

    /// <summary>Finds series, in the newest day first: most are in it.</summary>
    /// <exception cref="SampleStoreException">A file could not be read although it is not damaged.</exception>
    public void Find(SeriesPresence presence, CancellationToken cancellationToken) =>
        Read(Within(presence.From, presence.To).Reverse(), file => file.Find(presence, cancellationToken));

    public IEnumerable<StoredFile> Files() => Snapshot().Select(static day => StoredFile.Of(day.File.Path, day.Day));

    /// <summary>Deletes the oldest files, as far as <see cref="Retention"/> says, and damaged ones that are older than what is left.</summary>
    /// <param name="surplus">Files that go whatever their age.</param>
    /// <param name="mayGo">Is asked for each day that goes.</param>
    /// <exception cref="SampleStoreException">The disk refused.</exception>
    public void DropExpired(IReadOnlySet<string> surplus, Func<DateOnly, bool> mayGo)
    {
        var stored = Snapshot();
        var expired = retention.Expired([.. stored.Select(static day => day.Day)]);
        var left = new List<DateOnly>();
        for (var i = 0; i < stored.Count; i++)
        {
            var (day, file) = stored[i];
            if ((i >= expired && !surplus.Contains(file.Path)) || !mayGo(day))
            {
                left.Add(day);
                continue;
            }

            meter.Drop(SamplesOf(file), "expired");
            meter.DaysDropped.Add(1);
            Interlocked.Increment(ref daysDropped);
            Forget(day);
            File.Delete(file.Path);
            LogDropped(file.Path);
        }

        if (left.Count > 0)
        {
            // not by the clock alone, which may be wrong
            var firstLeft = Math.Min(retention.FirstKeptMillisecond, FirstMillisecond(left[0]));
            damaged.DeleteBefore(DateTimeOffset.FromUnixTimeMilliseconds(firstLeft));
        }
    }

    /// <summary>Frees what queries of older days brought into memory: a day's labels may be many megabytes.</summary>
    public void UnloadOlder()
    {
        foreach (var (_, file) in Snapshot().SkipLast(DaysInMemory))
        {
            file.Unload();
        }
    }

    public void Dispose()
    {
        foreach (var (_, file) in Snapshot())
        {
            file.Dispose();
        }
    }

    private static long FirstMillisecond(DateOnly day) => new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero).ToUnixTimeMilliseconds();

    private static long SamplesOf(DayFile file)
    {
        try
        {
            return file.CountSamples();
        }
        catch (Exception e) when (e is InvalidDataException or SampleStoreException)
        {
            return 0; // it goes in any case; how many it held is not known
        }
    }

    private DayFile FindOrMake(DateOnly day)
    {
        lock (making)
        {
            return Find(day) ?? Make(day);
        }
    }

    private static void WriteDay(DateOnly day, DayFile file, long segment, Head head)
    {
        if (file.Checkpoint < segment)
        {
            file.Write(segment, head, FirstMillisecond(day), FirstMillisecond(day.AddDays(1)) - 1);
        }
    }

    private void SetAside(DateOnly day, DayFile file, InvalidDataException why)
    {
        lock (making)
        {
            // another thread may have been here first, and the day has a new file since
            if (ReferenceEquals(Find(day), file))
            {
                Forget(day);
                Replace(day, file.Path, why);
            }
        }
    }

    /// <summary>Sets the file aside, and begins a new one with what is whole of it.</summary>
    private void Replace(DateOnly day, string path, InvalidDataException why)
    {
        try
        {
            if (damaged.SetAside(path, why) is not { } aside)
            {
                return;
            }

            using var salvage = new DaySalvage(aside);
            if (salvage.Chunks().Any())
            {
                Make(day).TakeOver(salvage);
                LogSalvaged(path, aside);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw DiskError.Of($"Set {path} aside, which is damaged ({why.Message})", e);
        }
    }

    /// <summary>The days of a range, oldest first.</summary>
    private IEnumerable<(DateOnly Day, DayFile File)> Within(long from, long to) =>
        Snapshot().Where(day => FirstMillisecond(day.Day) <= to && FirstMillisecond(day.Day.AddDays(1)) > from);

    private void Read(IEnumerable<(DateOnly Day, DayFile File)> wanted, Action<DayFile> read)
    {
        foreach (var (day, file) in wanted)
        {
            try
            {
                read(file);
            }
            catch (InvalidDataException e)
            {
                SetAside(day, file, e);
                if (Find(day) is { } begunAgain)
                {
                    read(begunAgain);
                }
            }
        }
    }

    private DayFile? Find(DateOnly day)
    {
        lock (gate)
        {
            return days.GetValueOrDefault(day);
        }
    }

    private DayFile Make(DateOnly day)
    {
        var file = DayFile.Create(directory.DayFile(day));
        lock (gate)
        {
            days.Add(day, file);
        }

        return file;
    }

    private void Forget(DateOnly day)
    {
        DayFile? file;
        lock (gate)
        {
            days.Remove(day, out file);
        }

        file?.Dispose();
    }

    private List<(DateOnly Day, DayFile File)> Snapshot()
    {
        lock (gate)
        {
            return [.. days.Select(day => (day.Key, day.Value))];
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Path} was begun again with what is whole of {Aside}")]
    private partial void LogSalvaged(string path, string aside);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Path} was deleted: it is older than samples are kept, or the files are larger than they may be")]
    private partial void LogDropped(string path);
}
