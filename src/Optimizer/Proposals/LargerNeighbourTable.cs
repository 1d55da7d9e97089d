using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.NeighbourTableFull"/> to a larger table: net.ipv4.neigh.default.gc_thresh1, 2 and 3 of the node, as 1 to 4 to 8.</summary>
/// <remarks>Four times what holds, at most 131,072 entries of about 512 bytes. The kernel wants them in order, so the largest is written first.</remarks>
public sealed class LargerNeighbourTable : IRemedy
{
    private const string Name = "net.ipv4.neigh.default.gc_thresh";
    private const long Most = 131_072;
    private const long BytesPerEntry = 512;

    public RemedyDescription About { get; } = new(Cause.NeighbourTableFull, ["net.ipv4.neigh.default.gc_thresh3", "net.ipv4.neigh.default.gc_thresh2", "net.ipv4.neigh.default.gc_thresh1"], SysctlEffect.Live);

    public SysctlProposal? Propose(Finding finding, RemedyContext context)
    {
        var own = finding.Measured.Own;
        if (own.Sysctl($"{Name}3") is not { } third || own.Sysctl($"{Name}2") is not { } second || own.Sysctl($"{Name}1") is not { } first)
        {
            return null;
        }

        var entries = Math.Max(third, Math.Min(4 * third, Most));
        var subject = finding.Subject;
        return new SysctlProposal(
            finding,
            new Target(subject.Node, null, ""),
            [
                new SysctlWrite($"{Name}3", $"{third}", $"{entries}"),
                new SysctlWrite($"{Name}2", $"{second}", $"{Math.Max(second, entries / 2)}"),
                new SysctlWrite($"{Name}1", $"{first}", $"{Math.Max(first, entries / 8)}"),
            ],
            Objectives.ErrorRate(
                "neighbours that found the table full", subject,
                SeriesSelector.Of(NodeMetrics.NeighbourTableFull.Name, (LabelNames.Node, subject.Node), (LabelNames.Family, LabelNames.Ipv4))),
            own.PerSecond(NodeMetrics.NeighbourTableFull) ?? 0,
            0,
            (entries - third) * BytesPerEntry,
            About.TakesEffect);
    }
}
