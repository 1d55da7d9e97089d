using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using NetPulse.Optimizer.Apply;
using NetPulse.Optimizer.Verify;

namespace NetPulse.Optimizer.Journal;

/// <summary>What was seen, decided and done, one JSON object a line, on disk before the next step is taken.</summary>
/// <remarks>Append-only; each entry is flushed to the disk. A last line that was cut off by our own death is set aside at the next start.</remarks>
public sealed class ChangeJournal : IDisposable
{
    private const int KeptInMemory = 1000;

    /// <summary>The longest cooldown that a policy may ask for; what ended before it decides nothing any more.</summary>
    private static readonly TimeSpan EndedKept = TimeSpan.FromDays(7);

    /// <summary>How entries, and the changes in them, are written.</summary>
    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter() },
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly string path;
    private readonly long maximumBytes;
    private FileStream file;
    private long rotateAt;
    private ImmutableList<JournalEntry> latest = [];
    private ImmutableDictionary<string, ChangeState> changes = ImmutableDictionary<string, ChangeState>.Empty;
    private long sequence;

    /// <param name="path">Its file.</param>
    /// <param name="time">Of the entries.</param>
    /// <param name="maximumBytes">Size at which the file is begun anew; the old one is kept once, as <c>PATH.1</c>.</param>
    /// <exception cref="IOException">The file cannot be opened, or is held by another process.</exception>
    /// <exception cref="InvalidDataException">It holds a whole line that is no entry.</exception>
    public ChangeJournal(string path, TimeProvider time, long maximumBytes = long.MaxValue)
    {
        (this.path, this.time, this.maximumBytes) = (path, time, maximumBytes);
        rotateAt = maximumBytes;
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        FinishRotation();
        // Without a buffer: what the disk refused must not be written later, when the step has not been taken.
        file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        try
        {
            ReadOld();
            Replay();
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The latest entries, oldest first.</summary>
    public ImmutableList<JournalEntry> Latest => Volatile.Read(ref latest);

    /// <summary>Every change that is open or kept, and what ended in the last seven days; the oldest first.</summary>
    public IEnumerable<ChangeState> Changes => Volatile.Read(ref changes).Values.OrderBy(state => state.Change.PlannedAt).ThenBy(state => state.Change.Name, StringComparer.Ordinal);

    /// <summary>Bytes of an unfinished last line that the previous start left behind and that were set aside; 0 normally.</summary>
    public long SetAsideBytes { get; private set; }

    public void Note(EntryKind kind, string subject, string text, IReadOnlyList<string>? details = null) => Append(new JournalEntry(0, default, kind, subject, text, details));

    /// <summary>The change enters a phase. What follows it may only be done once this has returned.</summary>
    /// <exception cref="IOException">The entry is not on disk: the step must not be taken.</exception>
    public void Enter(ChangePhase phase, Change change, string text, Effect? effect = null) =>
        Append(new JournalEntry(0, default, EntryKind.Change, change.Target, text, null, change, phase, effect));

    /// <summary>A change that another process began and journaled elsewhere: from here on it is ours, with its own times.</summary>
    /// <exception cref="IOException">It is not on disk, and must not be followed.</exception>
    public void TakeOver(ChangeState state)
    {
        if (state.AppliedAt is { } appliedAt && state.Phase != ChangePhase.Applied)
        {
            Append(new JournalEntry(0, default, EntryKind.Change, state.Change.Target, "in force; taken over from another leader", null, state.Change, ChangePhase.Applied), appliedAt);
        }

        Append(new JournalEntry(0, default, EntryKind.Change, state.Change.Target, $"{state.Phase}; taken over from another leader", null, state.Change, state.Phase), state.Since);
    }

    public void Dispose() => file.Dispose();

    private string OldPath => path + ".1";

    private string NextPath => path + ".new";

    private void Append(JournalEntry entry, DateTimeOffset? at = null)
    {
        lock (gate)
        {
            if (file.Length >= rotateAt)
            {
                Rotate();
            }

            entry = entry with { Sequence = sequence + 1, At = at ?? time.GetUtcNow() };
            var length = file.Length;
            try
            {
                file.Write(Line(entry));
                file.Flush(flushToDisk: true);
            }
            catch (IOException)
            {
                // Half an entry would make the whole file unreadable at the next start.
                file.SetLength(length);
                file.Position = length;
                throw;
            }

            Remember(entry);
        }
    }

    private void Remember(JournalEntry entry)
    {
        sequence = entry.Sequence;
        Volatile.Write(ref latest, latest.Count < KeptInMemory ? latest.Add(entry) : latest.RemoveAt(0).Add(entry));
        if (entry is { Change: { } change, Phase: { } phase })
        {
            var appliedAt = phase == ChangePhase.Applied ? entry.At : entry.AppliedAt ?? changes.GetValueOrDefault(change.Name)?.AppliedAt;
            var ended = changes.Values.Where(state => state.HasEnded && entry.At - state.Since > EndedKept).Select(state => state.Change.Name);
            Volatile.Write(ref changes, changes.RemoveRange(ended).SetItem(change.Name, new ChangeState(change, phase, entry.Since ?? entry.At, appliedAt)));
        }
    }

    /// <summary>Begins the file anew with what every change is now. Where that fails, the old one goes on, and it is tried again some entries later.</summary>
    /// <remarks>The new file is whole, synced and locked before it takes the name; between the two renames only the old one and the new one exist under other names (<see cref="FinishRotation"/>).</remarks>
    private void Rotate()
    {
        FileStream? next = null;
        try
        {
            next = new FileStream(NextPath, FileMode.Create, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            var carriedTo = sequence;
            var now = time.GetUtcNow();
            foreach (var state in Changes)
            {
                var carried = new JournalEntry(
                    ++carriedTo, now, EntryKind.Carried, state.Change.Target, $"carried over from {Path.GetFileName(OldPath)}", null, state.Change, state.Phase, Since: state.Since, AppliedAt: state.AppliedAt);
                next.Write(Line(carried));
            }

            next.Flush(flushToDisk: true);
            File.Move(path, OldPath, overwrite: true);
            File.Move(NextPath, path);
            (sequence, rotateAt) = (carriedTo, Math.Max(maximumBytes, 2 * next.Length));
            file.Dispose();
            (file, next) = (next, null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            rotateAt = file.Length + (maximumBytes / 8);
            FinishRotation();
        }
        finally
        {
            next?.Dispose();
        }
    }

    /// <summary>A process that was killed between the two renames left the new file, whole, under its other name; before the first one, it is of no use.</summary>
    private void FinishRotation()
    {
        if (!File.Exists(path) && File.Exists(NextPath) && File.Exists(OldPath))
        {
            // The old file still says all that the new one does, so it is the one to go on with.
            File.Move(OldPath, path);
        }

        if (File.Exists(NextPath))
        {
            File.Delete(NextPath);
        }
    }

    private static byte[] Line(JournalEntry entry) => Encoding.UTF8.GetBytes(JsonSerializer.Serialize(entry, Json) + "\n");

    /// <summary>What was told before the file was begun anew, for those who look at the latest entries; its changes were carried over.</summary>
    private void ReadOld()
    {
        if (!File.Exists(OldPath))
        {
            return;
        }

        foreach (var line in File.ReadLines(OldPath).TakeLast(KeptInMemory))
        {
            try
            {
                if (EarlierEntries.Read(Encoding.UTF8.GetBytes(line), Json) is { } entry)
                {
                    latest = latest.Add(entry);
                }
            }
            catch (JsonException)
            {
                // A line of the past that cannot be read is missing from the story, and from nothing else.
            }
        }
    }

    private void Replay()
    {
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        var start = 0;
        var line = 0;
        while (start < bytes.Length)
        {
            line++;
            var length = bytes.AsSpan(start).IndexOf((byte)'\n');
            if (length < 0)
            {
                SetAside(bytes.AsSpan(start));
                break;
            }

            try
            {
                Remember(EarlierEntries.Read(bytes.AsSpan(start, length), Json) ?? throw new JsonException("null is no entry"));
            }
            catch (JsonException e)
            {
                throw new InvalidDataException($"{path}:{line}: is no journal entry ({e.Message}); mend the line, or move the file away to start with an empty journal: a change that was being measured is then undone by the Tuner at its end, one that was kept stays until it is removed from its node's settings", e);
            }

            start += length + 1;
        }

        file.Position = file.Length;
    }

    private void SetAside(ReadOnlySpan<byte> unfinished)
    {
        File.WriteAllBytes($"{path}.unfinished", unfinished);
        SetAsideBytes = unfinished.Length;
        file.SetLength(file.Length - unfinished.Length);
    }
}
