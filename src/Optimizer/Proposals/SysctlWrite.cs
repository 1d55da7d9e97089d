namespace NetPulse.Optimizer.Proposals;

/// <summary>One value of one sysctl, as the kernel reads it.</summary>
/// <param name="Sysctl">Dotted name.</param>
/// <param name="Before">In force when it was planned.</param>
/// <param name="After">To be set.</param>
public sealed record SysctlWrite(string Sysctl, string Before, string After)
{
    public override string ToString() => $"{Sysctl}: {Before} → {After}";
}
