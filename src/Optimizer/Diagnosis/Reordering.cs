namespace NetPulse.Optimizer.Diagnosis;

/// <summary>Packets overtake each other; the kernel finds that out by itself.</summary>
/// <remarks>Source: tcp_sock.reord_seen, dsack_dups; net/ipv4/tcp_recovery.c (RACK) widens its window.</remarks>
public sealed class Reordering : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.Reordering,
        Strength.Shape,
        "the peer acknowledges segments in another order, and half of what is sent again was not lost",
        "loss",
        "leave net.ipv4.tcp_reordering alone: the kernel adapts; find why the path reorders");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Connections is not { } measured)
        {
            return null;
        }

        return new Proof(About, evidence)
            .Needs("acknowledged in another order", measured.Reorderings, Text.Count, "at least 3", count => count >= 3)
            .Needs("sent again in vain", measured.SpuriousShare, Text.Percent, "half or more, or next to nothing sent again", share => share >= 0.5 || measured.RetransmittedShare < 0.002)
            .Judge($"packets of {measured.Edge} overtake each other on the way");
    }
}
