using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Model;

/// <summary>Which way a rule looks, seen from the pod that its policy selects.</summary>
public enum Direction
{
    Ingress,
    Egress,
}

/// <summary>In the order in which they decide.</summary>
public enum PolicyTier
{
    Admin,
    Network,
    Baseline,
}

public enum RuleAction
{
    Allow,
    Deny,

    /// <summary>The next tier decides.</summary>
    Pass,
}

/// <summary>A policy by name. <paramref name="Namespace"/> is empty for cluster-scoped kinds.</summary>
public sealed record PolicyReference(string Kind, string Namespace, string Name)
{
    public override string ToString() => Namespace.Length == 0 ? $"{Kind} {Name}" : $"{Kind} {Namespace}/{Name}";
}

/// <summary>A rule by its place in its policy.</summary>
/// <param name="Index">From 0, as in <c>spec.ingress[0]</c>.</param>
/// <param name="Name">May be empty.</param>
public sealed record RuleReference(PolicyReference Policy, Direction Direction, int Index, string Name)
{
    public override string ToString() => $"{Policy} {Direction.ToString().ToLowerInvariant()}[{Index}]{(Name.Length > 0 ? $" \"{Name}\"" : "")}";
}

/// <summary>A policy of any kind in one shape, its defaults filled in.</summary>
/// <param name="Priority">In its tier, the lowest first; network policies have none.</param>
/// <param name="Isolates">Network policies: the directions in which a selected pod may only do what some rule allows.</param>
public sealed record PolicyModel(
    PolicyReference Reference,
    PolicyTier Tier,
    int Priority,
    PodSelection Subject,
    ImmutableArray<Direction> Isolates,
    ImmutableArray<RuleModel> Rules)
{
    /// <summary>Whether its rules of a direction count: those of a network policy that does not isolate there do not.</summary>
    public bool IsActive(Direction direction) => Tier != PolicyTier.Network || Isolates.Contains(direction);
}

/// <param name="FromAnyone">Any peer at all, whether pod or address.</param>
/// <param name="Ports">Empty: every port.</param>
public sealed record RuleModel(RuleReference Reference, RuleAction Action, bool FromAnyone, ImmutableArray<PeerModel> Peers, ImmutableArray<PortModel> Ports);

/// <summary>Pods by labels.</summary>
/// <param name="OwnNamespace">When set, only this namespace; otherwise those that <paramref name="Namespaces"/> matches.</param>
public sealed record PodSelection(string? OwnNamespace, LabelSelector Namespaces, LabelSelector Pods);

/// <summary>Whom a rule is about.</summary>
public abstract record PeerModel
{
    private PeerModel()
    {
    }

    public sealed record Pods(PodSelection Selection) : PeerModel;

    /// <summary>Addresses, also those of pods.</summary>
    public sealed record Network(Cidr Block, ImmutableArray<Cidr> Except) : PeerModel;

    /// <summary>The addresses of nodes.</summary>
    public sealed record Nodes(LabelSelector Selector) : PeerModel;

    /// <summary>What cannot be matched by an address: a domain name, or a block that is none.</summary>
    public sealed record Nobody : PeerModel;
}

public abstract record PortModel
{
    private PortModel()
    {
    }

    public sealed record Ports(PortRange Range) : PortModel;

    /// <summary>The container port of that name of each destination pod.</summary>
    /// <param name="Protocol">Null: whichever the container port has.</param>
    public sealed record Named(string Name, TransportProtocol? Protocol) : PortModel;

    /// <summary>A protocol that does not exist.</summary>
    public sealed record Nothing : PortModel;
}
