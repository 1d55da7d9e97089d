using System.Runtime.InteropServices;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Embedded.RollUps;

/// <summary>Makes roll-ups of samples, and longer ones of shorter ones.</summary>
internal static class RollUpMaker
{
    /// <summary>The bit pattern by which Prometheus marks the end of a series: no reading.</summary>
    private const long StaleBits = 0x7ff0_0000_0000_0002;

    /// <param name="times">Unix milliseconds, ascending.</param>
    /// <param name="values">Theirs.</param>
    /// <param name="length">Of a roll-up.</param>
    /// <param name="withSketches">Whether sketches are wanted.</param>
    public static List<RollUp> Of(ReadOnlySpan<long> times, ReadOnlySpan<double> values, RollUpLength length, bool withSketches)
    {
        var made = new List<RollUp>();
        var sketches = withSketches ? new SketchWriter() : null;
        for (var i = 0; i < times.Length;)
        {
            var end = RollUp.EndOf(times[i], length);
            var begin = i;
            while (i < times.Length && times[i] <= end)
            {
                i++;
            }

            if (TryMake(times[begin..i], values[begin..i], end, out var rollUp))
            {
                sketches?.Add(values[begin..i]);
                made.Add(rollUp);
            }
        }

        sketches?.GiveTo(made);
        return made;
    }

    /// <param name="shorter">Ascending; a whole number of them makes a longer one.</param>
    /// <param name="length">Of the longer ones.</param>
    /// <param name="withSketches">Whether the shorter ones have sketches.</param>
    public static List<RollUp> Longer(IReadOnlyList<RollUp> shorter, RollUpLength length, bool withSketches)
    {
        var made = new List<RollUp>();
        var sketches = withSketches ? new SketchWriter() : null;
        for (var i = 0; i < shorter.Count;)
        {
            var end = RollUp.EndOf(shorter[i].End, length);
            var begin = i;
            var whole = shorter[i++];
            for (; i < shorter.Count && shorter[i].End <= end; i++)
            {
                whole = whole.Then(shorter[i]);
            }

            made.Add(whole with { End = end, Sketch = default });
            sketches?.Add(shorter, begin, i);
        }

        sketches?.GiveTo(made);
        return made;
    }

    private static bool TryMake(ReadOnlySpan<long> times, ReadOnlySpan<double> values, long end, out RollUp rollUp)
    {
        var (count, first, last) = (0L, 0, 0);
        var (sum, lost, min, max) = (0.0, 0.0, double.NaN, double.NaN);
        for (var i = 0; i < values.Length; i++)
        {
            var value = values[i];
            if (BitConverter.DoubleToInt64Bits(value) == StaleBits)
            {
                continue;
            }

            if (count == 0)
            {
                first = i;
            }
            else
            {
                lost += value < values[last] ? values[last] : 0;
            }

            min = value < min || double.IsNaN(min) ? value : min;
            max = value > max || double.IsNaN(max) ? value : max;
            sum += value;
            last = i;
            count++;
        }

        rollUp = count == 0 ? default : new RollUp(end, count, times[first], values[first], times[last], values[last], sum, min, max, lost, default);
        return count > 0;
    }

    /// <summary>Sketches of one series one behind the other.</summary>
    private sealed class SketchWriter
    {
        private readonly WireWriter writer = new();
        private readonly List<int> ends = [];
        private readonly List<int> places = [];
        private readonly Dictionary<int, long> counts = [];

        public void Add(ReadOnlySpan<double> values)
        {
            places.Clear();
            var (before, place) = (0.0, 0);
            foreach (var value in values)
            {
                if (BitConverter.DoubleToInt64Bits(value) != StaleBits)
                {
                    // a logarithm costs more than all the rest, and many a series stands still
                    place = BitConverter.DoubleToInt64Bits(value) == BitConverter.DoubleToInt64Bits(before) ? place : QuantileSketch.PlaceOf(value);
                    before = value;
                    places.Add(place);
                }
            }

            QuantileSketch.Write(writer, CollectionsMarshal.AsSpan(places));
            ends.Add(writer.Length);
        }

        public void Add(IReadOnlyList<RollUp> shorter, int begin, int end)
        {
            counts.Clear();
            for (var i = begin; i < end; i++)
            {
                shorter[i].Sketch.AddTo(counts);
            }

            QuantileSketch.Write(writer, counts);
            ends.Add(writer.Length);
        }

        public void GiveTo(List<RollUp> made)
        {
            ReadOnlyMemory<byte> bytes = writer.Written.ToArray();
            var begin = 0;
            for (var i = 0; i < made.Count; i++)
            {
                made[i] = made[i] with { Sketch = new QuantileSketch(bytes[begin..ends[i]]) };
                begin = ends[i];
            }
        }
    }
}
