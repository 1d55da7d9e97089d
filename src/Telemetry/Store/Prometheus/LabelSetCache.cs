using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Store.Prometheus;

/// <summary>Labels by the bytes that a sender writes for them, which are the same at every reading: one object a series, made once.</summary>
/// <remarks>Bounded: when it has grown beyond <see cref="MostBytes"/> it begins anew. Safe for use by several threads.</remarks>
internal sealed class LabelSetCache
{
    /// <summary>Of keys: about a hundred thousand series of twelve labels.</summary>
    private const long MostBytes = 32 << 20;

    private volatile Content content = new();

    public bool TryGet(ReadOnlySpan<byte> wire, [NotNullWhen(true)] out KnownLabels? labels) => content.Lookup.TryGetValue(wire, out labels);

    public KnownLabels Add(ReadOnlySpan<byte> wire, LabelSet labels)
    {
        var present = content;
        if (Interlocked.Add(ref present.Bytes, wire.Length) > MostBytes)
        {
            content = new Content();
            present = content;
        }

        var known = new KnownLabels(wire.ToArray(), labels);
        return present.Sets.GetOrAdd(known.Wire, known);
    }

    /// <summary>One object for a text that many series have.</summary>
    public string Shared(string text) => content.Texts.GetOrAdd(text, text);

    private sealed class Content
    {
        public long Bytes;

        public Content() => Lookup = Sets.GetAlternateLookup<ReadOnlySpan<byte>>();

        public ConcurrentDictionary<byte[], KnownLabels> Sets { get; } = new(new BytesComparer());

        public ConcurrentDictionary<byte[], KnownLabels>.AlternateLookup<ReadOnlySpan<byte>> Lookup { get; }

        public ConcurrentDictionary<string, string> Texts { get; } = new(StringComparer.Ordinal);
    }

    private sealed class BytesComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var code = new HashCode();
            code.AddBytes(alternate);
            return code.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}

/// <summary>Labels with the bytes that a sender writes for them.</summary>
internal sealed class KnownLabels(byte[] wire, LabelSet labels)
{
    public byte[] Wire { get; } = wire;

    public LabelSet Labels { get; } = labels;

    /// <summary>What followed them the last time; a guess, which saves a look-up where it is right.</summary>
    public KnownLabels? Next { get; set; }

    /// <summary>Whether the message has these labels and then a sample.</summary>
    public bool BeginsSamplesOf(ReadOnlySpan<byte> series) =>
        series.Length > Wire.Length && series[Wire.Length] == WriteRequestTags.SeriesSample && series.StartsWith(Wire);
}
