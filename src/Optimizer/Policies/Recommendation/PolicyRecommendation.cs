using System.Collections.Immutable;
using System.Globalization;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Classes;

namespace NetPulse.Optimizer.Policies.Recommendation;

/// <summary>Least privilege out of what was seen: a policy a workload, and one a namespace that denies the rest.</summary>
/// <param name="Stages">In the order in which they are best applied; each stage alone leaves the cluster working.</param>
/// <param name="Flags">What a person should know first.</param>
/// <param name="Coverage">What it is based on.</param>
/// <param name="Replay">The same flows, asked again with the recommendation in force.</param>
public sealed record PolicyRecommendation(
    ImmutableArray<RecommendationStage> Stages, ImmutableArray<RecommendationFlag> Flags, WindowCoverage Coverage, FlowReplay Replay)
{
    public const string DefaultDenyName = "default-deny";

    private const string WindowAnnotation = "netpulse.io/observed";
    private const string ConfidenceAnnotation = "netpulse.io/confidence";

    /// <summary>Every policy of every stage.</summary>
    public IEnumerable<NetworkPolicy> Policies => Stages.SelectMany(static s => s.Policies);

    public static PolicyRecommendation Of(RecommendationInputs inputs, RecommendationOptions options)
    {
        inputs = inputs with { Cluster = inputs.Cluster with { Pods = [.. inputs.Cluster.Pods.Select(Again)] } };
        var groups = WorkloadGroups.Of(inputs);
        var resolver = new FlowResolver(inputs, groups);
        var sieve = new ConversationSieve(resolver);
        foreach (var flow in inputs.Flows)
        {
            sieve.Add(flow);
        }

        var kept = sieve.Kept();
        DnsNeeds.Complete(kept, inputs, groups);
        var coverage = WindowCoverage.Of(sieve);
        var flags = ImmutableArray.CreateBuilder<RecommendationFlag>();
        flags.AddRange(sieve.Flags);
        flags.AddRange(coverage.Flags());

        var scope = Scope(inputs, options);
        flags.AddRange(inputs.Cluster.Pods.Where(p => scope.Contains(p.Metadata.Namespace) && p.Spec.HostNetwork)
            .Select(static p => new RecommendationFlag(RecommendationFlags.HostNetwork, FlowResolver.NameOf(p), "policies do not protect a pod on the host network", NeedsReview: false)));
        flags.AddRange(groups.Unselectable.Where(p => scope.Contains(p.Metadata.Namespace) && flags.All(f => f.Subject != FlowResolver.NameOf(p)))
            .Select(static p => new RecommendationFlag(RecommendationFlags.UnselectablePod, FlowResolver.NameOf(p), "it carries no label that stays, so that no policy is about it alone; give it one", NeedsReview: true)));

        var existing = PolicyEngine.Build(inputs.Cluster);
        var builders = groups.All.Where(g => scope.Contains(g.Namespace)).ToDictionary(static g => g, static g => new PolicyBuilder(g));
        var rules = new RuleWriter(existing, resolver, builders, flags);
        foreach (var conversation in sieve.Unnamed)
        {
            rules.LeaveOpen(conversation);
        }

        foreach (var (conversation, _) in kept.OrderBy(static c => c.Key.ToString(), StringComparer.Ordinal))
        {
            rules.Write(conversation);
        }

        flags.AddRange(builders.Values.Where(b => b.IsEmpty && !kept.Keys.Any(c => IsAbout(c, b.Subject)))
            .Select(b => new RecommendationFlag(
                RecommendationFlags.NoFlows, b.Subject.ToString(), options.DefaultDeny ? "nothing of it was seen, so that nothing is allowed" : "nothing of it was seen, so that no policy is made", NeedsReview: true)));
        List<IpValue> own = [.. resolver.OwnAddresses.Distinct().OrderBy(static a => a.Family).ThenBy(static a => a.Value)];
        var stages = InStages(inputs, options, scope, rules.Open, builders, own, coverage, flags);
        var replay = FlowReplay.Of(inputs.Cluster, stages.SelectMany(static s => s.Policies), kept.Keys.Where(c => c.Source is Endpoint.Workload { Group: var s } && scope.Contains(s.Namespace)
            || c.Destination is Endpoint.Workload { Group: var d } && scope.Contains(d.Namespace)), groups);
        return new PolicyRecommendation(stages, [.. flags.OrderByDescending(static f => f.NeedsReview).ThenBy(static f => f.Code, StringComparer.Ordinal).ThenBy(static f => f.Subject, StringComparer.Ordinal)], coverage, replay);
    }

    /// <summary>A pod that has ended, as a job's, counts as the one that will come after it; its address may by now be another's.</summary>
    private static Pod Again(Pod pod) => pod.Spec.HostNetwork || Party.IsManaged(pod) ? pod : pod with { Status = pod.Status with { Phase = "", PodIP = "", PodIPs = [] } };

    private static bool IsAbout(in Conversation conversation, WorkloadGroup group) =>
        conversation.Source is Endpoint.Workload { Group: var source } && source.Equals(group)
        || conversation.Destination is Endpoint.Workload { Group: var destination } && destination.Equals(group);

    private static HashSet<string> Scope(RecommendationInputs inputs, RecommendationOptions options) => options.Namespaces.IsEmpty
        ? [.. inputs.Cluster.Pods.Select(static p => p.Metadata.Namespace).Where(static n => !n.StartsWith("kube-", StringComparison.Ordinal))]
        : [.. options.Namespaces];

    /// <summary>A namespace a stage, those with the fewest workloads first: a mistake shows where the fewest depend on it.</summary>
    /// <param name="open">Namespaces that get no default deny.</param>
    private static ImmutableArray<RecommendationStage> InStages(
        RecommendationInputs inputs,
        RecommendationOptions options,
        HashSet<string> scope,
        IReadOnlySet<string> open,
        Dictionary<WorkloadGroup, PolicyBuilder> builders,
        List<IpValue> own,
        WindowCoverage coverage,
        ImmutableArray<RecommendationFlag>.Builder flags)
    {
        var taken = inputs.Cluster.NetworkPolicies.Select(static p => (p.Metadata.Namespace, p.Metadata.Name)).ToHashSet();
        var annotations = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [WindowAnnotation] = string.Create(CultureInfo.InvariantCulture, $"{coverage.From:yyyy-MM-ddTHH:mm:ssZ}/{coverage.To:yyyy-MM-ddTHH:mm:ssZ}"),
            [ConfidenceAnnotation] = coverage.Confidence.ToString().ToLowerInvariant(),
        };
        var stages = new List<RecommendationStage>();
        foreach (var @namespace in scope.Order(StringComparer.Ordinal))
        {
            var policies = ImmutableArray.CreateBuilder<NetworkPolicy>();
            foreach (var builder in builders.Values.Where(b => b.Subject.Namespace == @namespace && !b.IsEmpty).OrderBy(static b => b.Subject.Name, StringComparer.Ordinal))
            {
                policies.Add(builder.Build(Free(builder.Subject.Name), options, own, annotations, blocks => flags.Add(new RecommendationFlag(
                    RecommendationFlags.ManyAddresses, builder.Subject.ToString(), $"{blocks} address blocks in one rule: an egress gateway or a policy by domain name would be easier to keep", NeedsReview: true))));
            }

            if (options.DefaultDeny && !open.Contains(@namespace) && !inputs.Cluster.NetworkPolicies.Any(p => p.Metadata.Namespace == @namespace && IsDefaultDeny(p)))
            {
                policies.Add(new NetworkPolicy
                {
                    Metadata = new ObjectMeta
                    {
                        Name = Free(DefaultDenyName),
                        Namespace = @namespace,
                        Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["app.kubernetes.io/managed-by"] = "netpulse" },
                    },
                    Spec = new NetworkPolicySpec { PolicyTypes = [NetworkPolicySpec.Ingressing, NetworkPolicySpec.Egressing] },
                });
            }

            if (policies.Count > 0)
            {
                stages.Add(new RecommendationStage(@namespace, policies.DrainToImmutable()));
            }

            string Free(string name)
            {
                var free = Enumerable.Range(0, int.MaxValue)
                    .Select(i => i == 0 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}-netpulse{(i == 1 ? "" : $"-{i}")}"))
                    .First(candidate => !taken.Contains((@namespace, candidate)));
                taken.Add((@namespace, free));
                return free;
            }
        }

        return [.. stages.OrderBy(s => builders.Keys.Count(g => g.Namespace == s.Namespace)).ThenBy(static s => s.Namespace, StringComparer.Ordinal)];
    }

    private static bool IsDefaultDeny(NetworkPolicy policy) => policy.Spec is { PodSelector: { MatchLabels.Count: 0, MatchExpressions.Count: 0 }, Ingress.Count: 0, Egress.Count: 0 }
        && policy.Spec.PolicyTypes.Contains(NetworkPolicySpec.Ingressing) && policy.Spec.PolicyTypes.Contains(NetworkPolicySpec.Egressing);
}

/// <summary>The policies of one namespace, applied together: the allows and what denies the rest.</summary>
public sealed record RecommendationStage(string Namespace, ImmutableArray<NetworkPolicy> Policies);
