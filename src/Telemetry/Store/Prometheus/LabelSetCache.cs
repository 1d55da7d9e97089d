using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Store.Prometheus;

/// <summary>Labels by the bytes that a sender writes for them, which are the same at every reading: one object a series, made once.</summary>
/// <remarks>Bounded: when it has grown beyond <see cref="MostBytes"/> it begins anew. Safe for use by several threads.</remarks>
internal sealed class LabelSetCache
{
    /// <summary>Of labels as they are sent: about a hundred thousand series of twelve.</summary>
    private const long MostBytes = 32 << 20;

    private readonly Lock gate = new();
    private Dictionary<UInt128, KnownLabels> sets = [];
    private ConcurrentDictionary<string, string> texts = new(StringComparer.Ordinal);
    private long bytes;

    public bool TryGet(ReadOnlySpan<byte> wire, [NotNullWhen(true)] out KnownLabels? labels)
    {
        var mark = WireMark.Of(wire);
        lock (gate)
        {
            return sets.TryGetValue(mark, out labels);
        }
    }

    public KnownLabels Add(ReadOnlySpan<byte> wire, LabelSet labels)
    {
        var known = new KnownLabels(WireMark.Of(wire), wire.Length, labels);
        lock (gate)
        {
            bytes += wire.Length;
            if (bytes > MostBytes)
            {
                sets = [];
                texts = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
                bytes = wire.Length;
            }

            return sets.TryAdd(known.Mark, known) ? known : sets[known.Mark];
        }
    }

    /// <summary>One object for a text that many series have.</summary>
    public string Shared(string text) => texts.GetOrAdd(text, text);
}

/// <summary>Labels with what is known of the bytes that a sender writes for them.</summary>
internal sealed class KnownLabels(UInt128 mark, int length, LabelSet labels)
{
    public UInt128 Mark { get; } = mark;

    /// <summary>Of the labels as they are sent, in bytes.</summary>
    public int Length { get; } = length;

    public LabelSet Labels { get; } = labels;

    /// <summary>What followed them the last time; a guess, which saves a look-up where it is right.</summary>
    public KnownLabels? Next { get; set; }

    /// <summary>Whether the message has these labels and then a sample.</summary>
    public bool BeginsSamplesOf(ReadOnlySpan<byte> series) =>
        series.Length > Length && series[Length] == WriteRequestTags.SeriesSample && WireMark.Of(series[..Length]) == Mark;
}

/// <summary>128 bits that stand for labels as they are sent, so that the bytes themselves, some 200 a series, need not be kept.</summary>
/// <remarks>
/// Two products for each 16 bytes, folded, with numbers that each process draws anew: two series are taken for one as seldom as 128 thrown coins fall alike. Who
/// wanted to bring it about would gain nothing, for whoever may write may write any series.
/// </remarks>
internal static class WireMark
{
    private const int BlockBytes = 2 * sizeof(ulong);

    private static readonly ulong A = Drawn();
    private static readonly ulong B = Drawn();
    private static readonly ulong C = Drawn();
    private static readonly ulong D = Drawn();

    public static UInt128 Of(ReadOnlySpan<byte> wire)
    {
        var (left, right) = (A ^ (ulong)wire.Length, B);
        var rest = wire;
        while (rest.Length >= BlockBytes)
        {
            var (first, second) = Block(rest);
            (left, right) = (Fold(left ^ first, second ^ C), Fold(right ^ second, first ^ D));
            rest = rest[BlockBytes..];
        }

        if (!rest.IsEmpty)
        {
            // the length is part of it, so bytes that are read twice tell no less
            var (first, second) = wire.Length >= BlockBytes ? Block(wire[^BlockBytes..]) : Padded(rest);
            (left, right) = (Fold(left ^ first, second ^ C), Fold(right ^ second, first ^ D));
        }

        return new UInt128(left, right);
    }

    private static (ulong First, ulong Second) Block(ReadOnlySpan<byte> bytes) =>
        (BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[sizeof(ulong)..]));

    private static (ulong First, ulong Second) Padded(ReadOnlySpan<byte> bytes)
    {
        Span<byte> block = stackalloc byte[BlockBytes];
        block.Clear();
        bytes.CopyTo(block);
        return Block(block);
    }

    private static ulong Fold(ulong left, ulong right)
    {
        var high = Math.BigMul(left, right, out var low);
        return high ^ low;
    }

    private static ulong Drawn() => BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong)));
}
