namespace NetPulse.Optimizer.Diagnosis;

/// <summary>An application that asked for no delay keeps much unsent data in the send buffer: what is urgent waits behind it.</summary>
/// <remarks>Source: tcp_sock.write_seq - snd_nxt; TCP_NODELAY. net.ipv4.tcp_notsent_lowat lets the application keep what it can still put in order.</remarks>
public sealed class HeadOfLineBlocking : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.HeadOfLineBlocking,
        Strength.Shape,
        "a connection with TCP_NODELAY has more than 128 KiB unsent at most readings",
        "connections without TCP_NODELAY (plain bulk), loss, windows that stop the sender");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Connections is not { } measured)
        {
            return null;
        }

        var mark = evidence.Own.Sysctl("net.ipv4.tcp_notsent_lowat");
        return new Proof(About, evidence)
            .Needs("waits to be sent", measured.NotSentBytes, Text.Bytes, "at least 128 KiB", bytes => bytes >= 128 * 1024)
            .Needs("connections with TCP_NODELAY", measured.WithoutDelay, Text.Count, "at least one", count => count > 0)
            .Needs("segments sent again", measured.RetransmittedShare, Text.Percent, "below 2 %", share => share < 0.02)
            .Needs("stopped by the receive window", measured.ReceiveWindowLimitedShare, Text.Percent, "at most 20 %", share => share <= 0.2)
            .Needs("net.ipv4.tcp_notsent_lowat", mark, measured.NotSentBytes, Text.Bytes, "above what waits", (value, waits) => value > waits)
            .Judge($"{Text.Bytes(measured.NotSentBytes)} wait in the send buffer of {measured.Edge}, and what is urgent waits behind them", 0.1);
    }
}
