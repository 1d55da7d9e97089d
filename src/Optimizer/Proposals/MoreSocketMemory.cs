using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From a protocol's exhausted memory to more for all of its sockets: net.ipv4.tcp_mem or net.ipv4.udp_mem of the node.</summary>
/// <remarks>Twice each number, the largest at most a quarter of the node's memory; the numbers are pages.</remarks>
/// <param name="cause">What it heals.</param>
/// <param name="sysctl">Dotted name; low, pressure and high.</param>
/// <param name="symptom">What becomes fewer, as people say it.</param>
/// <param name="symptomCounter">Counts it in the subject's network namespace.</param>
public sealed class MoreSocketMemory(Cause cause, string sysctl, string symptom, MetricDefinition symptomCounter) : IRemedy
{
    public RemedyDescription About { get; } = new(cause, [sysctl], SysctlEffect.Live);

    public SysctlProposal? Propose(Finding finding, RemedyContext context)
    {
        var node = finding.Measured.Node;
        if (node.Sysctl(sysctl, "low") is not { } low || node.Sysctl(sysctl, "pressure") is not { } pressure || node.Sysctl(sysctl, "high") is not { } high
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
            [new SysctlWrite(sysctl, $"{low} {pressure} {high}", $"{low * factor:0} {pressure * factor:0} {high * factor:0}")],
            Objectives.ErrorRate(symptom, subject, subject.SelectAtOwner(symptomCounter)),
            finding.Measured.Own.PerSecond(symptomCounter) ?? 0,
            0,
            (long)(high * (factor - 1) * Environment.SystemPageSize),
            About.TakesEffect);
    }
}
