using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>A processor has more packets to process than it can: a longer queue only makes them wait.</summary>
/// <remarks>Source: columns 2 and 12 of /proc/net/softnet_stat.</remarks>
public sealed class SoftnetSaturated : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.SoftnetSaturated,
        Strength.Error,
        "packets find a processor's queue full that is more than half full at the readings",
        "a queue that is empty in between",
        "no sysctl heals this: spread the work over more processors (RSS, RPS), or send less");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Subject is not Subject.OfNode)
        {
            return null;
        }

        var limit = evidence.Own.Sysctl("net.core.netdev_max_backlog");
        return new Proof(About, evidence)
            .Needs("packets that found the queue full", evidence.Own.Increase(NodeMetrics.SoftnetDropped), Text.Count, "at least 3", count => count >= 3)
            .Needs("mean of the fullest queue", MeanOfFullest(evidence), limit, Text.Count, $"over half of {Text.Count(limit)}", (mean, bound) => mean > 0.5 * bound)
            .Judge($"a processor of {evidence.Subject} cannot keep up with its packets");
    }

    /// <summary>Packets that wait, mean over the readings of the processor with the most.</summary>
    internal static double? MeanOfFullest(SubjectEvidence evidence)
    {
        double? most = null;
        foreach (var series in evidence.Own.Of(NodeMetrics.SoftnetBacklog))
        {
            most = Math.Max(most ?? 0, series.Values.ToArray().Average());
        }

        return most;
    }
}
