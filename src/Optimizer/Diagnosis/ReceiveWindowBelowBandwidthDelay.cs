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

        return Judgement.Of(
            Cause.ReceiveWindowBelowBandwidthDelay,
            $"the receive buffer's ceiling in {measured.Edge.Peer} ({Text.Bytes(ceiling)}) is below the path's bandwidth-delay product ({Text.Bytes(needed)}): "
            + $"one window a round trip of {Text.Time(measured.RoundTripTime)} gives {measured.Throughput}",
            "",
            evidence,
            new Evidence("throughput", measured.Throughput.ToString(), $"below 80 % of the {measured.BestThroughput} seen before", measured.Throughput.Value < 0.8 * measured.BestThroughput.Value),
            new Evidence(
                "sender stopped by the receive window",
                $"{Text.Percent(measured.ReceiveWindowLimitedShare)} of its busy time, {Text.Percent(fillsWindow)} of one window a round trip",
                "over 50 %, or 70 % to 130 % of a window",
                measured.ReceiveWindowLimitedShare is null && fillsWindow is null ? null : measured.ReceiveWindowLimitedShare > 0.5 || fillsWindow is > 0.7 and < 1.3),
            Evidence.Of(
                "receive buffer",
                Text.Bytes(measured.ReceiveBufferBytes),
                $"at least 75 % of the ceiling of {Text.Bytes(ceiling)}",
                measured.ReceiveBufferBytes >= 0.75 * ceiling,
                measured.ReceiveBufferBytes,
                ceiling),
            Evidence.Of(
                "unread bytes",
                Text.Bytes(measured.ReceiveQueueBytes),
                $"at most {Text.Percent(SlowReader.UnreadShare)} of the buffer",
                measured.ReceiveQueueBytes <= SlowReader.UnreadShare * measured.ReceiveBufferBytes,
                measured.ReceiveQueueBytes,
                measured.ReceiveBufferBytes),
            Evidence.Of("windows closed", Text.PerSecond(measured.ZeroWindowsPerSecond), "at most 1/s", measured.ZeroWindowsPerSecond <= 1, measured.ZeroWindowsPerSecond),
            Evidence.Of("connections with SO_RCVBUF", Text.Count(measured.LockedReceiveBuffers), "none", measured.LockedReceiveBuffers == 0, measured.LockedReceiveBuffers),
            Evidence.Of(
                "window",
                Text.Bytes(measured.SendWindowBytes),
                $"below the {Text.Bytes(needed)} that {measured.BestThroughput} at {Text.Time(measured.PathRoundTripTime)} need",
                measured.SendWindowBytes < needed,
                measured.SendWindowBytes,
                needed));
    }
}
