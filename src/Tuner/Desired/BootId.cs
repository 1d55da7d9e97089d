namespace NetPulse.Tuner.Desired;

/// <summary>Names this start of the node; no sysctl that was written before it still holds.</summary>
public static class BootId
{
    /// <remarks>Source: <c>/proc/sys/kernel/random/boot_id</c>.</remarks>
    public static string Read() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
}
