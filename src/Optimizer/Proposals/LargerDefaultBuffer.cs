using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.UdpReceiveBuffer"/> to a default buffer that holds a burst: net.core.rmem_default of the node.</summary>
/// <remarks>The buffer held the share of a burst that was delivered; it becomes twice what would have held all, at most 8 MiB: every new socket of the node gets it.</remarks>
public sealed class LargerDefaultBuffer : IRemedy
{
    private const string Sysctl = "net.core.rmem_default";
    private const long LargestBytes = 8L << 20;
    private const double Headroom = 2;
    private const double LargestGrowth = 16;

    public RemedyDescription About { get; } = new(Cause.UdpReceiveBuffer, [Sysctl], SysctlEffect.NewSockets);

    public SysctlProposal? Propose(Finding finding, RemedyContext context)
    {
        if ((finding.Measured.Own.Sysctl(Sysctl) ?? finding.Measured.Node.Sysctl(Sysctl)) is not { } limit || context.NodeOf(finding.Subject.Owner) is not { } target)
        {
            return null;
        }

        var queue = UdpQueue.Of(finding.Measured);
        var ceiling = Ceiling.Of(limit * Growth(queue), limit, LargestBytes);
        return new SysctlProposal(
            finding, target, [new SysctlWrite(Sysctl, $"{limit}", $"{ceiling}")], Objectives.DatagramLoss(finding.Subject),
            queue.Dropped / (queue.Dropped + queue.Delivered) ?? 0, 0, ceiling - limit, About.TakesEffect);
    }

    /// <summary>By how much a buffer must grow to hold twice a burst.</summary>
    internal static double Growth(UdpQueue queue) =>
        queue is { Delivered: > 0 and var delivered, Dropped: { } dropped } ? Math.Min(Headroom * (delivered + dropped) / delivered, LargestGrowth) : 4;
}
