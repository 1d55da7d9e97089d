namespace NetPulse.Optimizer.Diagnosis;

/// <summary>The application has no more to send: nothing of the network stops it.</summary>
/// <remarks>Any change would be a risk without a gain.</remarks>
public sealed class ApplicationLimited : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.ApplicationLimited,
        Strength.Shape,
        "nothing waits to be sent, and neither window nor buffer nor loss stops the sender",
        "anything that waits",
        "no sysctl makes an application send more: nothing is wrong with the network");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Connections is not { } measured)
        {
            return null;
        }

        return new Proof(About, evidence)
            .Needs("waits to be sent", measured.NotSentBytes, Text.Bytes, "at most 3,000 B", bytes => bytes <= 3000)
            .Needs(new Evidence("throughput", measured.Throughput.ToString(), $"below 80 % of the {measured.BestThroughput} seen before", measured.Throughput.Value < 0.8 * measured.BestThroughput.Value))
            .Needs("stopped by the receive window", measured.ReceiveWindowLimitedShare, Text.Percent, "at most 20 %", share => share <= 0.2)
            .Needs("stopped by its own buffer", measured.SendBufferLimitedShare, Text.Percent, "at most 10 %", share => share <= 0.1)
            .Needs("segments sent again", measured.RetransmittedShare, Text.Percent, "below 0.5 %", share => share < 0.005)
            .Judge($"{measured.Edge.Owner} has no more to send: nothing of the network stops it", 1);
    }
}
