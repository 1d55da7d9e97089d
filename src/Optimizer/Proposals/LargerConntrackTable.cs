using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Telemetry.Samples;
using System.Collections.Immutable;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.ConntrackFull"/> to a larger table: net.netfilter.nf_conntrack_max of the node, and its buckets.</summary>
/// <remarks>Four times what holds, 65,536 to 4,194,304 entries of about 320 bytes; the buckets follow where they would be fewer than a quarter of the entries. kube-proxy may set it again (conntrack-max-per-core).</remarks>
public sealed class LargerConntrackTable : IRemedy
{
    private const long Least = 65_536;
    private const long Most = 4_194_304;
    private const long BytesPerEntry = 320;

    public RemedyDescription About { get; } = new(Cause.ConntrackFull, ["net.netfilter.nf_conntrack_max", "net.netfilter.nf_conntrack_buckets"], SysctlEffect.Live);

    public SysctlProposal? Propose(Finding finding, RemedyContext context)
    {
        var node = finding.Measured.Node;
        if ((node.Sysctl("net.netfilter.nf_conntrack_max") ?? finding.Measured.Own.Sysctl("net.netfilter.nf_conntrack_max")) is not { } limit)
        {
            return null;
        }

        var entries = Math.Max(limit, Math.Clamp(4 * limit, Least, Most));
        var writes = ImmutableArray.Create(new SysctlWrite("net.netfilter.nf_conntrack_max", $"{limit}", $"{entries}"));
        if (node.Sysctl("net.netfilter.nf_conntrack_buckets") is { } buckets && buckets < entries / 4)
        {
            writes = writes.Add(new SysctlWrite("net.netfilter.nf_conntrack_buckets", $"{buckets}", $"{entries / 4}"));
        }

        var subject = finding.Subject;
        return new SysctlProposal(
            finding, new Target(subject.Node, null, ""), writes,
            Objectives.ErrorRate(
                "packets dropped by connection tracking", subject, subject.SelectAtOwner(NodeMetrics.ConntrackDrops), subject.SelectAtOwner(NodeMetrics.ConntrackEarlyDrops)),
            finding.Measured.Own.PerSecond(NodeMetrics.ConntrackDrops) ?? 0, 0, (entries - limit) * BytesPerEntry, About.TakesEffect);
    }
}
