namespace NetPulse.Optimizer.Diagnosis;

/// <summary>Others fill the path: round trips grow and the throughput falls.</summary>
/// <remarks>A larger buffer or another congestion control makes no path wider.</remarks>
public sealed class CrossTraffic : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.CrossTraffic,
        Strength.Shape,
        "round trips are half as long again as the path's or segments are lost, the throughput has fallen, and nothing of the connections' own stops them",
        "a full queue of its own, windows and buffers that stop it",
        "no sysctl makes a path wider: limit what else goes there (quality of service, bandwidth annotations), or move it");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Connections is not { } measured)
        {
            return null;
        }

        return new Proof(About, evidence)
            .Needs("round-trip time", measured.RoundTripTime?.TotalSeconds, measured.LowestRoundTripTime?.TotalSeconds, Text.Seconds, $"over 1.4 times the {Text.Time(measured.LowestRoundTripTime)} of the path", (rtt, least) => rtt > 1.4 * least)
            .Needs("latest of it", measured.PathRoundTripTime?.TotalSeconds, measured.LowestRoundTripTime?.TotalSeconds, Text.Seconds, "as much above it", (rtt, least) => rtt > 1.4 * least)
            .Needs(new Evidence("throughput", measured.Throughput.ToString(), $"1 % to 70 % of the {measured.BestThroughput} seen before", measured.Throughput.Value < 0.7 * measured.BestThroughput.Value && measured.Throughput.Value > 0.01 * measured.BestThroughput.Value))
            .Needs("stopped by the receive window", measured.ReceiveWindowLimitedShare, Text.Percent, "at most 20 %", share => share <= 0.2)
            .Needs("stopped by its own buffer", measured.SendBufferLimitedShare, Text.Percent, "at most 10 %", share => share <= 0.1)
            .Needs("waits to be sent", measured.NotSentBytes, Text.Bytes, "something", bytes => bytes > 3000)
            .Judge($"others fill the path of {measured.Edge}: {measured.Throughput} where it had {measured.BestThroughput}, and round trips of {Text.Time(measured.RoundTripTime)}", 0.5);
    }
}
