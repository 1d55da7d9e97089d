using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Kubernetes.Client;

public enum WatchEventType
{
    Added,
    Modified,
    Deleted,

    /// <summary>Nothing changed; only the version moved on.</summary>
    Bookmark,
}

/// <summary>One line of a watch.</summary>
/// <param name="Value">Absent in a bookmark. Of a deleted object, its last state.</param>
/// <param name="ResourceVersion">From where a watch goes on after this line.</param>
/// <param name="IsInitialEnd">The bookmark that ends the initial objects of a watch without a version.</param>
public sealed record WatchEvent<T>(WatchEventType Type, T? Value, string ResourceVersion, bool IsInitialEnd = false)
    where T : class;

/// <summary>How long a watch may say nothing.</summary>
/// <param name="AfterBookmark">Once a bookmark has come: then one comes about every minute.</param>
public readonly record struct WatchPatience(TimeSpan Silence, TimeSpan AfterBookmark);

/// <summary>A watch's stream of JSON lines.</summary>
internal static class WatchLines
{
    /// <summary>No object comes near (etcd takes 1.5 MiB): longer than this is no watch.</summary>
    private const int LongestLineBytes = 32 << 20;

    private const string InitialEventsEnd = "k8s.io/initial-events-end";

    /// <summary>Whole lines; a half one at the end of the stream is left out. The bytes are valid until the next.</summary>
    public static async IAsyncEnumerable<ReadOnlySequence<byte>> ReadAsync(
        Stream stream, string operation, Func<TimeSpan> idle, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));
        try
        {
            while (true)
            {
                var read = await ReadOnceAsync(reader, operation, idle(), time, cancellationToken);
                var rest = read.Buffer;
                while (rest.PositionOf((byte)'\n') is { } end)
                {
                    var line = rest.Slice(0, end);
                    rest = rest.Slice(rest.GetPosition(1, end));
                    if (!line.IsEmpty)
                    {
                        yield return line;
                    }
                }

                if (rest.Length > LongestLineBytes)
                {
                    throw new KubernetesException(operation, new ApiFault.Garbled(), 200, $"a line of the watch is longer than {LongestLineBytes} bytes");
                }

                reader.AdvanceTo(rest.Start, rest.End);
                if (read.IsCompleted)
                {
                    yield break;
                }
            }
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    /// <exception cref="KubernetesException">The server reports an error in the stream, or the line is none of a watch.</exception>
    public static WatchEvent<T> Parse<T>(ReadOnlySequence<byte> line, string operation)
        where T : class
    {
        try
        {
            var (type, value) = Parts(line);
            return type switch
            {
                "ADDED" => Change<T>(WatchEventType.Added, value),
                "MODIFIED" => Change<T>(WatchEventType.Modified, value),
                "DELETED" => Change<T>(WatchEventType.Deleted, value),
                "BOOKMARK" => Bookmark<T>(value),
                "ERROR" => throw StatusReader.Of(operation, StatusReader.Parse(value.ToArray()) ?? new ApiStatus { Code = 500, Message = "an error without a Status" }),
                _ => throw new KubernetesException(operation, new ApiFault.Garbled(), 200, $"a line of the watch is of type '{type}'"),
            };
        }
        catch (JsonException e)
        {
            throw new KubernetesException(operation, new ApiFault.Garbled(), 200, $"a line of the watch cannot be read: {e.Message}", e);
        }
    }

    private static async Task<ReadResult> ReadOnceAsync(PipeReader reader, string operation, TimeSpan idle, TimeProvider time, CancellationToken cancellationToken)
    {
        using var silence = new CancellationTokenSource(idle, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, silence.Token);
        try
        {
            return await reader.ReadAsync(either.Token);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            var said = e is OperationCanceledException ? $"nothing came for {Duration.Format(idle)}" : e.Message;
            throw new KubernetesException(operation, new ApiFault.Unreachable(), 0, $"the watch broke off: {said}", e);
        }
    }

    private static WatchEvent<T> Change<T>(WatchEventType type, ReadOnlySequence<byte> json)
        where T : class
    {
        var reader = new Utf8JsonReader(json);
        var value = JsonSerializer.Deserialize(ref reader, KubernetesJson.TypeOf<T>()) ?? throw new JsonException("the object is null");
        return new WatchEvent<T>(type, value, ((IKubernetesObject)value).Metadata.ResourceVersion);
    }

    private static WatchEvent<T> Bookmark<T>(ReadOnlySequence<byte> json)
        where T : class
    {
        var reader = new Utf8JsonReader(json);
        var bookmark = JsonSerializer.Deserialize(ref reader, KubernetesJson.TypeOf<BookmarkObject>()) ?? throw new JsonException("the bookmark is null");
        return new WatchEvent<T>(WatchEventType.Bookmark, null, bookmark.Metadata.ResourceVersion, bookmark.Metadata.Annotations.ContainsKey(InitialEventsEnd));
    }

    /// <summary>The type and the object's own bytes, in whatever order they stand.</summary>
    private static (string Type, ReadOnlySequence<byte> Object) Parts(ReadOnlySequence<byte> line)
    {
        var (type, value) = ("", ReadOnlySequence<byte>.Empty);
        var reader = new Utf8JsonReader(line);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                reader.Read();
                type = reader.GetString() ?? "";
            }
            else if (reader.ValueTextEquals("object"u8))
            {
                reader.Read();
                var start = reader.TokenStartIndex;
                reader.Skip();
                value = line.Slice(start, reader.BytesConsumed - start);
            }
            else
            {
                reader.Skip();
            }
        }

        return (type, value);
    }

    private sealed record BookmarkObject
    {
        public BookmarkMetadata Metadata { get; init; } = new();
    }

    private sealed record BookmarkMetadata
    {
        public string ResourceVersion { get; init; } = "";

        public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
    }
}
