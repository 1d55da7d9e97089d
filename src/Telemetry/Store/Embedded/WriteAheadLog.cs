using Microsoft.Extensions.Logging;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>The log: segments that wait to be flushed, oldest first, and the one that is written. One thread appends and rotates.</summary>
internal sealed partial class WriteAheadLog : IDisposable
{
    private readonly Lock gate = new();
    private readonly StoreDirectory directory;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly List<Segment> waiting = [];
    private Segment current;

    /// <param name="directory">Where <c>wal/</c> is.</param>
    /// <param name="lastFlushed">Highest segment number in any day file: numbers go on above it, even when <c>wal/</c> was emptied by hand.</param>
    /// <param name="damaged">Gets what is damaged.</param>
    /// <param name="time">Tells a segment's age.</param>
    /// <param name="logger">Hears of records that were cut off.</param>
    /// <exception cref="IOException">The disk refused.</exception>
    public WriteAheadLog(StoreDirectory directory, long lastFlushed, DamagedFiles damaged, TimeProvider time, ILogger logger)
    {
        this.directory = directory;
        this.time = time;
        this.logger = logger;
        var numbers = directory.Segments();
        foreach (var number in numbers)
        {
            var path = directory.Segment(number);
            var segment = Segment.Replay(path, number, mayBeCutOff: number == numbers[^1], time.GetUtcNow(), damaged, out var cutOffBytes);
            if (cutOffBytes > 0)
            {
                LogCutOff(path, cutOffBytes);
            }

            waiting.Add(segment);
        }

        current = Begin(Math.Max(numbers.Count == 0 ? 0 : numbers[^1], lastFlushed) + 1);
        waiting.FindAll(segment => segment.Head.Samples == 0).ForEach(Delete);
    }

    public long CurrentLength => current.Length;

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

    /// <summary>What is not in the day files, oldest first.</summary>
    public IReadOnlyList<Head> Heads()
    {
        lock (gate)
        {
            return [.. waiting.Select(segment => segment.Head), current.Head];
        }
    }

    /// <exception cref="IOException">The disk refused. Nothing was added.</exception>
    public void Append(IReadOnlyList<IReadOnlyList<Sample>> batches) => current.Append(batches);

    /// <summary>Begins a new segment, so that the one before can be flushed. Does nothing when there is nothing to flush.</summary>
    /// <exception cref="IOException">The disk refused. The segment before goes on.</exception>
    public void Rotate()
    {
        if (current.Head.Samples > 0)
        {
            var next = Begin(current.Number + 1);
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
        lock (gate)
        {
            waiting.Remove(segment);
        }

        segment.Dispose();
    }

    public void Dispose()
    {
        waiting.ForEach(segment => segment.Dispose());
        current.Dispose();
    }

    private Segment Begin(long number) => Segment.Create(directory.Segment(number), number, time.GetUtcNow());

    [LoggerMessage(Level = LogLevel.Information, Message = "{Path} ended in the middle of a record that was never acknowledged: its {Bytes} bytes were cut off")]
    private partial void LogCutOff(string path, long bytes);
}
