using System.Runtime.InteropServices;
using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Brings together what the day files and the heads hold of some series. They are read oldest first, so that the last written wins.</summary>
/// <remarks>A day file's values are kept as they are encoded, and decoded some series after the others: so each row is fetched once, and little of it is in memory.</remarks>
/// <param name="usesMemoryAgain">Whether what was given is overwritten when more is asked for.</param>
internal sealed class SeriesCollector(bool usesMemoryAgain)
{
    /// <summary>Samples that are given together: half a megabyte.</summary>
    private const int SamplesAtOnce = 64 << 10;

    /// <summary>What reads of usual length need; what a longer one took is not kept.</summary>
    private const int MostKeptBytes = 4 << 20;

    private readonly List<Piece> pieces = [];
    private readonly List<(ReadOnlyMemory<long> Times, ReadOnlyMemory<double> Values)> plain = [];
    private readonly List<(ReadOnlyMemory<long> Times, ReadOnlyMemory<double> Values)> parts = [];
    private readonly JoinedTimes joined = new();
    private readonly ValueRoom decoded = new();
    private ValueRoom given = new();
    private Dictionary<LabelSet, int>? places;
    private (int First, int Last)[] ends = [];
    private byte[] encoded = [];

    public IReadOnlyList<LabelSet> Wanted { get; private set; } = [];

    /// <summary>First wanted time, in Unix milliseconds.</summary>
    public long From { get; private set; }

    /// <summary>Last wanted time, in Unix milliseconds.</summary>
    public long To { get; private set; }

    /// <summary>Whether its memory may wait for the next read.</summary>
    public bool MayBeKept => usesMemoryAgain && encoded.Length + Room.Bytes + given.Bytes + decoded.Bytes <= MostKeptBytes;

    /// <summary>For values that are added.</summary>
    public ValueRoom Room { get; private set; } = new();

    /// <summary>Times that were added last.</summary>
    public ReadOnlyMemory<long> LikeBefore { get; private set; }

    /// <summary>What the wanted series take before they are decoded.</summary>
    public int EncodedBytes { get; private set; }

    /// <summary>Forgets what was collected, and goes on with other series.</summary>
    /// <param name="wanted">Which.</param>
    /// <param name="from">First wanted time, in Unix milliseconds.</param>
    /// <param name="to">Last wanted time, in Unix milliseconds.</param>
    public void Begin(IReadOnlyList<LabelSet> wanted, long from, long to)
    {
        (Wanted, From, To) = (wanted, from, to);
        (places, LikeBefore) = (null, default);
        pieces.Clear();
        plain.Clear();
        EncodedBytes = 0;
        Room = Emptied(Room);
        ends = ends.Length >= wanted.Count ? ends : new (int, int)[wanted.Count];
        ends.AsSpan(0, wanted.Count).Fill((-1, -1));
    }

    public int PlaceOf(LabelSet labels)
    {
        places ??= Wanted.Index().ToDictionary(static one => one.Item, static one => one.Index);
        return places[labels];
    }

    /// <param name="place">Of the series among the wanted ones.</param>
    /// <param name="times">At least one of them wanted.</param>
    /// <param name="values">Encoded, with padding behind them.</param>
    public void Add(int place, ChunkTimes times, ReadOnlySpan<byte> values)
    {
        if (encoded.Length - EncodedBytes < values.Length)
        {
            Array.Resize(ref encoded, Math.Max(encoded.Length * 2, EncodedBytes + values.Length));
        }

        values.CopyTo(encoded.AsSpan(EncodedBytes));
        Add(place, new Piece { Times = times, Begin = EncodedBytes, Bytes = values.Length });
        EncodedBytes += values.Length;
    }

    /// <param name="place">Of the series among the wanted ones.</param>
    /// <param name="times">At least one, ascending, all in the range.</param>
    /// <param name="values">Theirs.</param>
    public void Add(int place, ReadOnlyMemory<long> times, ReadOnlyMemory<double> values)
    {
        LikeBefore = times;
        Add(place, new Piece { Begin = plain.Count, Bytes = Piece.Plain });
        plain.Add((times, values));
    }

    /// <summary>What was collected, as far as it is enumerated.</summary>
    /// <exception cref="SampleStoreException">What a row holds is no values, though its checksum fits.</exception>
    public IEnumerable<IReadOnlyList<TimeSeries>> Collected()
    {
        var part = new List<TimeSeries>();
        var samples = 0;
        for (var place = 0; place < Wanted.Count; place++)
        {
            if (ends[place].First < 0)
            {
                continue;
            }

            var (times, values) = Joined(ends[place].First);
            part.Add(new TimeSeries(Wanted[place], times, values));
            samples += times.Length;
            if (samples >= SamplesAtOnce)
            {
                yield return part;
                part = [];
                samples = 0;
                given = Emptied(given);
            }
        }

        if (part.Count > 0)
        {
            yield return part;
            given = Emptied(given);
        }
    }

    private ValueRoom Emptied(ValueRoom room)
    {
        if (!usesMemoryAgain)
        {
            return new ValueRoom();
        }

        room.Clear();
        return room;
    }

    private void Add(int place, Piece piece)
    {
        piece.Next = -1;
        ref var end = ref ends[place];
        if (end.First < 0)
        {
            end.First = pieces.Count;
        }
        else
        {
            CollectionsMarshal.AsSpan(pieces)[end.Last].Next = pieces.Count;
        }

        end.Last = pieces.Count;
        pieces.Add(piece);
    }

    private (ReadOnlyMemory<long> Times, ReadOnlyMemory<double> Values) Joined(int first)
    {
        var all = CollectionsMarshal.AsSpan(pieces);
        if (all[first].Next < 0)
        {
            return Decoded(all[first], given);
        }

        parts.Clear();
        decoded.Clear();
        for (var at = first; at >= 0; at = all[at].Next)
        {
            parts.Add(Decoded(all[at], decoded));
        }

        return SampleOrder.Joined(parts, joined, given);
    }

    private (ReadOnlyMemory<long> Times, ReadOnlyMemory<double> Values) Decoded(Piece piece, ValueRoom room)
    {
        if (piece.Bytes == Piece.Plain)
        {
            return plain[piece.Begin];
        }

        var values = room.Take(piece.Times.Count);
        try
        {
            piece.Times.Decode(encoded.AsSpan(piece.Begin, piece.Bytes), values.Span);
        }
        catch (FormatException e)
        {
            throw new SampleStoreException("Read samples", $"a row of a day file holds what no version of this program writes ({e.Message})", retryable: false, e);
        }

        return (piece.Times.Wanted, values);
    }

    /// <summary>What one row or one head has of one series.</summary>
    private struct Piece
    {
        public const int Plain = -1;

        public ChunkTimes Times;

        /// <summary>Among the encoded bytes; of a plain one, among the plain ones.</summary>
        public int Begin;
        public int Bytes;

        /// <summary>The piece that was added next for the same series; negative: none.</summary>
        public int Next;
    }
}
