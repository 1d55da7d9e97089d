using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;

namespace NetPulse.Optimizer.Policies.Classes;

/// <summary>What policies see of a node.</summary>
internal sealed record ClusterNode(IReadOnlyDictionary<string, string> Labels, ImmutableArray<IpValue> Addresses)
{
    public static ClusterNode Of(Node node) => new(
        node.Metadata.Labels,
        [.. node.Status.Addresses.Select(static a => (IsAddress: IpValue.TryParse(a.Address, out var value), value)).Where(static a => a.IsAddress).Select(static a => a.value)]);

    public bool IsSame(ClusterNode other) => Addresses.SequenceEqual(other.Addresses) && Labels.Count == other.Labels.Count
        && Labels.All(l => other.Labels.TryGetValue(l.Key, out var value) && value == l.Value);
}
