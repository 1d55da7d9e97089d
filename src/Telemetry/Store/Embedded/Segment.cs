using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>One file of the log together with what it holds in memory. One thread appends.</summary>
internal sealed class Segment : IDisposable
{
    private const string Header = "NPS2SAMP";

    /// <summary>Most samples of one record; a longer append becomes several.</summary>
    private const int RecordSamples = 1 << 20;

    private readonly LogFile file;
    private readonly LogBatch batch;
    private readonly WireWriter payload;
    private readonly WireWriter frame;
    private readonly LogBuffers buffers;
    private int outOfOrder;

    private Segment(long number, LogFile file, Head head, DateTimeOffset created, LogBuffers buffers)
    {
        Number = number;
        Head = head;
        Created = created;
        this.file = file;
        this.buffers = buffers;
        (batch, payload, frame) = (buffers.Batch, buffers.Payload, buffers.Frame);
    }

    public string Path => file.Path;

    public long Number { get; }

    public Head Head { get; }

    public DateTimeOffset Created { get; }

    /// <summary>Bytes that are good and synced.</summary>
    public long Length => file.Length;

    /// <exception cref="IOException">The disk refused.</exception>
    public static Segment Create(string path, long number, DateTimeOffset created, SeriesCatalog catalog, LogBuffers buffers) =>
        new(number, LogFile.Create(path, Header), new Head(catalog, buffers.Pages), created, buffers);

    /// <summary>Reads what an earlier process left, and cuts off what follows the last good record.</summary>
    /// <param name="path">The file.</param>
    /// <param name="number">Its number.</param>
    /// <param name="mayBeCutOff">Whether the process may have been killed while it wrote here.</param>
    /// <param name="created">From when its age counts.</param>
    /// <param name="catalog">The series' numbers.</param>
    /// <param name="damaged">Gets a copy of a file that is damaged rather than cut off.</param>
    /// <param name="buffers">Shared by all segments.</param>
    /// <param name="cutOffBytes">Length of a last record that was not written to its end, and so was not acknowledged.</param>
    /// <exception cref="IOException">The disk refused.</exception>
    public static Segment Replay(
        string path, long number, bool mayBeCutOff, DateTimeOffset created, SeriesCatalog catalog, DamagedFiles damaged, LogBuffers buffers, out long cutOffBytes)
    {
        var content = File.ReadAllBytes(path);
        var head = new Head(catalog, buffers.Pages);
        var good = 0;
        var damage = Replay(content, path, head, buffers.Batch, ref good, mayBeCutOff);
        if (damage is not null)
        {
            damaged.KeepCopy(path, content, new InvalidDataException($"{path}, from byte {good} on: {damage.Message}", damage));
        }

        cutOffBytes = damage is null ? content.Length - good : 0;
        return new Segment(number, LogFile.Open(path, Header, good), head, created, buffers);
    }

    /// <summary>One write and one sync for all batches; then they can be read.</summary>
    /// <exception cref="IOException">The disk refused. Of the batches up to the first <see cref="RecordSamples"/> samples, nothing was added.</exception>
    public void Append(IReadOnlyList<IReadOnlyList<Sample>> batches)
    {
        batch.Clear();
        outOfOrder = 0;
        var previous = -1;
        foreach (var samples in batches)
        {
            foreach (ref readonly var sample in SampleSpan.Of(samples))
            {
                Add(sample, ref previous);
            }
        }

        Commit();
        buffers.Meter.Drop(outOfOrder, "out of order");
    }

    public void Dispose()
    {
        file.Dispose();
        Head.Release();
    }

    private static FormatException? Replay(ReadOnlySpan<byte> content, string path, Head head, LogBatch batch, ref int good, bool mayBeCutOff)
    {
        if (!LogFile.HasHeader(content, Header, path))
        {
            return new FormatException("it does not begin as a file of the log");
        }

        if (content.Length < LogFile.HeaderBytes)
        {
            return null;
        }

        good = LogFile.HeaderBytes;
        var unknown = 0;
        while (true)
        {
            switch (LogFrame.Read(content[good..], out var payload))
            {
                case LogFrameState.End:
                    return Unknown();
                case LogFrameState.CutOff:
                    return mayBeCutOff ? Unknown() : new FormatException("a record ends with the file, though another file was begun after it");
                case LogFrameState.Damaged:
                    return new FormatException("a record does not fit its length or checksum");
                default:
                    try
                    {
                        batch.Read(payload, head);
                        unknown += batch.RemoveUnknown(head.Catalog);
                        head.Catalog.Saw(batch);
                        head.Add(batch);
                    }
                    catch (FormatException e)
                    {
                        return e;
                    }

                    good += LogFrame.HeaderBytes + payload.Length;
                    break;
            }
        }

        FormatException? Unknown() => unknown == 0 ? null : new FormatException($"{unknown} samples are of series whose labels are lost");
    }

    private void Add(in Sample sample, ref int previous)
    {
        previous = Head.Catalog.NumberOf(sample.Labels, previous);
        if (!Head.Catalog.IsWithin(buffers.OutOfOrderMilliseconds, previous, sample.UnixMilliseconds))
        {
            outOfOrder++;
            return;
        }

        batch.Add(previous, sample.UnixMilliseconds, sample.Value);
        if (batch.Count == RecordSamples)
        {
            Commit();
        }
    }

    private void Commit()
    {
        if (batch.Count == 0)
        {
            return;
        }

        Head.Catalog.Persist();
        payload.Clear();
        batch.Write(payload, Head);
        frame.Clear();
        LogFrame.Write(frame, payload.Written);
        file.Append(frame.Written);
        Head.Catalog.Saw(batch);
        Head.Add(batch);
        batch.Clear();
    }
}

/// <summary>What the segments of a log use one after the other.</summary>
internal sealed class LogBuffers(StoreMeter meter, long outOfOrderMilliseconds)
{
    public StoreMeter Meter { get; } = meter;

    public long OutOfOrderMilliseconds { get; } = outOfOrderMilliseconds;

    public LogBatch Batch { get; } = new();

    public WireWriter Payload { get; } = new();

    public WireWriter Frame { get; } = new();

    public PagePool Pages { get; } = new();
}
