using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>ICMP messages are not sent because of their rate limit: path MTU discovery and refusals become slow.</summary>
/// <remarks>Source: Icmp OutRateLimitHost, OutRateLimitGlobal (net/ipv4/icmp.c).</remarks>
public sealed class IcmpRateLimit : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.IcmpRateLimit,
        Strength.Error,
        "ICMP messages were held back by a limit",
        "none");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Subject is Subject.OfEdge)
        {
            return null;
        }

        var held = evidence.Own.Increase(NamespaceMetrics.IcmpRateLimited) + (evidence.Own.Increase(NamespaceMetrics.IcmpRateLimitedTogether) ?? 0);
        return new Proof(About, evidence)
            .Needs("messages held back", held, Text.Count, "at least 20", count => count >= 20)
            .Judge($"{evidence.Subject} sends fewer ICMP messages than it is asked for");
    }
}
