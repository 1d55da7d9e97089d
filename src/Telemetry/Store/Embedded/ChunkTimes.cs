using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>A time column of a <see cref="ChunkGroup"/>, with the part of it that is wanted.</summary>
/// <param name="All">Of every sample.</param>
/// <param name="First">Of the wanted ones.</param>
/// <param name="End">Behind the last wanted one.</param>
internal readonly record struct ChunkTimes(long[] All, int First, int End)
{
    /// <summary>How many are wanted.</summary>
    public int Count => End - First;

    public ReadOnlyMemory<long> Wanted => All.AsMemory(First, Count);

    /// <exception cref="FormatException">The bytes are no such column.</exception>
    public static ChunkTimes Read(ref WireReader reader, long from, long to)
    {
        // a steady clock's hundred times may be ten bytes, so the count is bounded but not by the bytes that are left
        var count = ChunkGroup.Number(reader.Varint(), ChunkGroup.MostSamples);
        if (count / PackedIntegers.Most > reader.Remaining)
        {
            throw new FormatException($"{count} times are announced where {reader.Remaining} bytes are left");
        }

        var times = new long[count];
        for (var start = 0; start < count; start += PackedIntegers.Most)
        {
            PackedIntegers.Decode(ref reader, times.AsSpan(start, Math.Min(PackedIntegers.Most, count - start)));
        }

        var first = Array.BinarySearch(times, from);
        var end = Array.BinarySearch(times, to);
        first = first < 0 ? ~first : first;
        end = end < 0 ? ~end : end + 1;
        return new ChunkTimes(times, first, Math.Max(first, end));
    }

    /// <summary>Reads the wanted values.</summary>
    /// <param name="encoded">With padding behind them.</param>
    /// <param name="values">As many as are wanted.</param>
    /// <exception cref="FormatException">The bytes are no values.</exception>
    public void Decode(ReadOnlySpan<byte> encoded, Span<double> values)
    {
        var reader = new WireReader(encoded);
        ValueCodec.Decode(ref reader, All.Length, First, values);
    }
}
