using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>A resolver leaves queries unanswered.</summary>
/// <remarks>Source: DNS queries without an answer in dns.timeout.</remarks>
public sealed class ResolverSilent : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.ResolverSilent,
        Strength.Error,
        "DNS queries end without an answer, a twentieth of all or more",
        "answers",
        "no sysctl heals this: look at the resolver's load and at the path to it, and at connection tracking of UDP port 53");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Subject is Subject.OfEdge)
        {
            return null;
        }

        var timeouts = evidence.Own.Increase(DnsMetrics.Timeouts);
        return new Proof(About, evidence)
            .Needs("queries without an answer", timeouts, Text.Count, "at least 3", count => count >= 3)
            .Needs("share of all queries", timeouts / evidence.Own.Increase(DnsMetrics.Queries), Text.Percent, "at least 5 %", share => share >= 0.05)
            .Judge($"a resolver leaves queries of {evidence.Subject} unanswered");
    }
}
