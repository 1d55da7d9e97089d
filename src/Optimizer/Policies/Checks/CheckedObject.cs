using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Model;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>An object as a type of ours, and as it stands in its file.</summary>
public sealed record CheckedObject<T>(T Value, ManifestObject Source)
    where T : IKubernetesObject;

/// <summary>One rule of a network policy, of either direction.</summary>
/// <param name="Path">As <c>spec.ingress[0]</c>.</param>
internal sealed record CheckedRule(
    CheckedObject<NetworkPolicy> Policy, Direction Direction, int Index, string Path, IReadOnlyList<NetworkPolicyPeer> Peers, IReadOnlyList<NetworkPolicyPort> Ports)
{
    public string PeersField => Direction == Direction.Ingress ? "from" : "to";

    public string PeerPath(int index) => $"{Path}.{PeersField}[{index}]";

    public string PortPath(int index) => $"{Path}.ports[{index}]";

    public RuleReference Reference => new(
        new PolicyReference(nameof(NetworkPolicy), Policy.Value.Metadata.Namespace, Policy.Value.Metadata.Name), Direction, Index, "");
}
