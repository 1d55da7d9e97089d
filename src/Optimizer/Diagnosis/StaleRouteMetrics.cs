namespace NetPulse.Optimizer.Diagnosis;

/// <summary>New connections leave slow start at once, because a bad time of the path is remembered.</summary>
/// <remarks>Source: net/ipv4/tcp_metrics.c (tcp_init_metrics, ssthresh). A connection without a loss has a threshold only from there, or from having filled the path.</remarks>
public sealed class StaleRouteMetrics : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.StaleRouteMetrics,
        Strength.Shape,
        "connections without a loss begin with a slow-start threshold well below what the path has carried",
        "loss, a threshold that holds the path, remembering that is off");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Connections is not { } measured)
        {
            return null;
        }

        var path = measured.PathRoundTripTime ?? measured.RoundTripTime;
        var carried = path is { } least ? measured.BestThroughput.BytesInFlight(least) / Math.Max(1, measured.Connections ?? 1) : (double?)null;
        var holds = carried is { } mean && measured.WidestWindowBytes is { } widest ? Math.Max(mean, widest) : carried ?? measured.WidestWindowBytes;
        return new Proof(About, evidence)
            .Needs("slow-start threshold", measured.SlowStartThresholdBytes, holds, Text.Bytes, $"below half of the {Text.Bytes(holds)} that the path has carried", (threshold, bound) => threshold < 0.5 * bound)
            .Needs("segments sent again of late", measured.RecentlyRetransmittedShare, Text.Percent, "below 0.1 %", share => share < 0.001)
            .Needs("connections that ended", measured.ConnectionsClosed, Text.Count, "at least one", count => count >= 1)
            .Needs(new Evidence("throughput", measured.Throughput.ToString(), $"below 80 % of the {measured.BestThroughput} seen before", measured.Throughput.Value < 0.8 * measured.BestThroughput.Value))
            .Needs("stopped by the receive window", measured.ReceiveWindowLimitedShare, Text.Percent, "at most 20 %", share => share <= 0.2)
            .Needs("net.ipv4.tcp_no_metrics_save", evidence.Own.Sysctl("net.ipv4.tcp_no_metrics_save"), Text.Count, "0", value => value == 0)
            .Needs("net.ipv4.tcp_no_ssthresh_metrics_save", evidence.Own.Sysctl("net.ipv4.tcp_no_ssthresh_metrics_save") ?? 0, Text.Count, "0", value => value == 0)
            .Judge($"new connections of {measured.Edge} begin with what is remembered of a bad time: {Text.Bytes(measured.SlowStartThresholdBytes)} in flight, where the path holds {Text.Bytes(holds)}", 0.7);
    }
}
