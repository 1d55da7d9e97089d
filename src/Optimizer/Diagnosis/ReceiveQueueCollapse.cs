using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>The kernel squeezes receive queues for lack of buffer: small segments take more memory than their payload.</summary>
/// <remarks>Source: TcpExt PruneCalled, TCPRcvCollapsed (net/ipv4/tcp_input.c, tcp_prune_queue). We never lower a ceiling: it may be what carries the path.</remarks>
public sealed class ReceiveQueueCollapse : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.ReceiveQueueCollapse,
        Strength.Error,
        "receive queues are pruned",
        "none",
        "send larger segments or read faster; a smaller ceiling of tcp_rmem makes each squeeze shorter, at the price of throughput on long paths");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Subject is not Subject.OfPod)
        {
            return null;
        }

        return new Proof(About, evidence)
            .Needs("queues pruned", evidence.Own.Increase(NamespaceMetrics.ReceivePruned), Text.Count, "at least 3", count => count >= 3)
            .Judge($"the kernel squeezes receive queues in {evidence.Subject}");
    }
}
