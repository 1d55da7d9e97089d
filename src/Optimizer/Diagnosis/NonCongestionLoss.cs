using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>Packets are lost whatever the rate, and a congestion control that takes every loss for congestion slows down.</summary>
/// <remarks>Loss of congestion comes with a queue, which round trips show. Local drops are errors of their own and refute it.</remarks>
public sealed class NonCongestionLoss : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.NonCongestionLoss,
        Strength.Shape,
        "segments are sent again in most readings, round trips are those of the path, few timers run out, and nothing on this node drops",
        "a rate with a ceiling (a policer), reordering, round trips that grow, drops on this node or by a listener, a congestion control that paces itself",
        "no sysctl mends a path: find where it loses packets; where bbr is available and allowed (net.ipv4.tcp_allowed_congestion_control of the node), it carries more over such a path");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Connections is not { } measured)
        {
            return null;
        }

        var timeouts = evidence.Own.Increase(NamespaceMetrics.Timeouts);
        return new Proof(About, evidence)
            .Needs("segments sent again", measured.RetransmittedShare, Text.Percent, "over 0.4 %", share => share > 0.004)
            .Needs("readings in which some were", measured.LossyReadings, Text.Percent, "at least 60 %", share => share >= 0.6)
            .Needs("time looked at", (evidence.Range.To - evidence.Range.From).TotalSeconds, Text.Seconds, "at least 10 s", seconds => seconds >= 10)
            .Needs("round-trip time", measured.RoundTripTime?.TotalSeconds, measured.LowestRoundTripTime?.TotalSeconds, Text.Seconds, $"at most 1.4 times the {Text.Time(measured.LowestRoundTripTime)} of the path", (rtt, least) => rtt <= (1.4 * least) + 0.002)
            .Needs("peak of the rate per mean", measured.PeakToMean, Text.Ratio, $"over {Policer.Ceiling}", peak => peak > Policer.Ceiling)
            .Needs("sent again in vain", measured.SpuriousShare, Text.Percent, "below half", share => share < 0.5)
            .Needs("payload of a segment sent again", measured.RetransmitBytes, Text.Bytes, "large, as in a bulk transfer", bytes => bytes > 600)
            .Needs("timers that ran out", timeouts, measured.Retransmits, Text.Count, "less than a third of the segments sent again", (count, all) => count < all / 3)
            .Needs("dropped on this node", LocalDrops(evidence), Text.Count, "none", count => count == 0)
            .Needs("connections that pace themselves", measured.SelfPacedShare, Text.Percent, "none", share => share == 0)
            .NeedsWhereItIs(ListenQueue.IsNotFull(evidence))
            .Judge(
                $"{Text.Percent(measured.RetransmittedShare)} of what {measured.Edge} sends is lost on the way without a queue, and its congestion control takes that for congestion: {measured.Throughput}",
                measured.BestThroughput.Value > 0 ? 1 - (measured.Throughput.Value / measured.BestThroughput.Value) : 0);
    }

    /// <summary>What would look like loss of the path and is none.</summary>
    internal static double? LocalDrops(SubjectEvidence evidence) =>
        (evidence.Own.Increase(NodeMetrics.ConntrackDrops) ?? 0) + (evidence.Peer.Increase(NodeMetrics.ConntrackDrops) ?? 0) + (evidence.Own.Increase(NodeMetrics.QdiscDrops) ?? 0)
        + (evidence.Node.Increase(NodeMetrics.SoftnetDropped) ?? 0) + (evidence.Node.Increase(NodeMetrics.NeighbourTableFull) ?? 0);
}
