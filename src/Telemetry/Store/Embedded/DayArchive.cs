using Microsoft.Extensions.Logging;
using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>The day files: what was flushed, for as long as it is kept.</summary>
internal sealed partial class DayArchive : IDisposable
{
    private readonly Lock gate = new();
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
        foreach (var day in directory.Days())
        {
            var path = directory.DayFile(day);
            try
            {
                days.Add(day, DayFile.Open(path));
            }
            catch (InvalidDataException e)
            {
                damaged.SetAside(path, e);
            }
        }

        DropExpired();
    }

    /// <summary>The highest number of a segment that any file has taken in; 0 when there is none.</summary>
    public long Checkpoint => Snapshot().Select(day => day.File.Checkpoint).DefaultIfEmpty().Max();

    public long DaysDropped => Interlocked.Read(ref daysDropped);

    /// <summary>Moves a segment's samples into their days. Done again after a crash in between, it adds only what is not there.</summary>
    /// <exception cref="SampleStoreException">The disk refused; days that were written stay written.</exception>
    public void Write(long segment, IEnumerable<TimeSeries> series)
    {
        var byDay = new SortedDictionary<DateOnly, List<TimeSeries>>();
        foreach (var one in series)
        {
            SplitByDay(one, byDay);
        }

        foreach (var (day, content) in byDay)
        {
            if (retention.IsExpired(day))
            {
                meter.Drop(content.Sum(one => (long)one.Count), "too old");
                continue;
            }

            try
            {
                WriteDay(day, segment, content);
            }
            catch (InvalidDataException e)
            {
                SetAside(day, e);
                WriteDay(day, segment, content);
            }
        }
    }

    /// <exception cref="SampleStoreException">A file could not be read although it is not damaged.</exception>
    public void Read(SeriesCollector collector, CancellationToken cancellationToken)
    {
        foreach (var (day, file) in Snapshot())
        {
            if (FirstMillisecond(day) <= collector.To && FirstMillisecond(day.AddDays(1)) > collector.From)
            {
                try
                {
                    file.Read(collector, cancellationToken);
                }
                catch (InvalidDataException e)
                {
                    SetAside(day, e);
                }
            }
        }
    }

    /// <summary>Deletes the files of which every sample is older than is kept.</summary>
    public void DropExpired()
    {
        foreach (var (day, file) in Snapshot())
        {
            if (retention.IsExpired(day))
            {
                meter.Drop(SamplesOf(file), "too old");
                meter.DaysDropped.Add(1);
                Interlocked.Increment(ref daysDropped);
                Forget(day);
                File.Delete(file.Path);
                LogDropped(file.Path);
            }
        }
    }

    public void Dispose()
    {
        foreach (var (_, file) in Snapshot())
        {
            file.Dispose();
        }
    }

    private static void SplitByDay(TimeSeries series, SortedDictionary<DateOnly, List<TimeSeries>> byDay)
    {
        var times = series.UnixMilliseconds;
        for (var start = 0; start < times.Length;)
        {
            var day = DateOnly.FromDateTime(series.At(start).UtcDateTime);
            var end = times.Span.BinarySearch(FirstMillisecond(day.AddDays(1)));
            end = end < 0 ? ~end : end;
            if (!byDay.TryGetValue(day, out var list))
            {
                list = [];
                byDay.Add(day, list);
            }

            list.Add(new TimeSeries(series.Labels, times[start..end], series.Values[start..end]));
            start = end;
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

    private void WriteDay(DateOnly day, long segment, List<TimeSeries> content)
    {
        DayFile? file;
        lock (gate)
        {
            days.TryGetValue(day, out file);
        }

        if (file is null)
        {
            file = DayFile.Create(directory.DayFile(day));
            lock (gate)
            {
                days.Add(day, file);
            }
        }

        if (file.Checkpoint < segment)
        {
            file.Write(segment, content);
        }
    }

    private void SetAside(DateOnly day, InvalidDataException why)
    {
        if (Forget(day) is { } file)
        {
            try
            {
                damaged.SetAside(file.Path, why);
            }
            catch (IOException e)
            {
                throw DiskError.Of($"Set {file.Path} aside, which is damaged ({why.Message})", e);
            }
        }
    }

    /// <returns>The file, closed; <see langword="null"/> when another thread was here first.</returns>
    private DayFile? Forget(DateOnly day)
    {
        DayFile? file;
        lock (gate)
        {
            days.Remove(day, out file);
        }

        file?.Dispose();
        return file;
    }

    private List<(DateOnly Day, DayFile File)> Snapshot()
    {
        lock (gate)
        {
            return [.. days.Select(day => (day.Key, day.Value))];
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Path} was deleted: all of it is older than samples are kept")]
    private partial void LogDropped(string path);
}
