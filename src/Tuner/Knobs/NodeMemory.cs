using System.Globalization;

namespace NetPulse.Tuner.Knobs;

/// <summary>The node's memory, not the share of it that our cgroup may use.</summary>
public static class NodeMemory
{
    /// <remarks>Source: MemTotal of <c>/proc/meminfo</c>.</remarks>
    public static long Pages()
    {
        var line = File.ReadLines("/proc/meminfo").First(line => line.StartsWith("MemTotal:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024 / Environment.SystemPageSize;
    }
}
