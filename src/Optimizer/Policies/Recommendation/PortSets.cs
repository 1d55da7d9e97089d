using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Recommendation;

/// <summary>Ports as few ranges.</summary>
internal static class PortSets
{
    /// <summary>From this many on, ports that lie close together become a range with gaps, as the data ports of passive FTP.</summary>
    private const int ManyPorts = 10;

    public static List<PortRange> Ranges(IEnumerable<(TransportProtocol Protocol, int Port)> ports)
    {
        var ranges = new List<PortRange>();
        foreach (var ofProtocol in ports.Distinct().Order().GroupBy(static p => p.Protocol))
        {
            List<int> numbers = [.. ofProtocol.Select(static p => p.Port)];
            var widestStep = numbers.Count > ManyPorts ? 3 : 1;
            var first = 0;
            for (var i = 1; i <= numbers.Count; i++)
            {
                if (i < numbers.Count && numbers[i] - numbers[i - 1] <= widestStep)
                {
                    continue;
                }

                ranges.Add(new PortRange(ofProtocol.Key, numbers[first], numbers[i - 1]));
                first = i;
            }
        }

        return ranges;
    }
}
