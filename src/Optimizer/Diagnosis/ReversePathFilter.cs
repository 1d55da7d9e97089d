using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>Packets come by another interface than their answers would leave by, and rp_filter drops them.</summary>
/// <remarks>Source: TcpExt IPReversePathFilter (net/ipv4/fib_frontend.c). What is dropped may as well be forged.</remarks>
public sealed class ReversePathFilter : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.ReversePathFilter,
        Strength.Error,
        "packets are dropped by rp_filter in strict mode",
        "loose mode");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Subject is Subject.OfEdge)
        {
            return null;
        }

        var mode = Math.Max(evidence.Own.Sysctl("net.ipv4.conf.all.rp_filter") ?? 0, evidence.Own.Sysctl("net.ipv4.conf.default.rp_filter") ?? 0);
        return new Proof(About, evidence)
            .Needs("packets dropped", evidence.Own.Increase(NamespaceMetrics.ReversePathDrops), Text.Count, "at least 3", count => count >= 3)
            .Needs("rp_filter", mode, Text.Count, "1, strict", value => value is > 0 and < 2)
            .Judge($"{evidence.Subject} drops packets whose answers would leave by another interface");
    }
}
