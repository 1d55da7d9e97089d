using NetPulse.Telemetry.Units;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>The ceiling of the receive buffer (net.ipv4.tcp_rmem, third number) holds less than the path's bandwidth-delay product.</summary>
/// <remarks>
/// Proof: the sender waits for the window (or, paced by bbr, sends just what the window allows per round trip), the receiver's buffer stands at its
/// ceiling, and its application keeps up. Refuted by a slow reader (queue full, windows closed), by SO_RCVBUF (autotuning is off; the ceiling does
/// not bind) and by a window that already holds the path. Source: Documentation/networking/ip-sysctl.rst, tcp_rmem; net/ipv4/tcp_input.c.
/// </remarks>
public sealed class ReceiveWindowBelowBandwidthDelay : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.ReceiveWindowBelowBandwidthDelay,
        Strength.Shape,
        "the sender waits for the receive window, the receiver's buffer stands at the ceiling of tcp_rmem, and what it receives is read at once",
        "bytes that wait unread, closed windows, SO_RCVBUF, a window that holds the path");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Connections is not { } measured)
        {
            return null;
        }

        var windowRate = measured is { SendWindowBytes: { } window, RoundTripTime: { TotalSeconds: > 0 } rtt, Connections: { } connections }
            ? new BytesPerSecond(window * Math.Max(1, connections) / rtt.TotalSeconds)
            : (BytesPerSecond?)null;
        var needed = measured.PathRoundTripTime is { } delay ? measured.BestThroughput.BytesInFlight(delay) / Math.Max(1, measured.Connections ?? 1) : (double?)null;
        var fillsWindow = windowRate is { } rate ? measured.Throughput.Value / rate.Value : (double?)null;
        var ceiling = measured.ReceiveLimits?.Maximum;

        return new Proof(About, evidence)
            .Needs(measured.ShortOfPath)
            .Needs(new Evidence(
                "sender stopped by the receive window",
                $"{Text.Percent(measured.ReceiveWindowLimitedShare)} of its busy time, {Text.Percent(fillsWindow)} of one window a round trip",
                "over 50 %, or 70 % to 130 % of a window",
                measured.ReceiveWindowLimitedShare is null && fillsWindow is null ? null : measured.ReceiveWindowLimitedShare > 0.5 || fillsWindow is > 0.7 and < 1.3))
            .Needs("receive buffer", measured.ReceiveBufferBytes, ceiling, Text.Bytes, $"at least 75 % of the ceiling of {Text.Bytes(ceiling)}", (buffer, limit) => buffer >= 0.75 * limit)
            .Needs(
                "unread bytes", measured.ReceiveQueueBytes, measured.ReceiveBufferBytes, Text.Bytes, $"at most {Text.Percent(SlowReader.UnreadShare)} of the buffer",
                (unread, buffer) => unread <= SlowReader.UnreadShare * buffer)
            .Needs("windows closed", measured.ZeroWindowsPerSecond, Text.PerSecond, "at most 1/s", rate => rate <= 1)
            .Needs("connections with SO_RCVBUF", measured.LockedReceiveBuffers, Text.Count, "none", count => count == 0)
            .Needs(
                "window", measured.SendWindowBytes, measured.IsBelowBest ? needed : double.PositiveInfinity, Text.Bytes,
                $"below the {Text.Bytes(needed)} that {measured.BestThroughput} at {Text.Time(measured.PathRoundTripTime)} need", (window, bound) => window < bound)
            .Judge(
                $"the receive buffer's ceiling in {measured.Edge.Peer} ({Text.Bytes(ceiling)}) is below the path's bandwidth-delay product{(measured.IsBelowBest ? $" ({Text.Bytes(needed)})" : "")}: "
                + $"one window a round trip of {Text.Time(measured.RoundTripTime)} gives {measured.Throughput}",
                measured.ReceiveWindowLimitedShare ?? 0);
    }
}
