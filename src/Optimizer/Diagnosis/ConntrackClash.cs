using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>Tracked connections clash though there is room: several take the same source port after translation.</summary>
/// <remarks>Source: nf_conntrack insert_failed without drop (kubernetes/kubernetes#56903).</remarks>
public sealed class ConntrackClash : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.ConntrackClash,
        Strength.Error,
        "connections could not be entered, and the table has room",
        "drops for lack of room",
        "no sysctl heals this: translate with random source ports (--random-fully), or use fewer connections to one destination");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Subject is Subject.OfEdge)
        {
            return null;
        }

        var own = evidence.Own;
        return new Proof(About, evidence)
            .Needs("connections that could not be entered", own.Increase(NodeMetrics.ConntrackInsertFailed), Text.Count, "at least 20", count => count >= 20)
            .Needs("packets dropped for lack of room", own.Increase(NodeMetrics.ConntrackDrops), Text.Count, "none", count => count == 0)
            .Judge($"connections of {evidence.Subject} clash in the table of tracked connections, though it has room");
    }
}
