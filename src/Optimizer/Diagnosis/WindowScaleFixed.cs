namespace NetPulse.Optimizer.Diagnosis;

/// <summary>The connection was made without window scaling: its window stays below 64 KiB whatever the buffers become.</summary>
/// <remarks>The scale is agreed upon in the SYN (RFC 7323, 2.2).</remarks>
public sealed class WindowScaleFixed : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.WindowScaleFixed,
        Strength.Shape,
        "the sender waits for a window just below 65,536 bytes although the receiver's buffer holds more",
        "a larger window, a buffer that holds no more",
        "no sysctl reaches a connection that is open: let the application connect again; its next connection has a scale if net.ipv4.tcp_window_scaling is 1 on both sides");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Connections is not { } measured)
        {
            return null;
        }

        return new Proof(About, evidence)
            .Needs("sender stopped by the receive window", measured.ReceiveWindowLimitedShare, Text.Percent, "over 20 % of its busy time", share => share > 0.2)
            .Needs("window", measured.SendWindowBytes, Text.Bytes, "45,000 to 65,535 B", window => window is > 45_000 and <= 65_535)
            .Needs("receive buffer", measured.ReceiveBufferBytes, Text.Bytes, "at least 120,000 B", buffer => buffer >= 120_000)
            .Needs("ceiling of tcp_rmem", measured.ReceiveLimits?.Maximum, measured.ReceiveBufferBytes, Text.Bytes, $"well above the buffer, {Text.Bytes(measured.ReceiveBufferBytes)}", (ceiling, buffer) => ceiling > 1.3 * buffer)
            .Needs(
                "unread bytes", measured.ReceiveQueueBytes, measured.ReceiveBufferBytes, Text.Bytes, $"at most {Text.Percent(SlowReader.UnreadShare)} of the buffer",
                (unread, buffer) => unread <= SlowReader.UnreadShare * buffer)
            .Judge($"the window of {measured.Edge} stands at {Text.Bytes(measured.SendWindowBytes)}: it was made without window scaling", measured.ReceiveWindowLimitedShare ?? 0);
    }
}
