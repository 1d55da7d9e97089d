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

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter() },
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly FileStream file;
    private ImmutableList<JournalEntry> latest = [];
    private ImmutableDictionary<string, ChangeState> changes = ImmutableDictionary<string, ChangeState>.Empty;
    private long sequence;

    /// <exception cref="IOException">The file cannot be opened, is held by another process, or holds a line that is no entry.</exception>
    public ChangeJournal(string path, TimeProvider time)
    {
        this.time = time;
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
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

    /// <summary>Every change that was ever planned.</summary>
    public IEnumerable<ChangeState> Changes => Volatile.Read(ref changes).Values;

    /// <summary>Bytes of an unfinished last line that the previous start left behind and that were set aside; 0 normally.</summary>
    public long SetAsideBytes { get; private set; }

    public void Note(EntryKind kind, string subject, string text, IReadOnlyList<string>? details = null) => Append(new JournalEntry(0, default, kind, subject, text, details));

    /// <summary>The change enters a phase. What follows it may only be done once this has returned.</summary>
    /// <exception cref="IOException">The entry is not on disk: the step must not be taken.</exception>
    public void Enter(ChangePhase phase, Change change, string text, Effect? effect = null) =>
        Append(new JournalEntry(0, default, EntryKind.Change, change.Pod.ToString(), text, null, change, phase, effect));

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
        latest = latest.Count < KeptInMemory ? latest.Add(entry) : latest.RemoveAt(0).Add(entry);
        if (entry is { Change: { } change, Phase: { } phase })
        {
            var appliedAt = phase == ChangePhase.Applied ? entry.At : changes.GetValueOrDefault(change.Name)?.AppliedAt;
            changes = changes.SetItem(change.Name, new ChangeState(change, phase, entry.At, appliedAt));
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
                Remember(JsonSerializer.Deserialize<JournalEntry>(bytes.AsSpan(start, length), Json)!);
            }
            catch (JsonException e)
            {
                throw new InvalidDataException($"{path}:{line}: is no journal entry ({e.Message}); move the file away to start with an empty journal: what it held applied is then undone", e);
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
