using System.Collections.Immutable;
using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Classes;
using NetPulse.Optimizer.Policies.Flows;
using NetPulse.Optimizer.Policies.Manifests;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Questions;
using NetPulse.Optimizer.Policies.Validation;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>Everything that the checks look at, each thing made when it is first asked for. Used by one thread at a time.</summary>
public sealed class ClusterEvidence
{
    private static readonly string[] DnsServerNames = ["kube-dns", "coredns", "rke2-coredns"];

    private readonly Lazy<PolicyEngine> engine;
    private readonly Lazy<ImmutableArray<PolicyUse>> uses;

    /// <param name="objects">Every object there is, of whatever kind.</param>
    public ClusterEvidence(IEnumerable<ManifestObject> objects)
    {
        Objects = [.. objects];
        Faults = [];
        Inputs = ManifestInputs.Read(Objects, Faults, isChecked: false);
        NetworkPolicies = [.. Typed<NetworkPolicy>(NetworkPolicy.Version)];
        Services = [.. Typed<Service>("v1")];
        engine = new Lazy<PolicyEngine>(() => PolicyEngine.Build(Sound));
        uses = new Lazy<ImmutableArray<PolicyUse>>(() => Redundancy.Find(Engine));
    }

    public ImmutableArray<ManifestObject> Objects { get; }

    /// <summary>What could not be read.</summary>
    public List<ObjectFileException> Faults { get; }

    /// <summary>As they stand there, also those that the API server would reject.</summary>
    public PolicyInputs Inputs { get; init; }

    public ImmutableArray<CheckedObject<NetworkPolicy>> NetworkPolicies { get; }

    public ImmutableArray<CheckedObject<Service>> Services { get; init; }

    /// <summary>Null when none were observed.</summary>
    public ImmutableArray<ObservedFlow>? Flows { get; init; }

    public ImmutableArray<CniConfigurationFile> CniConfigurations { get; init; } = [];

    public ImmutableArray<CorefileText> Corefiles { get; init; } = [];

    /// <summary>What was seen on the nodes themselves.</summary>
    public ImmutableArray<NodeState> NodeStates { get; init; } = [];

    /// <summary>Of one scrape of the cluster; null when there was none.</summary>
    public ImmutableArray<MetricReading>? Metrics { get; init; }

    /// <summary>What ages are measured against; null when they are not.</summary>
    public DateTimeOffset? Now { get; init; }

    /// <summary>The block that pods get their addresses from; null when it is not known.</summary>
    public Cidr? PodBlock { get; init; }

    /// <summary>The block that services get their addresses from; null when it is not known.</summary>
    public Cidr? ServiceBlock { get; init; }

    /// <summary>Of the policies that the API server would take.</summary>
    public PolicyEngine Engine => engine.Value;

    internal ImmutableArray<PolicyUse> Uses => uses.Value;

    /// <summary>What there is to look at.</summary>
    public Evidence Present => new (Evidence Kind, bool IsThere)[]
    {
        (Evidence.NetworkPolicies, !NetworkPolicies.IsEmpty),
        (Evidence.AdminPolicies, !Inputs.AdminNetworkPolicies.IsEmpty || !Inputs.BaselineAdminNetworkPolicies.IsEmpty || !Inputs.ClusterNetworkPolicies.IsEmpty),
        (Evidence.Pods, !Inputs.Pods.IsEmpty),
        (Evidence.Services, !Services.IsEmpty),
        (Evidence.Flows, Flows is not null),
        (Evidence.Nodes, !Inputs.Nodes.IsEmpty),
        (Evidence.CniConfiguration, !CniConfigurations.IsEmpty),
        (Evidence.Corefile, !Corefiles.IsEmpty),
        (Evidence.NodeState, NodeStates.Any(static n => !n.Sysctls.IsEmpty)),
        (Evidence.NodeFiles, NodeStates.Any(static n => !n.Binaries.IsDefault || !n.Modes.IsEmpty || n.AllocatedAddresses is not null)),
        (Evidence.NodeLinks, NodeStates.Any(static n => n.LinkMtu is not null)),
        (Evidence.NodeCounters, NodeStates.Any(static n => !n.Counters.IsEmpty)),
        (Evidence.NodeOffloads, NodeStates.Any(static n => !n.OffloadsOff.IsEmpty)),
        (Evidence.SysctlFiles, NodeStates.Any(static n => !n.SysctlFiles.IsEmpty)),
        (Evidence.Metrics, Metrics is not null),
        (Evidence.Events, OfKind("Event").Any()),
        (Evidence.Definitions, OfKind("CustomResourceDefinition").Any()),
        (Evidence.DaemonSets, OfKind("DaemonSet").Any()),
        (Evidence.Ingresses, OfKind("Ingress").Any()),
        (Evidence.Webhooks, OfKind("ValidatingWebhookConfiguration").Concat(OfKind("MutatingWebhookConfiguration")).Any()),
        (Evidence.KubeletConfiguration, OfKind("KubeletConfiguration").Any()),
        (Evidence.LiveObjects, Objects.Any(static o => o.Root["metadata"]?["resourceVersion"] is not null)),
    }.Aggregate(Evidence.None, static (all, each) => each.IsThere ? all | each.Kind : all);

    /// <summary>Null for a node that was not looked at.</summary>
    public NodeState? Node(string name) => NodeStates.FirstOrDefault(n => n.Name == name);

    /// <summary>Samples of a metric; none without a scrape.</summary>
    public IEnumerable<MetricReading> Metric(string name) => (Metrics ?? []).Where(m => m.Name == name);

    /// <summary>Whether one of these is there, as <c>IPPool</c> or <c>ConfigMap cilium-config</c>; also when none is asked for.</summary>
    internal bool HasAny(ImmutableArray<string> kinds) => kinds.IsEmpty || Objects.Any(o => kinds.Contains(o.Kind) || kinds.Contains($"{o.Kind} {o.Name()}"));

    /// <summary>What was taken out of an object, as a Corefile, is found in the object's file.</summary>
    internal Finding Locate(Finding finding) =>
        Corefiles.Select(static c => (Name: c.Source, c.Origin)).Concat(CniConfigurations.Select(static c => (Name: c.File, c.Origin))).FirstOrDefault(o => o.Name == finding.File).Origin is { } origin
            ? finding with { File = origin.File, Line = origin.LinesBefore + finding.Line }
            : finding;

    public IEnumerable<ManifestObject> OfKind(string kind) => Objects.Where(o => o.Kind == kind);

    public IEnumerable<ManifestObject> OfGroup(params string[] groups) =>
        Objects.Where(o => groups.Any(group => o.ApiVersion.StartsWith(group + "/", StringComparison.Ordinal)));

    /// <summary>The custom resource definition of this name.</summary>
    public IEnumerable<ManifestObject> Definitions(string name) => OfKind("CustomResourceDefinition").Where(o => $"{o.Root["metadata"]?["name"]}" == name);

    /// <summary>As <c>NetworkPolicy shop/web</c>.</summary>
    public static string NameOf(ManifestObject found)
    {
        var metadata = found.Root["metadata"] as JsonObject;
        return $"{found.Kind} {(metadata?["namespace"] is { } @namespace ? $"{@namespace}/" : "")}{metadata?["name"]}";
    }

    internal IEnumerable<CheckedRule> Rules() => NetworkPolicies.SelectMany(RulesOf);

    internal static IEnumerable<CheckedRule> RulesOf(CheckedObject<NetworkPolicy> policy) =>
        policy.Value.Spec.Ingress.Select((rule, i) => new CheckedRule(policy, Direction.Ingress, i, $"spec.ingress[{i}]", rule.From, rule.Ports))
            .Concat(policy.Value.Spec.Egress.Select((rule, i) => new CheckedRule(policy, Direction.Egress, i, $"spec.egress[{i}]", rule.To, rule.Ports)));

    /// <summary>Every selector of every network policy, with its field.</summary>
    internal IEnumerable<(CheckedObject<NetworkPolicy> Policy, string Path, LabelSelector Selector)> Selectors() =>
        NetworkPolicies.Select(static p => (p, "spec.podSelector", p.Value.Spec.PodSelector)).Concat(
            from rule in Rules()
            from peer in rule.Peers.Select((peer, i) => (Value: peer, Path: rule.PeerPath(i)))
            from selector in new[] { (Path: $"{peer.Path}.podSelector", Value: peer.Value.PodSelector), (Path: $"{peer.Path}.namespaceSelector", Value: peer.Value.NamespaceSelector) }
            where selector.Value is not null
            select (rule.Policy, selector.Path, selector.Value));

    /// <summary>The pods that answer for the cluster's names.</summary>
    internal IEnumerable<Pod> DnsServers()
    {
        var selectors = Services.Where(static s => DnsServerNames.Contains(s.Value.Metadata.Name) && s.Value.Spec.Selector.Count > 0).ToList();
        return Inputs.Pods.Where(pod => selectors.Exists(s => Selection.IsBehind(pod, s.Value))
            || (pod.Metadata.Labels.TryGetValue("k8s-app", out var app) && DnsServerNames.Contains(app)));
    }

    internal Party? PartyOf(Pod pod) => Engine.PodNamed($"{pod.Metadata.Namespace}/{pod.Metadata.Name}");

    /// <summary>Without what the API server would not have taken: it is not in force.</summary>
    internal PolicyInputs Sound => Inputs with
    {
        NetworkPolicies = [.. Inputs.NetworkPolicies.Where(static p => !NetworkPolicyValidation.Of(p).Any())],
        AdminNetworkPolicies = [.. Inputs.AdminNetworkPolicies.Where(static p => !AdminPolicyValidation.Of(p).Any())],
        BaselineAdminNetworkPolicies = [.. Inputs.BaselineAdminNetworkPolicies.Where(static p => !AdminPolicyValidation.Of(p).Any())],
        ClusterNetworkPolicies = [.. Inputs.ClusterNetworkPolicies.Where(static p => !AdminPolicyValidation.Of(p).Any())],
    };

    /// <summary>What cannot be read as its type is told in <see cref="Faults"/> already.</summary>
    private IEnumerable<CheckedObject<T>> Typed<T>(string version)
        where T : IKubernetesObject
    {
        foreach (var found in Objects.Where(o => o.ApiVersion == version && o.Kind == typeof(T).Name))
        {
            T? read = default;
            try
            {
                read = found.Read<T>();
            }
            catch (ObjectFileException)
            {
                // ManifestInputs has told it.
            }

            if (read is not null)
            {
                yield return new CheckedObject<T>(read, found);
            }
        }
    }
}

/// <summary>Where a text that an object holds begins.</summary>
/// <param name="LinesBefore">Lines of the file before it.</param>
public sealed record Origin(string File, int LinesBefore);

/// <summary>One file of /etc/cni/net.d.</summary>
/// <param name="Node">Empty when it is not known.</param>
/// <param name="Origin">The object that holds it; null for a file.</param>
public sealed record CniConfigurationFile(string Node, string File, string Text, Origin? Origin = null);

/// <summary>CoreDNS's configuration.</summary>
/// <param name="Source">File, or ConfigMap.</param>
/// <param name="Origin">The object that holds it; null for a file.</param>
public sealed record CorefileText(string Source, string Text, Origin? Origin = null);
