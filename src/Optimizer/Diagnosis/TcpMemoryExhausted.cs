using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>All TCP sockets together hold as much memory as net.ipv4.tcp_mem allows.</summary>
/// <remarks>Source: TcpExt TCPMemoryPressures, TCPAbortOnMemory (net/ipv4/tcp.c, tcp_enter_memory_pressure). One application that does not read may be the reason: its queue tells.</remarks>
public sealed class TcpMemoryExhausted : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.TcpMemoryExhausted,
        Strength.Error,
        "TCP came under memory pressure or gave up connections, and it holds four fifths of the pressure level",
        "memory below the level, one connection that holds most of it");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Subject is Subject.OfEdge)
        {
            return null;
        }

        var pressure = evidence.Node.Last(NodeMetrics.SocketMemoryLimitBytes, (LabelNames.Protocol, "tcp"), (LabelNames.Level, "pressure"));
        var used = evidence.Node.Most(NodeMetrics.SocketMemoryBytes, (LabelNames.Protocol, "tcp"));
        var hoard = Math.Max(evidence.Own.Last(TcpMetrics.ReceiveQueue) ?? 0, evidence.Own.Last(TcpMetrics.NotSent) ?? 0);
        return new Proof(About, evidence)
            .Needs("times under pressure, connections given up", evidence.Own.Increase(NamespaceMetrics.MemoryPressures) + (evidence.Own.Increase(NamespaceMetrics.AbortOnMemory) ?? 0), Text.Count, "at least 1", count => count >= 1)
            .Needs("memory of TCP at most", used, pressure, Text.Bytes, $"at least 80 % of {Text.Bytes(pressure)}", (most, bound) => most >= 0.8 * bound)
            .Needs("largest queue of one connection", hoard, used, Text.Bytes, "less than half of it", (most, all) => most < 0.5 * all)
            .Judge($"all TCP sockets of node {evidence.Subject.Node} together hold as much memory as they may without pressure ({Text.Bytes(pressure)})", 1);
    }
}
