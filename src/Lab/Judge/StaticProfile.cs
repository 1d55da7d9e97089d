using NetPulse.Lab.Topology;
using NetPulse.Linux.Sysctls;

namespace NetPulse.Lab.Judge;

/// <summary>Lines of <c>sysctl = value</c>, as a tuning DaemonSet's ConfigMap holds them; blank lines and those that begin with # are left out.</summary>
internal static class StaticProfile
{
    /// <exception cref="LabException">A line is none.</exception>
    internal static IReadOnlyList<KeyValuePair<string, string>> Read(string file) =>
    [
        .. from line in File.ReadAllLines(file).Select(line => line.Trim())
           where line.Length > 0 && line[0] != '#'
           select line.Split('=', 2) is [var name, var value]
               ? KeyValuePair.Create(name.Trim(), Sysctl.Normalize(value))
               : throw new LabException($"read {file}", $"\"{line}\" is no line of sysctl = value", "write it as net.core.somaxconn = 4096"),
    ];
}
