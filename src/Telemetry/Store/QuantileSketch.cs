using System.Runtime.InteropServices;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store;

/// <summary>How often numbers of about each size came: any quantile of them within <see cref="RelativeError"/>, and two sketches added up are that of all numbers.</summary>
/// <remarks>
/// Source: C. Masson, J. E. Rim, H. K. Lee, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees", PVLDB 12(12), 2019. A number x
/// above zero is counted at ⌈log x / log γ⌉ with γ = (1 + error) / (1 − error), a negative one at the mirrored place. Doubles reach to 36,000 places either
/// way, so none are ever joined. Beyond them stand the infinities, and below all NaN, which Prometheus's quantiles take for the smallest.
/// <code>
/// until the end: [first place, then differences of places, zigzag] [how often, varint]
/// </code>
/// </remarks>
public readonly record struct QuantileSketch(ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Of a number between the 1e-300 and 1e300, in magnitude, that is read back.</summary>
    public const double RelativeError = 0.01;

    private const double Gamma = (1 + RelativeError) / (1 - RelativeError);
    private const int One = 50_000;
    private const int Infinity = 100_000;
    private const int NotANumber = -200_000;

    private static readonly double LogGamma = Math.Log(Gamma);
    private static readonly double PerLog = 1 / LogGamma;

    /// <summary>Where a number is counted.</summary>
    public static int PlaceOf(double value) =>
        value > 0 ? double.IsPositiveInfinity(value) ? Infinity : One + (int)Math.Ceiling(Math.Log(value) * PerLog)
        : value < 0 ? -PlaceOf(-value)
        : double.IsNaN(value) ? NotANumber : 0;

    /// <summary>The number that stands for all that are counted there.</summary>
    public static double NumberAt(int place) => place switch
    {
        0 => 0,
        <= NotANumber => double.NaN,
        >= Infinity => double.PositiveInfinity,
        < 0 => -NumberAt(-place),
        _ => Math.Min(double.MaxValue, Math.Exp((place - One) * LogGamma) * (2 / (Gamma + 1))),
    };

    /// <param name="writer">Gets the sketch.</param>
    /// <param name="places">Of each number; sorted in place.</param>
    public static void Write(WireWriter writer, Span<int> places)
    {
        places.Sort();
        var before = 0;
        for (var i = 0; i < places.Length;)
        {
            var end = i + 1;
            while (end < places.Length && places[end] == places[i])
            {
                end++;
            }

            writer.Zigzag(places[i] - before);
            writer.Varint((ulong)(end - i));
            before = places[i];
            i = end;
        }
    }

    /// <param name="writer">Gets the sketch.</param>
    /// <param name="counts">By place.</param>
    public static void Write(WireWriter writer, Dictionary<int, long> counts)
    {
        var before = 0;
        foreach (var (place, count) in counts.OrderBy(static one => one.Key))
        {
            writer.Zigzag(place - before);
            writer.Varint((ulong)count);
            before = place;
        }
    }

    /// <summary>Adds this sketch's counts to others.</summary>
    /// <exception cref="FormatException">The bytes are no sketch.</exception>
    public void AddTo(Dictionary<int, long> counts)
    {
        var reader = new WireReader(Bytes.Span);
        var place = 0L;
        while (!reader.AtEnd)
        {
            place += reader.Zigzag();
            if (place is < NotANumber or > Infinity)
            {
                throw new FormatException($"{place} is no place of a sketch");
            }

            CollectionsMarshal.GetValueRefOrAddDefault(counts, (int)place, out _) += (long)reader.Varint();
        }
    }
}
