namespace NetPulse.Optimizer.Policies.Ports;

/// <summary>Ports for people: neighbours joined, a whole protocol by its name.</summary>
public static class PortText
{
    private static readonly int Protocols = Enum.GetValues<TransportProtocol>().Length;

    public static string Of(IEnumerable<PortRange> ranges)
    {
        var joined = Join(ranges);
        return joined.Count == Protocols && joined.TrueForAll(IsWhole) ? "every port" : string.Join(", ", joined.Select(static r => IsWhole(r) ? $"every {r.Protocol.Text()} port" : r.ToString()));
    }

    private static List<PortRange> Join(IEnumerable<PortRange> ranges)
    {
        var joined = new List<PortRange>();
        foreach (var range in ranges.OrderBy(static r => r.Protocol).ThenBy(static r => r.First))
        {
            if (joined.Count > 0 && joined[^1] is var last && last.Protocol == range.Protocol && last.Last + 1 >= range.First)
            {
                joined[^1] = last with { Last = Math.Max(last.Last, range.Last) };
            }
            else
            {
                joined.Add(range);
            }
        }

        return joined;
    }

    private static bool IsWhole(PortRange range) => range is { First: 0, Last: PortRange.Highest };
}
