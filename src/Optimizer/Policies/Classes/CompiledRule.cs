using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Bits;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Classes;

/// <summary>A rule over classes: pod classes first, then address classes.</summary>
/// <param name="PeersV4">Whom it is about when a connection uses IPv4. Pods of one family stand in both sets.</param>
/// <param name="PeersV6">The same set as <paramref name="PeersV4"/> where the family makes no difference.</param>
/// <param name="Ports">Port classes that it names by number.</param>
/// <param name="Named">Those that it names by name.</param>
public sealed record CompiledRule(
    RuleModel Rule,
    BitSet PeersV4,
    BitSet PeersV6,
    BitSet Ports,
    IReadOnlyList<PortModel.Named> Named)
{
    public BitSet Peers(IpFamily family) => family == IpFamily.V4 ? PeersV4 : PeersV6;

    /// <summary>Whether a container port is one of the rule's named ports.</summary>
    public bool Names(string name, TransportProtocol protocol)
    {
        foreach (var named in Named)
        {
            if (named.Name == name && (named.Protocol is null || named.Protocol == protocol))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>A policy over classes. Rules of a direction in which it is not active are not here.</summary>
public sealed record CompiledPolicy(PolicyModel Model, BitSet Subjects, IReadOnlyList<CompiledRule> Ingress, IReadOnlyList<CompiledRule> Egress)
{
    public IReadOnlyList<CompiledRule> Rules(Direction direction) => direction == Direction.Ingress ? Ingress : Egress;
}

/// <summary>Everything that decides about one pod class in one direction, in the order in which it decides.</summary>
/// <param name="Isolating">Network policies: when there is one, only what their rules allow is allowed.</param>
public sealed record ClassPolicies(IReadOnlyList<CompiledPolicy> Admin, IReadOnlyList<CompiledPolicy> Isolating, IReadOnlyList<CompiledPolicy> Baseline);
