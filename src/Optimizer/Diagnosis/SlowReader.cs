namespace NetPulse.Optimizer.Diagnosis;

/// <summary>The receiving application does not read as fast as data arrives; the window closes because the buffer is full.</summary>
/// <remarks>A larger buffer would only hold more unread data. Source: TcpExt TCPToZeroWindowAdv, TCPWantZeroWindowAdv (net/ipv4/tcp_output.c, __tcp_select_window).</remarks>
public sealed class SlowReader : ICauseRule
{
    public Judgement Judge(ConnectionEvidence measured) => Judgement.Of(
        Cause.SlowReader,
        $"the application in {measured.Edge.Peer} reads too slowly: {Text.Bytes(measured.ReceiveQueueBytes)} wait unread",
        "no sysctl heals this: make the receiving application read faster, or give it more processor time",
        measured,
        Evidence.Of(
            "sender stopped by the receive window",
            $"{Text.Percent(measured.ReceiveWindowLimitedShare)} of its busy time",
            "over 20 %",
            measured.ReceiveWindowLimitedShare > 0.2,
            measured.ReceiveWindowLimitedShare),
        new Evidence(
            "unread bytes",
            $"{Text.Bytes(measured.ReceiveQueueBytes)}, windows closed {Text.PerSecond(measured.ZeroWindowsPerSecond)}",
            $"over 25 % of the buffer of {Text.Bytes(measured.ReceiveBufferBytes)}, or over 1/s",
            measured.ReceiveQueueBytes is null && measured.ZeroWindowsPerSecond is null
                ? null
                : measured.ReceiveQueueBytes > 0.25 * measured.ReceiveBufferBytes || measured.ZeroWindowsPerSecond > 1));
}
