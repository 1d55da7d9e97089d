using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using NetPulse.Collector.Sampling;

namespace NetPulse.Collector.Export.Spool;

/// <summary>All readings in order, each kept until every destination is done with it: in memory and, where a directory is named, on disk.</summary>
/// <remarks>
/// Without trouble a reading is sent from memory, and its file is deleted unread. The spool is bounded in bytes, in age and, where it is not
/// on disk, in number; what is given up is counted for each destination that has not had it. No disk is waited for under the lock.
/// </remarks>
internal sealed partial class ReadingSpool : BackgroundService, IReadingSink
{
    /// <summary>Segments are deleted as a whole, so each is a small part of all.</summary>
    private const int Segments = 16;
    private const long SmallestSegmentBytes = 64 << 10;
    private const long LargestSegmentBytes = 4 << 20;

    private readonly Lock gate = new();
    private readonly SpoolOptions options;
    private readonly SpoolDirectory? directory;
    private readonly SpoolMeter meter;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly ImmutableArray<SpoolCursor> cursors;
    private readonly LinkedList<NumberedReading> inMemory = [];
    private readonly List<SpoolSegment> segments = [];
    private readonly List<string> toDelete = [];
    private TaskCompletionSource arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SpoolSegment? current;
    private string? knownProblem;
    private bool overflowIsKnown;
    private long lastNumber = -1;
    private long lastTriedOnDisk = -1;

    /// <param name="options">Where and how much.</param>
    /// <param name="destinations">The names of those who read; one at least.</param>
    /// <param name="meter">Counts what is given up.</param>
    /// <param name="time">Tells a reading's age.</param>
    /// <param name="logger">Hears when readings are given up, or the disk refuses.</param>
    /// <exception cref="Hosting.StartRefusedException">The directory cannot be used.</exception>
    public ReadingSpool(SpoolOptions options, IEnumerable<string> destinations, SpoolMeter meter, TimeProvider time, ILogger<ReadingSpool> logger)
    {
        this.options = options;
        this.meter = meter;
        this.time = time;
        this.logger = logger;
        directory = options.Directory is { Length: > 0 } path ? SpoolDirectory.Open(path) : null;
        cursors = [.. destinations.Select(destination => new SpoolCursor(destination, directory?.CursorFile(destination)))];
        Recover();
        meter.Observe(WaitingReadings, Bytes);
    }

    public long LastNumber => Interlocked.Read(ref lastNumber);

    /// <summary>Completes at the next reading.</summary>
    public Task Arrived
    {
        get
        {
            lock (gate)
            {
                return arrived.Task;
            }
        }
    }

    public void Take(Reading reading)
    {
        TaskCompletionSource waiting;
        lock (gate)
        {
            inMemory.AddLast(new NumberedReading(++lastNumber, reading));
            TrimMemory();
            waiting = arrived;
            arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        waiting.SetResult();
    }

    public SpoolReader ReaderOf(string destination) => new(this, cursors.Single(cursor => cursor.Destination == destination));

    /// <summary>Brings what came since onto the disk, and gives up what there is no room for. Nothing without a directory.</summary>
    public void WriteToDisk()
    {
        while (directory is not null && NextToWrite() is { } numbered)
        {
            var isWritten = TryWrite(numbered);
            lock (gate)
            {
                lastTriedOnDisk = numbered.Number;
                TrimDisk();
                TrimMemory();
            }

            DeleteFiles();
            if (!isWritten)
            {
                // The disk is asked again at the next reading, not at once.
                return;
            }
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        current?.Dispose();
        directory?.Dispose();
    }

    /// <summary>The first reading from a number on, handed out if it is in memory; otherwise the segment that has it and how much of that is written.</summary>
    internal (NumberedReading? InMemory, SpoolSegment? OnDisk, long Length) Find(SpoolCursor cursor, long from)
    {
        lock (gate)
        {
            var first = inMemory.FirstOrDefault(numbered => numbered.Number >= from);
            var segment = first?.Number == from ? null : segments.Find(one => one.LastNumber >= from);
            if (segment is not null && (first is null || segment.Heads.First(head => head.Number >= from).Number < first.Number))
            {
                return (null, segment, segment.Length);
            }

            if (first is not null)
            {
                cursor.HandOut(first.Number);
            }

            return (first, null, 0);
        }
    }

    /// <summary>A reading from the disk is in the destination's hands.</summary>
    internal void HandOut(SpoolCursor cursor, long number)
    {
        lock (gate)
        {
            cursor.HandOut(number);
        }
    }

    internal bool IsTooOld(Reading reading) => time.GetUtcNow() - reading.At > options.MaxAge;

    internal void CountOverflow(SpoolCursor cursor, long samples)
    {
        meter.Overflowed.Add(samples, new KeyValuePair<string, object?>(SpoolMeter.Destination, cursor.Destination));
        if (!overflowIsKnown)
        {
            overflowIsKnown = true;
            LogOverflow(cursor.Destination);
        }
    }

    /// <summary>A segment cannot be read from a byte on: it goes, for all destinations. Nothing where it went before.</summary>
    internal void GiveUpDamaged(SpoolSegment segment, long fromByte, string problem)
    {
        lock (gate)
        {
            if (!segments.Contains(segment))
            {
                return;
            }

            meter.Damaged.Add(segment.Length - fromByte);
            LogDamaged(segment.Path, segment.Length - fromByte, problem);
            segment.IsDamaged = true;
            GiveUp(segment);
        }

        DeleteFiles();
    }

    internal void MoveTo(SpoolCursor cursor, long done)
    {
        lock (gate)
        {
            cursor.MoveTo(done);
            overflowIsKnown = overflowIsKnown && cursors.Any(each => each.Done < lastNumber - 1);
            DeleteDone();
            TrimMemory();
        }

        try
        {
            cursor.Save(done);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Report(e);
        }

        DeleteFiles();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (directory is not null)
        {
            var next = Arrived;
            await Task.Run(WriteToDisk, stoppingToken);
            await next.WaitAsync(stoppingToken);
        }
    }

    private void Recover()
    {
        foreach (var path in directory?.Segments() ?? [])
        {
            var segment = SpoolSegment.Open(path);
            if (segment.UnreadableBytes > 0)
            {
                meter.Damaged.Add(segment.UnreadableBytes);
                LogDamaged(path, segment.UnreadableBytes, "the last record is not whole");
            }

            segments.Add(segment);
            lastNumber = Math.Max(lastNumber, segment.LastNumber);
        }

        // Numbers never go back, also when the files were removed by hand.
        lastTriedOnDisk = lastNumber = Math.Max(lastNumber, cursors.Max(cursor => cursor.Done));
        DeleteDone();
        TrimDisk();
        DeleteFiles();
    }

    /// <summary>What everybody has received meanwhile need not be written.</summary>
    private NumberedReading? NextToWrite()
    {
        lock (gate)
        {
            var from = Math.Max(lastTriedOnDisk, cursors.Min(cursor => cursor.Done));
            return inMemory.FirstOrDefault(numbered => numbered.Number > from);
        }
    }

    /// <summary>Where the disk is full, our own oldest segment gives way, and it is tried again.</summary>
    private bool TryWrite(NumberedReading numbered)
    {
        while (true)
        {
            try
            {
                if (current is null || current.IsDamaged || current.Length >= Math.Clamp(options.MaxBytes / Segments, SmallestSegmentBytes, LargestSegmentBytes))
                {
                    current?.Dispose();
                    current = null;
                    current = SpoolSegment.Create(directory!.Path, numbered.Number);
                }

                current.Write(numbered);
                Publish(current, numbered);
                return true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                AbandonCurrent();
                Report(e);
                if (!SpoolDirectory.IsFull(e) || !GiveUpOldest())
                {
                    meter.FailedWrites.Add(1);
                    return false;
                }
            }
        }
    }

    private void Publish(SpoolSegment written, NumberedReading numbered)
    {
        lock (gate)
        {
            if (written.Heads.Count == 0)
            {
                segments.Add(written);
            }

            written.Publish(numbered);
        }

        if (knownProblem is not null)
        {
            knownProblem = null;
            LogDiskRecovered();
        }
    }

    /// <summary>After a failed write the file may have any end, and its dictionary names what is not in it.</summary>
    private void AbandonCurrent()
    {
        current?.Dispose();
        if (current is { Heads.Count: 0 })
        {
            SpoolDirectory.TryDelete(current.Path);
        }

        current = null;
    }

    private bool GiveUpOldest()
    {
        lock (gate)
        {
            if (segments.Count == 0)
            {
                return false;
            }

            GiveUp(segments[0]);
        }

        DeleteFiles();
        return true;
    }

    private void TrimDisk()
    {
        var oldest = (time.GetUtcNow() - options.MaxAge).ToUnixTimeMilliseconds();
        while (segments.Count > 0 && segments[0] != current
            && (segments.Sum(segment => segment.Length) > options.MaxBytes || segments[0].Heads.All(head => head.UnixMilliseconds < oldest)))
        {
            GiveUp(segments[0]);
        }
    }

    private void GiveUp(SpoolSegment segment)
    {
        foreach (var cursor in cursors)
        {
            // What is also in memory is not lost yet.
            var lost = segment.Heads.Where(head => head.Number > cursor.HandedOut && !IsInMemory(head.Number)).Sum(head => (long)head.Samples);
            if (lost > 0)
            {
                CountOverflow(cursor, lost);
            }
        }

        Remove(segment);
    }

    private void DeleteDone()
    {
        var done = cursors.Min(cursor => cursor.Done);
        foreach (var segment in segments.Where(segment => segment != current && segment.LastNumber <= done).ToList())
        {
            Remove(segment);
        }
    }

    private void Remove(SpoolSegment segment)
    {
        segments.Remove(segment);
        toDelete.Add(segment.Path);
    }

    private void DeleteFiles()
    {
        string[] paths;
        lock (gate)
        {
            paths = [.. toDelete];
            toDelete.Clear();
        }

        Array.ForEach(paths, SpoolDirectory.TryDelete);
    }

    /// <summary>What everybody has, or what is on disk and too much, leaves the memory; what is not on disk and too much is given up.</summary>
    private void TrimMemory()
    {
        var received = cursors.Min(cursor => cursor.HandedOut);
        while (inMemory.First is { } first)
        {
            var number = first.Value.Number;
            var isAwaitedByDisk = directory is not null && number > lastTriedOnDisk;
            if ((number > received || isAwaitedByDisk) && inMemory.Count <= options.MemoryReadings)
            {
                return;
            }

            if (number > received && !IsOnDisk(number))
            {
                foreach (var cursor in cursors.Where(cursor => cursor.HandedOut < number))
                {
                    CountOverflow(cursor, first.Value.Reading.SampleCount);
                }
            }

            inMemory.RemoveFirst();
        }
    }

    private bool IsInMemory(long number) => inMemory.Any(numbered => numbered.Number == number);

    private bool IsOnDisk(long number) => segments.Exists(segment => segment.Holds(number));

    private long Bytes()
    {
        lock (gate)
        {
            return segments.Sum(segment => segment.Length);
        }
    }

    private ImmutableArray<Measurement<long>> WaitingReadings()
    {
        lock (gate)
        {
            return [.. cursors.Select(cursor => new Measurement<long>(
                segments.Sum(segment => segment.Heads.Count(head => head.Number > cursor.Done)) + inMemory.Count(one => one.Number > cursor.Done && !IsOnDisk(one.Number)),
                new KeyValuePair<string, object?>(SpoolMeter.Destination, cursor.Destination)))];
        }
    }

    private void Report(Exception e)
    {
        var problem = SpoolDirectory.Problem(e);
        if (knownProblem != problem)
        {
            knownProblem = problem;
            LogDiskRefuses(problem);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Readings for {Destination} are given up, the oldest first: more wait than the spool may hold, or they are too old (export.spool)")]
    private partial void LogOverflow(string destination);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The spool's disk does not take readings; the oldest give way, or they wait in memory: {Problem}")]
    private partial void LogDiskRefuses(string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "The spool's disk takes readings again")]
    private partial void LogDiskRecovered();

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Bytes} bytes at the end of {File} hold no reading ({Problem}) and are left aside")]
    private partial void LogDamaged(string file, long bytes, string problem);
}
