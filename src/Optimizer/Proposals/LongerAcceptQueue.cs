using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.AcceptQueueOverflow"/> to a longer queue: net.core.somaxconn of the pod.</summary>
/// <remarks>Four times what holds, at least 4,096 (the kernel's own default) and at most 65,535. The value counts at listen(): a listener that was not seen to listen anew is told of, and nothing is written for it. Unaccepted connections are not charged to the pod (kubernetes/kubernetes#134194).</remarks>
public sealed class LongerAcceptQueue : IRemedy
{
    private const string Sysctl = "net.core.somaxconn";
    private const double Least = 4096;
    private const double Most = 65_535;

    /// <summary>A socket that waits for accept(), about.</summary>
    private const long BytesPerConnection = 2500;

    public RemedyDescription About { get; } = new(Cause.AcceptQueueOverflow, ["net.core.somaxconn"], SysctlEffect.NextListen);

    public SysctlProposal? Propose(Finding finding, RemedyContext context)
    {
        var subject = finding.Subject is Subject.OfEdge { Edge: var edge }
            ? new Subject.OfPod(context.NodeOf(Server(edge))?.Node ?? "", Server(edge))
            : finding.Subject;
        if (ListenQueue.Of(finding.Measured) is not { Ceiling: { } ceiling } queue || context.Of(subject) is not { } target)
        {
            return null;
        }

        var longer = (long)Math.Max(ceiling, Math.Clamp(4 * ceiling, Least, Most));
        return new SysctlProposal(
            finding,
            target,
            [new SysctlWrite(Sysctl, $"{ceiling:0}", $"{longer}")],
            Objectives.Share("connections that found the accept queue full", subject, subject.SelectAtOwner(NamespaceMetrics.ListenOverflows), subject.SelectAtOwner(NamespaceMetrics.PassiveOpens)),
            queue.Overflows / (queue.Overflows + (finding.Subject is Subject.OfEdge ? finding.Measured.Peer : finding.Measured.Own).Increase(NamespaceMetrics.PassiveOpens)) ?? 0,
            0,
            (longer - (long)ceiling) * BytesPerConnection,
            About.TakesEffect)
        {
            Obstacle = queue.Listens > 0 ? "" : $"the listener of {queue.Where} was not seen to call listen() anew, and the length of its queue was fixed then: it profits when its process is restarted, which we do not do",
        };
    }

    private static WorkloadIdentity Server(Edge edge) => edge.Role == LabelNames.Client ? edge.Peer : edge.Owner;
}
