namespace NetPulse.Tuner.Namespaces;

/// <summary>The capabilities without which no sysctl of another namespace can be changed.</summary>
public static class RequiredCapabilities
{
    private static readonly (int Bit, string Name, string For)[] Required =
    [
        (21, "CAP_SYS_ADMIN", "to enter network namespaces"),
        (12, "CAP_NET_ADMIN", "to write their sysctls"),
    ];

    /// <param name="status">The text of <c>/proc/self/status</c>.</param>
    /// <returns>What is missing and what to do; empty when all is there.</returns>
    public static string Missing(string status)
    {
        var line = status.Split('\n').FirstOrDefault(l => l.StartsWith("CapEff:", StringComparison.Ordinal));
        var effective = line is null ? 0 : Convert.ToUInt64(line[7..].Trim(), 16);
        var missing = Required.Where(c => ((effective >> c.Bit) & 1) == 0).ToList();
        return missing.Count == 0
            ? ""
            : $"the Tuner lacks {string.Join(" and ", missing.Select(c => $"{c.Name} ({c.For})"))}; run it as root, or give its container these capabilities";
    }
}
