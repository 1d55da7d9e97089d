using NetPulse.Optimizer.Diagnosis;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.UdpMemoryExhausted"/> to more memory for all UDP sockets: net.ipv4.udp_mem of the node.</summary>
/// <remarks>Twice each number, the largest at most a quarter of the node's memory; the numbers are pages.</remarks>
public sealed class MoreUdpMemory : IRemedy
{
    private const string Sysctl = "net.ipv4.udp_mem";

    public RemedyDescription About { get; } = new(Cause.UdpMemoryExhausted, ["net.ipv4.udp_mem"], TakesEffect.RunningConnections);

    public SysctlProposal? Propose(Finding finding, RemedyContext context)
    {
        var node = finding.Measured.Node;
        if (node.Sysctl(Sysctl, "low") is not { } low || node.Sysctl(Sysctl, "pressure") is not { } pressure || node.Sysctl(Sysctl, "high") is not { } high
            || node.Last(NodeMetrics.MemoryBytes) is not { } memory)
        {
            return null;
        }

        var factor = Math.Min(2, memory / 4 / Environment.SystemPageSize / high);
        if (factor <= 1)
        {
            return null;
        }

        var subject = finding.Subject;
        return new SysctlProposal(
            finding,
            new Target(subject.Node, null, ""),
            [new SysctlWrite(Sysctl, $"{low} {pressure} {high}", $"{low * factor:0} {pressure * factor:0} {high * factor:0}")],
            Objectives.ErrorRate("datagrams dropped for the memory limit", subject, subject.SelectAtOwner(NamespaceMetrics.UdpMemoryErrors)),
            finding.Measured.Own.PerSecond(NamespaceMetrics.UdpMemoryErrors) ?? 0,
            0,
            (long)(high * (factor - 1) * Environment.SystemPageSize),
            About.TakesEffect);
    }
}
