using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>Bursts of packets overrun a processor's queue, which is empty in between.</summary>
/// <remarks>Source: column 2 of /proc/net/softnet_stat (net/core/dev.c, enqueue_to_backlog).</remarks>
public sealed class SoftnetBacklog : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.SoftnetBacklog,
        Strength.Error,
        "packets find a processor's queue full that is mostly empty at the readings",
        "a queue that is full all the time");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Subject is not Subject.OfNode)
        {
            return null;
        }

        var limit = evidence.Own.Sysctl("net.core.netdev_max_backlog");
        return new Proof(About, evidence)
            .Needs("packets that found the queue full", evidence.Own.Increase(NodeMetrics.SoftnetDropped), Text.Count, "at least 3", count => count >= 3)
            .Needs("mean of the fullest queue", SoftnetSaturated.MeanOfFullest(evidence), limit, Text.Count, $"at most half of {Text.Count(limit)}", (mean, bound) => mean <= 0.5 * bound)
            .Judge($"bursts of packets overrun a processor's queue of {Text.Count(limit)} on {evidence.Subject}");
    }
}
