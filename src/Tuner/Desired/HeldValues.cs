using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;

namespace NetPulse.Tuner.Desired;

/// <summary>What the Tuner holds, on disk before it holds: one JSON line a step, the last line of a place counts.</summary>
/// <remarks>Not thread-safe: the Tuner does one thing at a time.</remarks>
public sealed partial class HeldValues : IDisposable
{
    private const int LinesBeforeCompaction = 10_000;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
        RespectNullableAnnotations = true,
    };

    private readonly Dictionary<HeldKey, HeldValue> values = [];

    /// <summary>Places in the order in which they were first written.</summary>
    private readonly List<HeldKey> order = [];
    private readonly Dictionary<string, HeldValue> expired = new(StringComparer.Ordinal);
    private readonly string path;
    private readonly ILogger logger;
    private FileStream file;
    private int lines;

    private HeldValues(string path, string boot, ILogger logger)
    {
        this.path = path;
        this.logger = logger;
        Boot = boot;
        Load();
        try
        {
            file = Compact();
        }
        catch (IOException e)
        {
            // A full disk must not keep us from putting back what is due.
            LogNotCompacted(e, path);
            file = OpenAtEndOfLines();
        }
    }

    public string Boot { get; }

    /// <summary>The latest written first: put back in this order, each step leaves what the kernel accepted once. A copy, so that it can be walked while values end.</summary>
    public IReadOnlyList<HeldValue> All => [.. order.Select(key => values[key]).Reverse()];

    /// <summary>Reads what an earlier process left; what is from before the node's last start is dropped, because its values are gone.</summary>
    /// <param name="boot">This start of the node: <c>/proc/sys/kernel/random/boot_id</c>.</param>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    public static HeldValues Open(StateDirectory state, string boot, ILogger<HeldValues> logger) => new(state.HeldFile, boot, logger);

    /// <summary>Writes it down; before a sysctl is written, the disk has it.</summary>
    /// <exception cref="IOException">It could not be written; then nothing is changed.</exception>
    public void Put(HeldValue value)
    {
        Append(value);
        Replay(value);
    }

    /// <exception cref="IOException">As for <see cref="Put"/>.</exception>
    public void End(HeldValue value, HeldPhase phase) => Put(value with { Phase = phase });

    /// <summary>Whether this setting, with this time, has had its time already.</summary>
    public bool HasExpired(string setting, DateTimeOffset? revertAt) => revertAt is not null && expired.TryGetValue(setting, out var value) && value.RevertAt == revertAt;

    /// <summary>Expired settings need not be remembered once they are no longer asked for, or with another time.</summary>
    /// <exception cref="IOException">As for <see cref="Put"/>.</exception>
    public void ForgetExpired(Func<string, DateTimeOffset?, bool> isWanted)
    {
        foreach (var value in expired.Values.Where(value => !isWanted(value.Setting, value.RevertAt)).ToList())
        {
            End(value, HeldPhase.Released);
        }
    }

    public void Dispose() => file.Dispose();

    internal HeldValue? Find(HeldKey key) => values.GetValueOrDefault(key);

    private void Load()
    {
        if (!File.Exists(path))
        {
            return;
        }

        var text = File.ReadAllText(path);
        var damaged = 0;
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            try
            {
                Replay(JsonSerializer.Deserialize<HeldValue>(line, Json) ?? throw new JsonException("null is no value"));
            }
            catch (JsonException)
            {
                damaged++;
            }
        }

        // A last line without an end was being written when the process was killed: its sysctl was not touched yet.
        if (damaged > (text.EndsWith('\n') ? 0 : 1))
        {
            var aside = path + ".damaged";
            File.Copy(path, aside, overwrite: true);
            LogDamaged(path, damaged, aside);
        }

        foreach (var old in values.Values.Where(value => value.Boot != Boot).ToList())
        {
            Remove(old.Key);
            LogRebooted(old.Setting, old.Path, old.Sysctl);
        }
    }

    private void Replay(HeldValue value)
    {
        switch (value.Phase)
        {
            case HeldPhase.Released or HeldPhase.Expired:
                // Another setting may have taken the place meanwhile; its value stays.
                if (values.TryGetValue(value.Key, out var there) && there.Setting == value.Setting)
                {
                    Remove(value.Key);
                }

                expired.Remove(value.Setting);
                if (value.Phase == HeldPhase.Expired)
                {
                    expired[value.Setting] = value;
                }

                break;
            default:
                expired.Remove(value.Setting);
                if (!values.ContainsKey(value.Key))
                {
                    order.Add(value.Key);
                }

                values[value.Key] = value;
                break;
        }
    }

    private void Remove(HeldKey key)
    {
        values.Remove(key);
        order.Remove(key);
    }

    private FileStream Compact()
    {
        var compacted = path + ".new";
        using (var stream = new FileStream(compacted, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            foreach (var value in order.Select(key => values[key]).Concat(expired.Values))
            {
                stream.Write(Line(value));
            }

            stream.Flush(flushToDisk: true);
        }

        File.Move(compacted, path, overwrite: true);
        lines = 0;
        return OpenAtEndOfLines();
    }

    /// <summary>Behind the last whole line; what follows it was never finished.</summary>
    private FileStream OpenAtEndOfLines()
    {
        var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0);
        stream.SetLength(Array.LastIndexOf(File.ReadAllBytes(path), (byte)'\n') + 1);
        stream.Seek(0, SeekOrigin.End);
        return stream;
    }

    private void Append(HeldValue value)
    {
        if (lines >= LinesBeforeCompaction)
        {
            var full = file;
            file = Compact();
            full.Dispose();
        }

        var start = file.Length;
        try
        {
            file.Write(Line(value));

            // Only what held before may not be lost by anything; a killed process loses no line, and with a power failure the sysctls are gone as well.
            file.Flush(flushToDisk: value.Phase == HeldPhase.Writing);
            lines++;
        }
        catch (IOException)
        {
            // Half a line would spoil the next one.
            file.SetLength(start);
            file.Seek(0, SeekOrigin.End);
            throw;
        }
    }

    private static byte[] Line(HeldValue value) => Encoding.UTF8.GetBytes(JsonSerializer.Serialize(value, Json) + "\n");

    [LoggerMessage(Level = LogLevel.Error, Message = "{File}: {Count} lines cannot be read and are ignored; a copy is kept as {Copy}")]
    private partial void LogDamaged(string file, int count, string copy);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{File} could not be written anew, shorter; it is appended to as it is")]
    private partial void LogNotCompacted(Exception exception, string file);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Setting}: {Path} {Sysctl} was held before the node started anew; the value is gone with it")]
    private partial void LogRebooted(string setting, string path, string sysctl);
}
