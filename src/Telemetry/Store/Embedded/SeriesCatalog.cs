using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Numbers of the series in the log, with the file that keeps them: <c>wal/NUMBER.series</c>, good for the segments from that number on.</summary>
/// <remarks>
/// A series is written once, not once a segment. A frame holds
/// <code>
/// [first number varint] [series varint] [bytes of labels varint] [labels, in Brotli]
/// </code>
/// One thread adds, any may read.
/// </remarks>
internal sealed class SeriesCatalog : IDisposable
{
    private const string Header = "NPS2SERI";
    private const int FrameSeries = 4096;

    private readonly Lock gate = new();
    private readonly Dictionary<LabelSet, int> numbers = [];
    private readonly LabelIndex index = new();
    private readonly WireWriter labels = new();
    private readonly WireWriter payload = new();
    private readonly WireWriter frames = new();
    private readonly HashSet<int> lost = [];
    private LogFile? file;
    private long[] newest = [];
    private int persisted;

    private SeriesCatalog(long generation) => Generation = generation;

    /// <summary>Number of the first segment that uses it.</summary>
    public long Generation { get; }

    public int Count => Volatile.Read(ref persisted);

    private LogFile Log => file ?? throw new InvalidOperationException("The series' file is not open");

    /// <exception cref="IOException">The disk refused.</exception>
    public static SeriesCatalog Create(string path, long generation) => new(generation) { file = LogFile.Create(path, Header) };

    /// <summary>Reads what an earlier process left. A series whose entry is damaged is lost with its samples in the log.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public static SeriesCatalog Replay(string path, long generation, DamagedFiles damaged)
    {
        var content = File.ReadAllBytes(path);
        var catalog = new SeriesCatalog(generation);
        try
        {
            var good = 0;
            if (catalog.Replay(content, path, ref good) is { } damage)
            {
                damaged.KeepCopy(path, content, new InvalidDataException($"{path}: {damage.Message}", damage));
            }

            catalog.file = LogFile.Open(path, Header, good);
            return catalog;
        }
        catch
        {
            catalog.Dispose();
            throw;
        }
    }

    /// <summary>The series' number, a new one when it has none. It is durable after <see cref="Persist"/>.</summary>
    /// <param name="series">The series.</param>
    /// <param name="previous">Number of the sample before. Senders send their series in the same order again and again, so it is mostly this one or the next.</param>
    public int NumberOf(LabelSet series, int previous)
    {
        if ((uint)previous < (uint)index.Count && ReferenceEquals(index[previous], series))
        {
            return previous;
        }

        if ((uint)(previous + 1) < (uint)index.Count && ReferenceEquals(index[previous + 1], series))
        {
            return previous + 1;
        }

        if (numbers.TryGetValue(series, out var number))
        {
            return number;
        }

        lock (gate)
        {
            number = index.Add(series);
            numbers.Add(series, number);
            return number;
        }
    }

    /// <summary>Whether the time is at most so much older than the series' newest. For the thread that adds.</summary>
    public bool IsWithin(long milliseconds, int number, long unixMilliseconds) =>
        (uint)number >= (uint)newest.Length || unixMilliseconds >= newest[number] - milliseconds;

    /// <summary>Remembers the newest times. For the thread that adds.</summary>
    public void Saw(LogBatch batch)
    {
        if (newest.Length < index.Count)
        {
            Array.Resize(ref newest, Math.Max(index.Count, newest.Length * 2));
        }

        var series = batch.Series;
        var times = batch.Times;
        for (var i = 0; i < series.Length; i++)
        {
            newest[series[i]] = Math.Max(newest[series[i]], times[i]);
        }
    }

    /// <summary>Whether the number stands for a series.</summary>
    public bool Knows(int number) => (uint)number < (uint)index.Count && !lost.Contains(number);

    public LabelSet this[int number]
    {
        get
        {
            lock (gate)
            {
                return index[number];
            }
        }
    }

    /// <summary>Numbers of those series that are known here, ascending, each with its place in the list.</summary>
    public IReadOnlyList<(int Number, int Place)> Known(IReadOnlyList<LabelSet> series)
    {
        var known = new List<(int Number, int Place)>(series.Count);
        lock (gate)
        {
            for (var place = 0; place < series.Count; place++)
            {
                if (numbers.TryGetValue(series[place], out var number))
                {
                    known.Add((number, place));
                }
            }
        }

        known.Sort(static (left, right) => left.Number.CompareTo(right.Number));
        return known;
    }

    /// <summary>Numbers and labels of the matching series, ascending by number.</summary>
    public IReadOnlyList<(int Number, LabelSet Labels)> Select(SeriesSelector selector)
    {
        lock (gate)
        {
            var found = index.Select(selector);
            var series = new (int, LabelSet)[found.Count];
            for (var i = 0; i < series.Length; i++)
            {
                series[i] = (found[i], index[found[i]]);
            }

            return series;
        }
    }

    /// <summary>Writes and syncs the series that are new.</summary>
    /// <exception cref="IOException">The disk refused; they stay new.</exception>
    public void Persist()
    {
        if (persisted == index.Count)
        {
            return;
        }

        frames.Clear();
        for (var first = persisted; first < index.Count; first += FrameSeries)
        {
            WriteFrame(first, Math.Min(FrameSeries, index.Count - first));
        }

        Log.Append(frames.Written);
        Volatile.Write(ref persisted, index.Count);
    }

    /// <exception cref="IOException">The disk refused.</exception>
    public void Delete()
    {
        File.Delete(Log.Path);
        Dispose();
    }

    public void Dispose() => file?.Dispose();

    private void WriteFrame(int first, int count)
    {
        payload.Clear();
        payload.Varint((ulong)first);
        LabelBlock.Write(payload, labels, Enumerable.Range(first, count).Select(number => index[number]), count);
        LogFrame.Write(frames, payload.Written);
    }

    private FormatException? Replay(ReadOnlySpan<byte> content, string path, ref int good)
    {
        FormatException? damage = null;
        if (!LogFile.HasHeader(content, Header, path))
        {
            return new FormatException("it does not begin as a file of series");
        }

        good = Math.Min(content.Length, LogFile.HeaderBytes);
        while (true)
        {
            switch (LogFrame.Read(content[good..], out var frame))
            {
                case LogFrameState.Record:
                    try
                    {
                        Add(frame);
                    }
                    catch (FormatException e)
                    {
                        damage = e;
                    }

                    good += LogFrame.HeaderBytes + frame.Length;
                    break;
                case LogFrameState.Damaged when frame.Length > 0:
                    // its length is whole, so what follows can be read: only its series are lost
                    damage = new FormatException($"the series at byte {good} do not fit their checksum");
                    good += LogFrame.HeaderBytes + frame.Length;
                    break;
                case LogFrameState.Damaged:
                    persisted = index.Count;
                    return new FormatException($"the series from byte {good} on are not readable");
                default:
                    persisted = index.Count;
                    return damage;
            }
        }
    }

    private void Add(ReadOnlySpan<byte> frame)
    {
        var reader = new WireReader(frame);
        var first = reader.Varint();
        if (first < (ulong)index.Count || first > int.MaxValue / 2)
        {
            throw new FormatException($"series {first} follows series {index.Count - 1}");
        }

        var block = LabelBlock.Read(ref reader);
        while (index.Count < (int)first)
        {
            // in the place of a series that is lost
            lost.Add(index.Add(LabelSet.From([])));
        }

        foreach (var series in block)
        {
            numbers[series] = index.Add(series);
        }
    }
}
