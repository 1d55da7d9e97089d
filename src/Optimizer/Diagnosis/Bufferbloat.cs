namespace NetPulse.Optimizer.Diagnosis;

/// <summary>A bulk sender keeps a queue on the path full, and all who share it wait.</summary>
/// <remarks>Source: smoothed against smallest round-trip time of the same connections. A sender whose congestion control paces itself keeps no queue.</remarks>
public sealed class Bufferbloat : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.Bufferbloat,
        Strength.Shape,
        "round trips are twice those of the path, the sender's congestion window holds more than the path, and its throughput has not fallen",
        "a fall of throughput (others fill the queue), a path that has become longer, a congestion control that paces itself");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Connections is not { } measured)
        {
            return null;
        }

        var path = measured.LowestRoundTripTime < measured.ObservedPathRoundTripTime ? measured.LowestRoundTripTime : measured.ObservedPathRoundTripTime;
        var holds = path is { } least ? measured.Throughput.BytesInFlight(least) / Math.Max(1, measured.Connections ?? 1) : (double?)null;
        return new Proof(About, evidence)
            .Needs("round-trip time", measured.RoundTripTime?.TotalSeconds, path?.TotalSeconds, Text.Seconds, $"over twice the {Text.Time(path)} of the path, and 20 ms more", (rtt, least) => rtt > 2 * least && rtt > least + 0.02)
            .Needs("smallest round-trip time of these connections", measured.ObservedPathRoundTripTime?.TotalSeconds, measured.RoundTripTime?.TotalSeconds, Text.Seconds, "well below it", (least, rtt) => least < 0.7 * rtt)
            .Needs("congestion window", measured.CongestionWindowBytes, holds, Text.Bytes, $"over 1.5 times the {Text.Bytes(holds)} that are under way on the path", (window, under) => window > 1.5 * under)
            .Needs(new Evidence("throughput", measured.Throughput.ToString(), $"at least 70 % of the {measured.BestThroughput} seen before", measured.Throughput.Value >= 0.7 * measured.BestThroughput.Value))
            .Needs("connections that pace themselves", measured.SelfPacedShare, Text.Percent, "none", share => share == 0)
            .Needs("stopped by the receive window", measured.ReceiveWindowLimitedShare, Text.Percent, "at most 50 %", share => share <= 0.5)
            .Judge(
                $"{measured.Edge} keeps a queue on the path full: round trips take {Text.Time(measured.RoundTripTime)} where the path needs {Text.Time(path)}",
                1 - (path / measured.RoundTripTime) ?? 0);
    }
}
