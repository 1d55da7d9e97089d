using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.HeadOfLineBlocking"/> to a mark that leaves what is not sent with the application.</summary>
/// <remarks>net.ipv4.tcp_notsent_lowat becomes what is sent in ten milliseconds, 16 KiB to 1 MiB: less would cost throughput while the application wakes up.</remarks>
public sealed class LowerNotSentMark : IRemedy
{
    private const string Sysctl = "net.ipv4.tcp_notsent_lowat";
    private const long Page = 4096;
    private const double LeastBytes = 16_384;
    private const double MostBytes = 1 << 20;

    private static readonly TimeSpan WakeUp = TimeSpan.FromMilliseconds(10);

    public RemedyDescription About { get; } = new(Cause.HeadOfLineBlocking, ["net.ipv4.tcp_notsent_lowat"], SysctlEffect.Live);

    public SysctlProposal? Propose(Finding finding, RemedyContext context)
    {
        if (finding.Measured.Connections is not { NotSentBytes: { } waits } measured || finding.Measured.Own.Sysctl(Sysctl) is not { } current || context.Of(measured.Edge.Owner) is not { } target)
        {
            return null;
        }

        var mark = (long)Math.Clamp(measured.Throughput.Value * WakeUp.TotalSeconds, LeastBytes, MostBytes) / Page * Page;
        return new SysctlProposal(
            finding, target, [new SysctlWrite(Sysctl, $"{current}", $"{Math.Min(mark, current)}")], Objectives.NotSent(measured.Edge), waits, mark, 0, About.TakesEffect);
    }
}
