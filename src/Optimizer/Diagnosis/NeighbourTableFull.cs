using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>The one table of neighbours of all namespaces is full, and packets to new ones are dropped.</summary>
/// <remarks>Source: table_fulls of /proc/net/stat/arp_cache (net/core/neighbour.c, neigh_alloc).</remarks>
public sealed class NeighbourTableFull : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.NeighbourTableFull,
        Strength.Error,
        "neighbours find the table full, and it holds nine tenths of gc_thresh3",
        "neighbours that do not exist (a scan)");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Subject is not Subject.OfNode)
        {
            return null;
        }

        var own = evidence.Own;
        var ipv4 = (LabelNames.Family, LabelNames.Ipv4);
        var full = own.Increase(NodeMetrics.NeighbourTableFull, ipv4);
        var limit = own.Last(NodeMetrics.NeighbourLimit, ipv4, (LabelNames.Level, "gc_thresh3"));
        return new Proof(About, evidence)
            .Needs("neighbours that found the table full", full, Text.Count, "at least 3", count => count >= 3)
            .Needs("entries at most", own.Most(NodeMetrics.NeighbourEntries, ipv4), limit, Text.Count, $"at least 90 % of {Text.Count(limit)}", (most, bound) => most >= 0.9 * bound)
            .Needs("neighbours that did not answer", own.Increase(NodeMetrics.NeighbourResolutionsFailed, ipv4), limit, Text.Count, "less than half of the table", (failed, bound) => failed < 0.5 * bound)
            .Judge($"the neighbour table of {evidence.Subject} is full ({Text.Count(limit)}): {Text.Count(full)} found no room", 1);
    }
}
