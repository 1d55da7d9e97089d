using System.Numerics;

namespace NetPulse.Optimizer.Policies.Bits;

/// <summary>The numbers from 0 to a highest one, cut into intervals. An interval has a class that stays its own when others are cut; what is cut off gets a new one.</summary>
internal sealed class CutLine<T>
    where T : struct, IBinaryInteger<T>
{
    private readonly T highest;

    // The first number of each interval, ascending, and its class.
    private readonly T[] starts;
    private readonly int[] classes;

    public CutLine(T highest, int whole)
        : this(highest, [T.Zero], [whole])
    {
    }

    private CutLine(T highest, T[] starts, int[] classes)
    {
        this.highest = highest;
        this.starts = starts;
        this.classes = classes;
    }

    /// <summary>Ascending.</summary>
    public IEnumerable<(int Class, T First, T Last)> Intervals => Enumerable.Range(0, starts.Length).Select(i => (classes[i], starts[i], LastOf(i)));

    /// <summary>The intervals of a range at whose ends the line is cut, ascending.</summary>
    public IEnumerable<(int Class, T First, T Last)> IntervalsIn(T first, T last)
    {
        for (var i = IndexAt(first); i < starts.Length && starts[i] <= last; i++)
        {
            yield return (classes[i], starts[i], LastOf(i));
        }
    }

    public int ClassAt(T value) => classes[IndexAt(value)];

    public (T First, T Last) IntervalAt(T value)
    {
        var index = IndexAt(value);
        return (starts[index], LastOf(index));
    }

    /// <summary>Adds the classes of a range at whose ends the line is cut.</summary>
    public void AddTo(BitSet set, T first, T last)
    {
        foreach (var (c, _, _) in IntervalsIn(first, last))
        {
            set.Add(c);
        }
    }

    /// <summary>The line with a cut before each of some numbers. The lower part of what is cut keeps its class.</summary>
    /// <param name="next">Gives a new class.</param>
    /// <param name="cut">Takes each new class and the one that it is cut from.</param>
    public CutLine<T> CutBefore(IEnumerable<T> numbers, Func<int> next, Action<int, int> cut)
    {
        var added = numbers.Where(n => n <= highest && starts[IndexAt(n)] != n).Distinct().Order().ToArray();
        if (added.Length == 0)
        {
            return this;
        }

        var (newStarts, newClasses) = (new T[starts.Length + added.Length], new int[starts.Length + added.Length]);
        for (int i = 0, from = 0, a = 0; i < newStarts.Length; i++)
        {
            if (a < added.Length && (from == starts.Length || added[a] < starts[from]))
            {
                (newStarts[i], newClasses[i]) = (added[a++], next());
                cut(classes[from - 1], newClasses[i]);
            }
            else
            {
                (newStarts[i], newClasses[i]) = (starts[from], classes[from++]);
            }
        }

        return new CutLine<T>(highest, newStarts, newClasses);
    }

    private T LastOf(int index) => index + 1 < starts.Length ? starts[index + 1] - T.One : highest;

    private int IndexAt(T value)
    {
        var found = Array.BinarySearch(starts, value);
        return found >= 0 ? found : ~found - 1;
    }
}
