using System.Collections.Immutable;
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
    private static readonly int Protocols = Enum.GetValues<TransportProtocol>().Length;

    private readonly ImmutableArray<CutLine<int>> lines;

    // The first port of each class: it stays the same when the class is cut.
    private readonly ImmutableList<(TransportProtocol Protocol, int First)> firsts;

    public PortClasses(IEnumerable<PortRange> ranges)
    {
        var uncut = new PortClasses(
            [.. Enumerable.Range(0, Protocols).Select(static p => new CutLine<int>(PortRange.Highest, p))],
            [.. Enumerable.Range(0, Protocols).Select(static p => ((TransportProtocol)p, 0))]);
        (lines, firsts) = uncut.CutAt(ranges, static (_, _) => { });
    }

    private PortClasses(ImmutableArray<CutLine<int>> lines, ImmutableList<(TransportProtocol Protocol, int First)> firsts) => (this.lines, this.firsts) = (lines, firsts);

    public int Count => firsts.Count;

    public int ClassOf(TransportProtocol protocol, int port) => lines[(int)protocol].ClassAt(port);

    public PortRange RangeOf(int portClass)
    {
        var (protocol, first) = firsts[portClass];
        return new PortRange(protocol, first, lines[(int)protocol].IntervalAt(first).Last);
    }

    /// <summary>Adds the classes inside a range that was cut out.</summary>
    public void AddTo(BitSet classes, PortRange range)
    {
        if (IsRange(range))
        {
            lines[(int)range.Protocol].AddTo(classes, range.First, Math.Min(range.Last, PortRange.Highest));
        }
    }

    /// <param name="cut">Takes each new class and the one that it is cut from.</param>
    internal PortClasses Cut(IEnumerable<PortRange> ranges, Action<int, int> cut)
    {
        var (newLines, newFirsts) = CutAt(ranges, cut);
        return newFirsts.Count == Count ? this : new PortClasses(newLines, newFirsts);
    }

    private static bool IsRange(PortRange range) => range.First <= range.Last && range.First is >= 0 and <= PortRange.Highest;

    private (ImmutableArray<CutLine<int>> Lines, ImmutableList<(TransportProtocol Protocol, int First)> Firsts) CutAt(IEnumerable<PortRange> ranges, Action<int, int> cut)
    {
        var ends = ranges.Where(IsRange).SelectMany(static r => new[] { (r.Protocol, Number: r.First), (r.Protocol, Number: r.Last + 1) }).ToLookup(static e => e.Protocol, static e => e.Number);
        var newFirsts = firsts.ToBuilder();
        var newLines = lines.ToBuilder();
        foreach (var protocol in Enum.GetValues<TransportProtocol>())
        {
            var line = newLines[(int)protocol] = lines[(int)protocol].CutBefore(ends[protocol], () => Reserve(protocol), cut);
            foreach (var (portClass, first, _) in line.Intervals.Where(i => i.Class >= Count))
            {
                newFirsts[portClass] = (protocol, first);
            }
        }

        return (newLines.ToImmutable(), newFirsts.ToImmutable());

        int Reserve(TransportProtocol protocol)
        {
            newFirsts.Add((protocol, 0));
            return newFirsts.Count - 1;
        }
    }
}
