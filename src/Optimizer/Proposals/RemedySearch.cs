using System.Collections.Immutable;
using NetPulse.Optimizer.Cluster;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Proposals;

/// <summary>One proposal for each namespace and set of sysctls: of each subject the first cause that has a remedy.</summary>
public static class RemedySearch
{
    /// <summary>Share of the memory left that one change may pin.</summary>
    private const double LargestMemoryShare = 0.25;

    /// <param name="findings">Of each subject the likeliest first.</param>
    /// <param name="traffic">Every edge's.</param>
    /// <param name="cluster">Whose pods may be changed.</param>
    /// <returns>Errors before shapes, then what explains more.</returns>
    public static ImmutableArray<SysctlProposal> For(ImmutableArray<Finding> findings, ImmutableArray<EdgeTraffic> traffic, ClusterSnapshot cluster)
    {
        var context = new RemedyContext(traffic, cluster);
        return
        [
            .. (from ofSubject in findings.GroupBy(finding => finding.Subject)
                let proposal = First(ofSubject, context)
                where proposal is not null
                orderby proposal.Finding.Strength descending, proposal.Finding.Explains descending,
                    proposal.Finding.Measured.Connections?.BestThroughput.Value descending, proposal.Finding.Subject.ToString()
                select WithinMemory(WithSiblings(proposal, context))).DistinctBy(proposal => proposal.Key),
        ];
    }

    /// <summary>A shape that no change of ours heals ends the search: what comes after it is likely its consequence.</summary>
    private static SysctlProposal? First(IEnumerable<Finding> ofSubject, RemedyContext context)
    {
        foreach (var finding in ofSubject)
        {
            var proposal = Remedies.All.Where(remedy => remedy.About.Cause == finding.Cause).Select(remedy => remedy.Propose(finding, context)).OfType<SysctlProposal>()
                .FirstOrDefault(proposal => proposal.Writes.Any(write => write.After != write.Before));
            if (proposal is not null || finding.Strength == Strength.Shape)
            {
                return proposal;
            }
        }

        return null;
    }

    /// <summary>What befalls the other pods of a workload too is not the change's doing.</summary>
    private static SysctlProposal WithSiblings(SysctlProposal proposal, RemedyContext context) =>
        proposal is { Pod: not null, Controls.IsEmpty: true, Objective.Subject: Subject.OfPod pod }
            ? proposal with { Controls = [.. context.SiblingsOf(pod.Pod).Select(proposal.Objective.Of)] }
            : proposal;

    private static SysctlProposal WithinMemory(SysctlProposal proposal)
    {
        var measured = proposal.Finding.Measured;
        var node = proposal.Node == measured.Subject.Node ? measured.Node : measured.PeerNode;
        var available = node.Last(NodeMetrics.AvailableMemoryBytes);
        var tcp = node.Last(NodeMetrics.SocketMemoryLimitBytes, (LabelNames.Protocol, "tcp"), (LabelNames.Level, "pressure")) - node.Last(NodeMetrics.SocketMemoryBytes, (LabelNames.Protocol, "tcp"));
        if (available is null && tcp is null)
        {
            return proposal;
        }

        var left = Math.Max(0, Math.Min(available ?? double.PositiveInfinity, tcp ?? double.PositiveInfinity));
        return proposal with
        {
            MemoryLeftBytes = (long)left,
            Obstacle = proposal.Obstacle.Length == 0 && proposal.MemoryCostBytes > left * LargestMemoryShare
                ? $"it may cost {Text.Bytes(proposal.MemoryCostBytes)} of the {Text.Bytes(left)} of memory that are left for sockets: more than a quarter"
                : proposal.Obstacle,
        };
    }
}
