using NetPulse.Optimizer.Policies.Bits;

namespace NetPulse.Optimizer.Policies.Ports;

/// <summary>Ports of one protocol, both ends inclusive.</summary>
public readonly record struct PortRange(TransportProtocol Protocol, int First, int Last)
{
    public const int Highest = 65535;

    public override string ToString() => First == Last ? $"{First}/{Protocol.Text()}" : $"{First}-{Last}/{Protocol.Text()}";
}

/// <summary>All ports of all protocols, cut wherever a range of any policy begins or ends: no policy tells the ports of one class apart.</summary>
public sealed class PortClasses
{
    private const int Protocols = 3;

    private readonly int[][] starts;
    private readonly int[] offsets = new int[Protocols];

    public PortClasses(IEnumerable<PortRange> ranges)
    {
        var cuts = new[] { new SortedSet<int> { 0 }, new SortedSet<int> { 0 }, new SortedSet<int> { 0 } };
        foreach (var range in ranges.Where(static r => r.First <= r.Last && r.First is >= 0 and <= PortRange.Highest))
        {
            var protocol = cuts[(int)range.Protocol];
            protocol.Add(range.First);
            if (range.Last < PortRange.Highest)
            {
                protocol.Add(range.Last + 1);
            }
        }

        starts = [.. cuts.Select(static c => c.ToArray())];
        for (var i = 1; i < Protocols; i++)
        {
            offsets[i] = offsets[i - 1] + starts[i - 1].Length;
        }
    }

    public int Count => offsets[^1] + starts[^1].Length;

    public int ClassOf(TransportProtocol protocol, int port)
    {
        var found = Array.BinarySearch(starts[(int)protocol], port);
        return (found >= 0 ? found : ~found - 1) + offsets[(int)protocol];
    }

    public PortRange RangeOf(int portClass)
    {
        var protocol = portClass >= offsets[2] ? 2 : portClass >= offsets[1] ? 1 : 0;
        var index = portClass - offsets[protocol];
        var own = starts[protocol];
        return new PortRange((TransportProtocol)protocol, own[index], index + 1 < own.Length ? own[index + 1] - 1 : PortRange.Highest);
    }

    /// <summary>Adds the classes inside a range from which this was made.</summary>
    public void AddTo(BitSet classes, PortRange range)
    {
        if (range.First > range.Last || range.First is < 0 or > PortRange.Highest)
        {
            return;
        }

        var last = ClassOf(range.Protocol, Math.Min(range.Last, PortRange.Highest));
        for (var i = ClassOf(range.Protocol, range.First); i <= last; i++)
        {
            classes.Add(i);
        }
    }
}
