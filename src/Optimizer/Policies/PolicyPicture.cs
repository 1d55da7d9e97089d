using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Model;

namespace NetPulse.Optimizer.Policies;

/// <summary>The cluster as policies see it, kept up to date by what a watch tells. One writes, any number may read.</summary>
public sealed class PolicyPicture
{
    /// <summary>So many policies that came are as good a reason as the size of the cluster to build the engine anew.</summary>
    private const int LeastWear = 1000;

    private readonly Lock writing = new();
    private volatile Moment moment = new(ImmutableDictionary.Create<string, IKubernetesObject>(StringComparer.Ordinal), PolicyEngine.Build(new PolicyInputs()));

    public PolicyEngine Engine => moment.Engine;

    /// <summary>The objects of which the engine was made.</summary>
    public PolicyInputs Inputs
    {
        get
        {
            var objects = moment.Objects.Values.ToList();
            return new PolicyInputs
            {
                NetworkPolicies = [.. objects.OfType<NetworkPolicy>()],
                AdminNetworkPolicies = [.. objects.OfType<AdminNetworkPolicy>()],
                BaselineAdminNetworkPolicies = [.. objects.OfType<BaselineAdminNetworkPolicy>()],
                ClusterNetworkPolicies = [.. objects.OfType<ClusterNetworkPolicy>()],
                Namespaces = [.. objects.OfType<Namespace>()],
                Pods = [.. objects.OfType<Pod>()],
                Nodes = [.. objects.OfType<Node>()],
            };
        }
    }

    /// <summary>Policies say nothing of services; who explains a flow to one needs them.</summary>
    public ImmutableArray<Service> Services => [.. moment.Objects.Values.OfType<Service>()];

    /// <summary>All objects as they are now: those that are another than before count as changed, those that are not among them as gone.</summary>
    public void Replace(IReadOnlyCollection<IKubernetesObject> all)
    {
        var known = moment.Objects;
        var now = all.Select(KeyOf).ToHashSet(StringComparer.Ordinal);
        Apply(all.Where(o => !known.TryGetValue(KeyOf(o), out var before) || !IsSame(before, o)), known.Where(o => !now.Contains(o.Key)).Select(static o => o.Value));
    }

    /// <summary>Objects that came or changed, and objects that are gone; kinds that policies do not know are left aside.</summary>
    public void Apply(IEnumerable<IKubernetesObject> set, IEnumerable<IKubernetesObject> gone)
    {
        lock (writing)
        {
            var objects = moment.Objects.ToBuilder();
            var (came, went) = (Last(set), Last(gone));
            objects.RemoveRange(went.Keys);
            foreach (var (key, value) in came)
            {
                objects[key] = value;
            }

            var engine = moment.Engine.With(Change([.. came.Values], [.. went.Where(w => !came.ContainsKey(w.Key)).Select(static w => w.Value)]));
            moment = new Moment(objects.ToImmutable(), engine);
            if (engine.Wear > Math.Max(LeastWear, engine.Policies.Length))
            {
                moment = moment with { Engine = PolicyEngine.Build(Inputs) };
            }
        }
    }

    private static string KeyOf(IKubernetesObject item) => $"{item.Kind} {item.Metadata.Namespace}/{item.Metadata.Name}";

    private static bool IsSame(IKubernetesObject before, IKubernetesObject now) =>
        ReferenceEquals(before, now) || (now.Metadata.ResourceVersion.Length > 0 && before.Metadata.ResourceVersion == now.Metadata.ResourceVersion
            && (now is not Node node || node.Status.Addresses.SequenceEqual(((Node)before).Status.Addresses)));

    private static Dictionary<string, IKubernetesObject> Last(IEnumerable<IKubernetesObject> objects)
    {
        var last = new Dictionary<string, IKubernetesObject>(StringComparer.Ordinal);
        foreach (var item in objects)
        {
            last[KeyOf(item)] = item;
        }

        return last;
    }

    private static PolicyChange Change(List<IKubernetesObject> set, List<IKubernetesObject> gone) => new()
    {
        NetworkPolicies = [.. set.OfType<NetworkPolicy>()],
        AdminNetworkPolicies = [.. set.OfType<AdminNetworkPolicy>()],
        BaselineAdminNetworkPolicies = [.. set.OfType<BaselineAdminNetworkPolicy>()],
        ClusterNetworkPolicies = [.. set.OfType<ClusterNetworkPolicy>()],
        PoliciesGone =
        [
            .. gone.Where(static o => o is NetworkPolicy or AdminNetworkPolicy or BaselineAdminNetworkPolicy or ClusterNetworkPolicy)
                .Select(static o => new PolicyReference(o.Kind, o is NetworkPolicy ? o.Metadata.Namespace : "", o.Metadata.Name)),
        ],
        NamespacesSet = [.. set.OfType<Namespace>()],
        NamespacesGone = [.. gone.OfType<Namespace>().Select(static n => n.Metadata.Name)],
        PodsSet = [.. set.OfType<Pod>()],
        PodsGone = [.. gone.OfType<Pod>().Select(static p => $"{p.Metadata.Namespace}/{p.Metadata.Name}")],
        NodesSet = [.. set.OfType<Node>()],
        NodesGone = [.. gone.OfType<Node>().Select(static n => n.Metadata.Name)],
    };

    private sealed record Moment(ImmutableDictionary<string, IKubernetesObject> Objects, PolicyEngine Engine);
}
