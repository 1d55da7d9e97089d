using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>The table of tracked connections is full, and packets of new connections are dropped.</summary>
/// <remarks>Source: nf_conntrack drop and early_drop (net/netfilter/nf_conntrack_core.c, __nf_conntrack_alloc). Entries are counted by namespace, the limit is the node's.</remarks>
public sealed class ConntrackFull : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.ConntrackFull,
        Strength.Error,
        "packets are dropped for lack of room, and the table holds nine tenths of its limit",
        "a table with room (clashes of source ports)");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Subject is Subject.OfEdge)
        {
            return null;
        }

        var own = evidence.Own;
        var limit = own.Last(NodeMetrics.ConntrackLimit);
        var refused = own.Increase(NodeMetrics.ConntrackDrops) + (own.Increase(NodeMetrics.ConntrackEarlyDrops) ?? 0);
        return new Proof(About, evidence)
            .Needs("packets dropped, connections thrown out", refused, Text.Count, "at least 3", count => count >= 3)
            .Needs("tracked connections at most", own.Most(NodeMetrics.ConntrackEntries), limit, Text.Count, $"at least 90 % of {Text.Count(limit)}", (most, bound) => most >= 0.9 * bound)
            .Judge($"the table of tracked connections of {evidence.Subject} is full ({Text.Count(limit)}): {Text.Count(refused)} found no room", 1);
    }
}
