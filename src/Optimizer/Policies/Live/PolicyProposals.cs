using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Flows;
using NetPulse.Optimizer.Policies.Recommendation;

namespace NetPulse.Optimizer.Policies.Live;

/// <summary>Least privilege out of what was seen, as objects that people can decide about: the first namespace that lacks something, the next one when that is done.</summary>
internal static class PolicyProposals
{
    private const int LongestReason = 2048;

    /// <param name="policies">In force.</param>
    /// <param name="flows">Of the window.</param>
    /// <param name="namespaces">That we may change.</param>
    /// <param name="known">Proposed before: the same is not proposed again.</param>
    /// <returns>Besides, what holds policies back until a person has looked.</returns>
    public static (ImmutableArray<NetworkRecommendation> Proposals, ImmutableArray<RecommendationFlag> HeldBack) Of(
        PolicyPicture policies, IReadOnlyCollection<ObservedFlow> flows, IEnumerable<string> namespaces, IReadOnlyCollection<NetworkRecommendation> known)
    {
        var cluster = policies.Inputs;
        List<string> scope = [.. namespaces.Where(n => cluster.Pods.Any(p => p.Metadata.Namespace == n))];
        if (scope.Count == 0 || flows.Count == 0)
        {
            return ([], []);
        }

        var owners = cluster.Pods.Select(static p => (Name: $"{p.Metadata.Namespace}/{p.Metadata.Name}", Owner: p.Metadata.OwnerReferences.FirstOrDefault(static o => o.Controller)))
            .Where(static p => p.Owner is not null).ToDictionary(static p => p.Name, static p => $"{p.Owner!.Kind}/{p.Owner.Name}", StringComparer.Ordinal);
        var recommended = PolicyRecommendation.Of(new RecommendationInputs(cluster, policies.Services, owners, flows), new RecommendationOptions { Namespaces = [.. scope] });
        var heldBack = recommended.Flags.Where(static f => f.Code == RecommendationFlags.UnnamedPeer).ToImmutableArray();
        if (!recommended.Replay.Broken.IsEmpty)
        {
            return ([], heldBack);
        }

        var reason = $"From {recommended.Coverage}, confidence {recommended.Coverage.Confidence.ToString().ToLowerInvariant()}; with all of it in force {recommended.Replay.Conversations} of {recommended.Replay.Conversations} conversations come about; "
            + $"denied between pods on ports that they declare: {recommended.Replay.DeniedBefore:P1} before, {recommended.Replay.DeniedAfter:P1} after. "
            + string.Join("; ", recommended.Flags.Where(static f => f.NeedsReview));
        foreach (var stage in recommended.Stages)
        {
            var missing = stage.Policies.Where(p => !cluster.NetworkPolicies.Any(e => e.Metadata.Namespace == p.Metadata.Namespace && e.Metadata.Name == p.Metadata.Name))
                // What denies the rest comes when the others are in force.
                .OrderBy(static p => p.Metadata.Name == PolicyRecommendation.DefaultDenyName).ToList();
            var next = missing.Count > 1 ? missing.Where(static p => p.Metadata.Name != PolicyRecommendation.DefaultDenyName) : missing;
            var proposals = next.Select(p => Proposal(p, reason)).ToImmutableArray();
            if (!proposals.IsEmpty)
            {
                return ([.. proposals.Where(p => !known.Any(k => k.Spec?.Source.Fingerprint == p.Spec!.Source.Fingerprint || IsOpenFor(k, p)))], heldBack);
            }
        }

        return ([], heldBack);
    }

    private static bool IsOpenFor(NetworkRecommendation known, NetworkRecommendation proposal) =>
        known.Spec?.Target == proposal.Spec!.Target && known.Status?.Phase is not (RecommendationPhase.RolledBack or RecommendationPhase.Rejected or RecommendationPhase.Expired or RecommendationPhase.Verified or RecommendationPhase.Superseded);

    private static NetworkRecommendation Proposal(NetworkPolicy policy, string reason)
    {
        // What was observed and when is in the annotations: it must not make the same policy another one.
        var bare = policy with { Metadata = new ObjectMeta { Name = policy.Metadata.Name, Namespace = policy.Metadata.Namespace, Labels = policy.Metadata.Labels } };
        var fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(YamlDocument.Format(PolicyManifest.Of(bare)))).AsSpan(0, 8));
        return new NetworkRecommendation
        {
            Metadata = new ObjectMeta { Name = $"{policy.Metadata.Name}-{fingerprint}", Namespace = policy.Metadata.Namespace },
            Spec = new NetworkRecommendationSpec
            {
                Source = new RecommendationSource { Kind = RecommendationSourceKind.Schedule, Ref = "flows", Fingerprint = fingerprint },
                Target = new RecommendationTarget { ApiVersion = NetworkPolicy.Version, Kind = nameof(NetworkPolicy), Name = policy.Metadata.Name, Namespace = policy.Metadata.Namespace },
                Change = new RecommendedChange { Manifest = YamlDocument.Format(PolicyManifest.Of(policy)) },
                Reason = reason.Length <= LongestReason ? reason : reason[..LongestReason],
            },
        };
    }
}
