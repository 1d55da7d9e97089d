namespace NetPulse.Optimizer.Diagnosis;

/// <summary>An application asked for a send buffer, and net.core.wmem_max of the node cut the request down.</summary>
/// <remarks>Source: as for <see cref="ReceiveBufferClamped"/>.</remarks>
public sealed class SendBufferClamped : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.SendBufferClamped,
        Strength.Error,
        "a send buffer that the application asked for is just twice wmem_max, and it stops the sender",
        "buffers of another size or that nobody asked for");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Connections is not { } measured)
        {
            return null;
        }

        var most = 2.0 * (evidence.Own.Sysctl("net.core.wmem_max") ?? evidence.Node.Sysctl("net.core.wmem_max"));
        return new Proof(About, evidence)
            .Needs("connections with SO_SNDBUF", measured.LockedSendBuffers, Text.Count, "at least one", count => count > 0)
            .Needs("send buffer", measured.SendBufferBytes, most, Text.Bytes, $"just twice net.core.wmem_max, {Text.Bytes(most)}", (buffer, bound) => (long)buffer == (long)bound)
            .Needs("sender stopped by its own buffer", measured.SendBufferLimitedShare, Text.Percent, "over 10 % of its busy time", share => share > 0.1)
            .Judge($"{measured.Edge.Owner} asked for a larger send buffer than the {Text.Bytes(measured.SendBufferBytes)} that net.core.wmem_max of its node gives", measured.SendBufferLimitedShare ?? 0);
    }
}
