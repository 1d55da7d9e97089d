using Microsoft.Win32.SafeHandles;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>One file of the log together with what it holds in memory. One thread appends.</summary>
internal sealed class Segment : IDisposable
{
    /// <summary>Bounds of one record; a longer append becomes several.</summary>
    private const int RecordSamples = 65_536;
    private const int RecordLabelCharacters = 8 << 20;

    private readonly SafeFileHandle file;
    private readonly WireWriter payload = new();
    private readonly WireWriter frames = new();

    private Segment(string path, long number, SafeFileHandle file, Head head, long length, DateTimeOffset created)
    {
        Path = path;
        Number = number;
        Head = head;
        Length = length;
        Created = created;
        this.file = file;
    }

    public string Path { get; }

    public long Number { get; }

    public Head Head { get; }

    public DateTimeOffset Created { get; }

    /// <summary>Bytes that are good and synced.</summary>
    public long Length { get; private set; }

    /// <exception cref="IOException">The disk refused.</exception>
    public static Segment Create(string path, long number, DateTimeOffset created)
    {
        var opened = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            StoreDirectory.Persist(System.IO.Path.GetDirectoryName(path)!);
            return new Segment(path, number, opened, new Head(), 0, created);
        }
        catch
        {
            opened.Dispose();
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Reads what an earlier process left, and cuts off what follows the last good record.</summary>
    /// <param name="path">The file.</param>
    /// <param name="number">Its number.</param>
    /// <param name="mayBeCutOff">Whether the process may have been killed while it wrote here.</param>
    /// <param name="created">From when its age counts.</param>
    /// <param name="damaged">Gets a copy of a file that is damaged rather than cut off.</param>
    /// <param name="cutOffBytes">Length of a last record that was not written to its end, and so was not acknowledged.</param>
    /// <exception cref="IOException">The disk refused.</exception>
    public static Segment Replay(string path, long number, bool mayBeCutOff, DateTimeOffset created, DamagedFiles damaged, out long cutOffBytes)
    {
        var content = File.ReadAllBytes(path);
        var head = new Head();
        var good = 0;
        var damage = Replay(content, head, ref good, mayBeCutOff);
        if (damage is not null)
        {
            damaged.KeepCopy(path, content, new InvalidDataException($"{path}, from byte {good} on: {damage.Message}", damage));
        }

        cutOffBytes = damage is null ? content.Length - good : 0;
        var opened = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            if (good < content.Length)
            {
                RandomAccess.SetLength(opened, good);
                RandomAccess.FlushToDisk(opened);
            }

            return new Segment(path, number, opened, head, good, created);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>One write and one sync for all batches; then they can be read.</summary>
    /// <exception cref="IOException">The disk refused. Nothing was added.</exception>
    public void Append(IReadOnlyList<IReadOnlyList<Sample>> batches)
    {
        var records = RecordsOf(batches);
        frames.Clear();
        foreach (var record in records)
        {
            payload.Clear();
            record.Write(payload);
            LogFrame.Write(frames, payload.Written);
        }

        try
        {
            CutBack();
            RandomAccess.Write(file, frames.Written, Length);
            RandomAccess.FlushToDisk(file);
        }
        catch (IOException)
        {
            TryCutBack();
            throw;
        }

        Length += frames.Length;
        records.ForEach(Head.Add);
    }

    public void Dispose() => file.Dispose();

    private static FormatException? Replay(ReadOnlySpan<byte> content, Head head, ref int good, bool mayBeCutOff)
    {
        while (true)
        {
            switch (LogFrame.Read(content[good..], out var payload))
            {
                case LogFrameState.End:
                    return null;
                case LogFrameState.CutOff:
                    return mayBeCutOff ? null : new FormatException("a record ends with the file, though another file was begun after it");
                case LogFrameState.Damaged:
                    return new FormatException("a record does not fit its length or checksum");
                default:
                    try
                    {
                        head.Add(LogRecord.Read(payload));
                    }
                    catch (FormatException e)
                    {
                        return e;
                    }

                    good += LogFrame.HeaderBytes + payload.Length;
                    break;
            }
        }
    }

    private List<LogRecord> RecordsOf(IReadOnlyList<IReadOnlyList<Sample>> batches)
    {
        var records = new List<LogRecord>();
        var firstNew = Head.Series;
        var newIds = new Dictionary<LabelSet, int>();
        var newSeries = new List<LabelSet>();
        var points = new List<LogPoint>();
        var labelCharacters = 0;
        foreach (var sample in batches.SelectMany(batch => batch))
        {
            if (points.Count >= RecordSamples || labelCharacters >= RecordLabelCharacters)
            {
                records.Add(new LogRecord(firstNew, newSeries, points));
                firstNew += newSeries.Count;
                (newSeries, points, labelCharacters) = ([], [], 0);
            }

            if ((Head.IdOf(sample.Labels) ?? Known(sample.Labels)) is not { } id)
            {
                id = firstNew + newSeries.Count;
                newIds.Add(sample.Labels, id);
                newSeries.Add(sample.Labels);
                labelCharacters += sample.Labels.Labels.Sum(label => label.Name.Length + label.Value.Length);
            }

            points.Add(new LogPoint(id, sample.UnixMilliseconds, sample.Value));
        }

        records.Add(new LogRecord(firstNew, newSeries, points));
        return records;

        int? Known(LabelSet labels) => newIds.TryGetValue(labels, out var id) ? id : null;
    }

    /// <summary>Removes what a failed write left behind the last good record.</summary>
    private void CutBack()
    {
        if (RandomAccess.GetLength(file) != Length)
        {
            RandomAccess.SetLength(file, Length);
        }
    }

    private void TryCutBack()
    {
        try
        {
            CutBack();
        }
        catch (IOException)
        {
            // the next append tries again before it writes, and the next start cuts it off
        }
    }
}
