using Microsoft.Extensions.Logging;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>The log: segments that wait to be flushed, oldest first, and the one that is written. One thread appends and rotates.</summary>
internal sealed partial class WriteAheadLog : IDisposable
{
    /// <summary>So many series may have ended before their numbers are given anew, beyond as many as are alive.</summary>
    private const int SpareSeries = 50_000;

    private readonly Lock gate = new();
    private readonly StoreDirectory directory;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly LogBuffers buffers;
    private readonly List<Segment> waiting = [];
    private readonly List<SeriesCatalog> catalogs = [];
    private Segment current;

    /// <param name="directory">Where <c>wal/</c> is.</param>
    /// <param name="lastFlushed">Highest segment number in any day file: numbers go on above it, even when <c>wal/</c> was emptied by hand.</param>
    /// <param name="damaged">Gets what is damaged.</param>
    /// <param name="outOfOrderWindow">How much older than its series' newest a sample may be.</param>
    /// <param name="meter">Counts what is dropped.</param>
    /// <param name="time">Tells a segment's age.</param>
    /// <param name="logger">Hears of records that were cut off.</param>
    /// <exception cref="IOException">The disk refused.</exception>
    public WriteAheadLog(StoreDirectory directory, long lastFlushed, DamagedFiles damaged, TimeSpan outOfOrderWindow, StoreMeter meter, TimeProvider time, ILogger logger)
    {
        buffers = new LogBuffers(meter, (long)outOfOrderWindow.TotalMilliseconds);
        this.directory = directory;
        this.time = time;
        this.logger = logger;
        try
        {
            catalogs.AddRange(directory.SeriesFiles().Select(number => SeriesCatalog.Replay(directory.SeriesFile(number), number, damaged)));
            var numbers = directory.Segments();
            foreach (var number in numbers)
            {
                Replay(number, number == numbers[^1], damaged);
            }

            var next = Math.Max(numbers.Count == 0 ? 0 : numbers[^1], lastFlushed) + 1;
            current = Begin(next, catalogs.Count == 0 ? NewCatalog(next) : catalogs[^1]);
            waiting.FindAll(segment => segment.Head.Samples == 0).ForEach(Delete);
        }
        catch
        {
            waiting.ForEach(segment => segment.Dispose());
            catalogs.ForEach(catalog => catalog.Dispose());
            throw;
        }
    }

    public long CurrentLength => current.Length;

    public long CurrentSamples => current.Head.Samples;

    public TimeSpan CurrentAge => time.GetUtcNow() - current.Created;

    /// <summary>The segment to flush next.</summary>
    public Segment? Oldest
    {
        get
        {
            lock (gate)
            {
                return waiting.FirstOrDefault();
            }
        }
    }

    public int Waiting
    {
        get
        {
            lock (gate)
            {
                return waiting.Count;
            }
        }
    }

    /// <summary>What is not in the day files, oldest first; each is to be released.</summary>
    public IReadOnlyList<Head> Heads()
    {
        lock (gate)
        {
            return [.. waiting.Append(current).Select(segment => segment.Head).Where(head => head.TryLease())];
        }
    }

    /// <summary>What is not in the day files; a series that stands in two segments counts twice.</summary>
    public (int Series, long Samples, int Segments) Size()
    {
        lock (gate)
        {
            var heads = waiting.Append(current).Select(segment => segment.Head).ToList();
            return (heads.Sum(head => head.Series), heads.Sum(head => head.Samples), heads.Count);
        }
    }

    /// <exception cref="IOException">The disk refused.</exception>
    public void Append(IReadOnlyList<IReadOnlyList<Sample>> batches) => current.Append(batches);

    /// <summary>Begins a new segment, so that the one before can be flushed. Does nothing when there is nothing to flush.</summary>
    /// <exception cref="IOException">The disk refused. The segment before goes on.</exception>
    public void Rotate()
    {
        if (current.Head.Samples > 0)
        {
            var next = Next();
            lock (gate)
            {
                waiting.Add(current);
                current = next;
            }
        }
    }

    /// <summary>Forgets a segment that is in the day files.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public void Delete(Segment segment)
    {
        File.Delete(segment.Path);
        SeriesCatalog[] unused;
        lock (gate)
        {
            waiting.Remove(segment);
            unused = [.. catalogs.Where(catalog => catalog != current.Head.Catalog && waiting.TrueForAll(left => left.Head.Catalog != catalog))];
            catalogs.RemoveAll(unused.Contains);
        }

        segment.Dispose();
        foreach (var catalog in unused)
        {
            catalog.Delete();
        }
    }

    public void Dispose()
    {
        waiting.ForEach(segment => segment.Dispose());
        current.Dispose();
        catalogs.ForEach(catalog => catalog.Dispose());
    }

    private Segment Next()
    {
        var number = current.Number + 1;
        var catalog = current.Head.Catalog;
        if (catalog.Count <= (2 * current.Head.Series) + SpareSeries)
        {
            return Begin(number, catalog);
        }

        catalog = NewCatalog(number);
        try
        {
            return Begin(number, catalog);
        }
        catch
        {
            lock (gate)
            {
                catalogs.Remove(catalog);
            }

            catalog.Dispose();
            throw;
        }
    }

    private void Replay(long number, bool last, DamagedFiles damaged)
    {
        var path = directory.Segment(number);
        var catalog = catalogs.LastOrDefault(catalog => catalog.Generation <= number) ?? NewCatalog(number);
        var segment = Segment.Replay(path, number, mayBeCutOff: last, time.GetUtcNow(), catalog, damaged, buffers, out var cutOffBytes);
        waiting.Add(segment);
        if (cutOffBytes > 0)
        {
            LogCutOff(path, cutOffBytes);
        }
    }

    private Segment Begin(long number, SeriesCatalog catalog) =>
        Segment.Create(directory.Segment(number), number, time.GetUtcNow(), catalog, buffers);

    private SeriesCatalog NewCatalog(long number)
    {
        var path = directory.SeriesFile(number);
        File.Delete(path); // of a rotation that failed after it
        var catalog = SeriesCatalog.Create(path, number);
        lock (gate)
        {
            catalogs.Add(catalog);
        }

        return catalog;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Path} ended in the middle of a record that was never acknowledged: its {Bytes} bytes were cut off")]
    private partial void LogCutOff(string path, long bytes);
}
