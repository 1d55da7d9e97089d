using System.Collections.Immutable;
using NetPulse.Optimizer.Policies.Model;

namespace NetPulse.Optimizer.Policies;

/// <summary>Whether a new connection comes about; replies to it always may.</summary>
public sealed record Verdict(SideVerdict Egress, SideVerdict Ingress)
{
    public bool IsAllowed => Egress.IsAllowed && Ingress.IsAllowed;

    public SideVerdict Side(Direction direction) => direction == Direction.Ingress ? Ingress : Egress;

    public override string ToString() => $"egress {Egress}; ingress {Ingress}";
}

/// <summary>What one side of a connection says, and why.</summary>
/// <param name="Rules">The rule that decided; for network policies every rule that allows.</param>
/// <param name="Isolating">The network policies that isolate the pod, where they decided.</param>
/// <param name="PassedBy">The admin rule that left the decision to the next tier; null without one.</param>
public sealed record SideVerdict(
    bool IsAllowed,
    VerdictReason Reason,
    ImmutableArray<RuleReference> Rules,
    ImmutableArray<PolicyReference> Isolating,
    RuleReference? PassedBy)
{
    internal static SideVerdict Always(VerdictReason reason) => new(true, reason, [], [], null);

    public override string ToString() => (IsAllowed ? "allowed" : "denied") + Reason switch
    {
        VerdictReason.NoPod => ": no pod that policies apply to",
        VerdictReason.Itself => ": a pod always reaches itself",
        VerdictReason.OwnNode => ": a pod and its own node always reach each other",
        VerdictReason.Rule => $" by {string.Join(" and ", Rules)}",
        VerdictReason.Isolated => $": isolated by {string.Join(", ", Isolating)}, of which no rule allows it",
        _ => ": no policy is about it",
    } + (PassedBy is null ? "" : $" (passed on by {PassedBy})");
}

public enum VerdictReason
{
    /// <summary>This side is an address, or a pod on the host network.</summary>
    NoPod,

    Itself,

    /// <summary>The other side is the node that the pod runs on.</summary>
    OwnNode,

    /// <summary>A rule matched.</summary>
    Rule,

    /// <summary>Network policies select the pod and none of their rules matches.</summary>
    Isolated,

    /// <summary>Nothing matched and nothing isolates.</summary>
    NoPolicy,
}
