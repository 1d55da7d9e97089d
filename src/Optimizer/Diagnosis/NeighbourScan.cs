using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>The table of neighbours is full of ones that do not exist: somebody tries all addresses.</summary>
/// <remarks>Source: res_failed of /proc/net/stat/arp_cache.</remarks>
public sealed class NeighbourScan : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.NeighbourScan,
        Strength.Error,
        "neighbours find the table full, and half a table of them did not answer",
        "neighbours that exist",
        "no sysctl heals this: find who asks for addresses that nobody has");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Subject is not Subject.OfNode)
        {
            return null;
        }

        var own = evidence.Own;
        var ipv4 = (LabelNames.Family, LabelNames.Ipv4);
        var limit = own.Last(NodeMetrics.NeighbourLimit, ipv4, (LabelNames.Level, "gc_thresh3"));
        return new Proof(About, evidence)
            .Needs("neighbours that found the table full", own.Increase(NodeMetrics.NeighbourTableFull, ipv4), Text.Count, "at least 3", count => count >= 3)
            .Needs("neighbours that did not answer", own.Increase(NodeMetrics.NeighbourResolutionsFailed, ipv4), limit, Text.Count, "half of the table or more", (failed, bound) => failed >= 0.5 * bound)
            .Judge($"somebody on {evidence.Subject} asks for neighbours that do not exist");
    }
}
