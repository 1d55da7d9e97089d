using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>The network card loses packets although the processors keep up: its ring is too short for bursts.</summary>
/// <remarks>Source: counters of the driver (ethtool -S).</remarks>
public sealed class NicRing : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.NicRing,
        Strength.Error,
        "the driver loses packets, and processors seldom stop with work left",
        "processors that do not keep up",
        "no sysctl heals this: a longer ring (ethtool -G), which interrupts the link on some drivers");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Subject is not Subject.OfNode)
        {
            return null;
        }

        return new Proof(About, evidence)
            .Needs("packets that the driver lost", evidence.Own.Increase(NodeMetrics.DriverCounter), Text.Count, "at least 20", count => count >= 20)
            .Needs("rounds that ended with work left", evidence.Own.PerSecond(NodeMetrics.SoftnetTimeSqueeze), Text.PerSecond, "at most 1/s", rate => rate <= 1)
            .Judge($"the ring of a network card of {evidence.Subject} is too short for bursts");
    }
}
