using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>All UDP sockets together hold as much memory as net.ipv4.udp_mem allows.</summary>
/// <remarks>Source: Udp MemErrors (net/ipv4/udp.c, __udp_enqueue_schedule_skb).</remarks>
public sealed class UdpMemoryExhausted : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.UdpMemoryExhausted,
        Strength.Error,
        "datagrams are dropped for UDP's memory limit, and UDP holds nine tenths of it",
        "memory below the limit");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Subject is Subject.OfEdge)
        {
            return null;
        }

        var limit = evidence.Node.Last(NodeMetrics.SocketMemoryLimitBytes, (LabelNames.Protocol, "udp"), (LabelNames.Level, "max"));
        return new Proof(About, evidence)
            .Needs("datagrams dropped for the memory limit", evidence.Own.Increase(NamespaceMetrics.UdpMemoryErrors), Text.Count, "at least 3", count => count >= 3)
            .Needs("memory of UDP at most", evidence.Node.Most(NodeMetrics.SocketMemoryBytes, (LabelNames.Protocol, "udp")), limit, Text.Bytes, $"at least 75 % of {Text.Bytes(limit)}", (most, bound) => most >= 0.75 * bound)
            .Judge($"all UDP sockets of node {evidence.Subject.Node} together hold as much memory as they may ({Text.Bytes(limit)})", 1);
    }
}
