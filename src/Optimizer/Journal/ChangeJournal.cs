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

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter() },
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly FileStream file;
    private ImmutableList<JournalEntry> latest = [];
    private ImmutableDictionary<string, ChangeState> changes = ImmutableDictionary<string, ChangeState>.Empty;
    private long sequence;

    /// <exception cref="IOException">The file cannot be opened, or is held by another process.</exception>
    /// <exception cref="InvalidDataException">It holds a whole line that is no entry.</exception>
    public ChangeJournal(string path, TimeProvider time)
    {
        this.time = time;
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        // Without a buffer: what the disk refused must not be written later, when the step has not been taken.
        file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        try
        {
            Replay(path);
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

    public void Dispose() => file.Dispose();

    private void Append(JournalEntry entry)
    {
        lock (gate)
        {
            entry = entry with { Sequence = sequence + 1, At = time.GetUtcNow() };
            var length = file.Length;
            try
            {
                file.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(entry, Json) + "\n"));
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
            var appliedAt = phase == ChangePhase.Applied ? entry.At : changes.GetValueOrDefault(change.Name)?.AppliedAt;
            var ended = changes.Values.Where(state => state.HasEnded && entry.At - state.Since > EndedKept).Select(state => state.Change.Name);
            Volatile.Write(ref changes, changes.RemoveRange(ended).SetItem(change.Name, new ChangeState(change, phase, entry.At, appliedAt)));
        }
    }

    private void Replay(string path)
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
                SetAside(path, bytes.AsSpan(start));
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

    private void SetAside(string path, ReadOnlySpan<byte> unfinished)
    {
        File.WriteAllBytes($"{path}.unfinished", unfinished);
        SetAsideBytes = unfinished.Length;
        file.SetLength(file.Length - unfinished.Length);
    }
}
