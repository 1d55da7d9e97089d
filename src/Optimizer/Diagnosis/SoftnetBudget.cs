using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>A round of packet processing ends before the network card's ring is empty, and the card loses packets.</summary>
/// <remarks>Source: column 3 of /proc/net/softnet_stat (net/core/dev.c, net_rx_action). Without a loss it is normal.</remarks>
public sealed class SoftnetBudget : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.SoftnetBudget,
        Strength.Error,
        "the driver loses packets, and processors stop with work left more than once a second",
        "rounds that end because all is done");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Subject is not Subject.OfNode)
        {
            return null;
        }

        return new Proof(About, evidence)
            .Needs("packets that the driver lost", evidence.Own.Increase(NodeMetrics.DriverCounter), Text.Count, "at least 20", count => count >= 20)
            .Needs("rounds that ended with work left", evidence.Own.PerSecond(NodeMetrics.SoftnetTimeSqueeze), Text.PerSecond, "over 1/s", rate => rate > 1)
            .Judge($"rounds of packet processing on {evidence.Subject} end before the network card's ring is empty");
    }
}
