namespace NetPulse.Tests;

/// <summary>A test that loads BPF or makes network namespaces; skipped, with the reason, where the process may not.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KernelFactAttribute : FactAttribute
{
    private const int CAP_NET_ADMIN = 12;
    private const int CAP_SYS_ADMIN = 21;
    private const int CAP_BPF = 39;

    public KernelFactAttribute()
    {
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("CapEff:", StringComparison.Ordinal));
        var effective = Convert.ToUInt64(line[7..].Trim(), 16);
        foreach (var (bit, name) in new[] { (CAP_NET_ADMIN, "CAP_NET_ADMIN"), (CAP_SYS_ADMIN, "CAP_SYS_ADMIN"), (CAP_BPF, "CAP_BPF") })
        {
            if (((effective >> bit) & 1) == 0)
            {
                Skip = $"needs {name}: run the tests as root";
            }
        }
    }
}
