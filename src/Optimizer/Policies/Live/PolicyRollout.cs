using System.Collections.Immutable;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Stores;
using NetPulse.Optimizer.Policies.Flows;
using NetPulse.Optimizer.Policies.Manifests;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Ports;
using NetPulse.Optimizer.Policies.Questions;

namespace NetPulse.Optimizer.Policies.Live;

/// <summary>Takes each recommended network policy from its proposal over a canary to verified, or back.</summary>
/// <remarks>
/// Every decision rests on the recommendation, the policies and the flows, never on this process's memory, and what is about to be done is in the recommendation's status first:
/// another replica, or this one after a restart, goes on from there, and takes back what stands at <c>revertAt</c> without a verdict.
/// </remarks>
public sealed class PolicyRollout(IObjectStore<NetworkRecommendation> recommendations, IPolicyObjects objects)
{
    /// <summary>On the pods of a canary and in the selector of its policy: the recommendation's name.</summary>
    public const string CanaryLabel = "netpulse.io/canary";

    private const string CanarySuffix = "-canary";
    private const string Actor = "netpulse-optimizer";
    private const int LongestHistory = 20;
    private const int LongestLabelValue = 63;

    /// <summary>Time beyond the verdict in which this process may be restarted before the change is taken back.</summary>
    private static readonly TimeSpan RestartAllowance = TimeSpan.FromMinutes(1);

    /// <summary>The next step of each recommendation of a network policy, if it is due; one that fails stops no other.</summary>
    /// <param name="all">Every recommendation.</param>
    /// <param name="allowed">What we may do now.</param>
    /// <param name="picture">With every policy that is in force, our own among them.</param>
    /// <param name="flows">What was seen of late, what was dropped among it.</param>
    /// <param name="now">Of the run.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Steps that failed and are tried again at the next run.</returns>
    public async Task<ImmutableArray<string>> StepAllAsync(
        IEnumerable<NetworkRecommendation> all, OptimizationPolicySpec allowed, PolicyPicture picture, IReadOnlyCollection<ObservedFlow> flows, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var problems = ImmutableArray.CreateBuilder<string>();
        var scene = new Scene(allowed, picture.Engine, picture.Inputs.NetworkPolicies, flows, now);
        var ours = all.Where(static r => r.Spec is { Target.Kind: nameof(NetworkPolicy) }).OrderBy(static r => r.Metadata.CreationTimestamp).ThenBy(static r => r.Metadata.Name, StringComparer.Ordinal).ToList();
        var isBusy = ours.Exists(static r => r.Status?.Phase is RecommendationPhase.Canary or RecommendationPhase.Applied);
        foreach (var recommendation in ours)
        {
            try
            {
                isBusy |= await StepAsync(recommendation, scene, isBusy, cancellationToken);
            }
            catch (IOException e)
            {
                // It may have been begun.
                isBusy |= MayBegin(recommendation.Status?.Phase);
                problems.Add($"{recommendation.Metadata.Namespace}/{recommendation.Metadata.Name}: {e.Message}");
            }
        }

        return problems.ToImmutable();
    }

    /// <returns>Whether a change was begun.</returns>
    private async Task<bool> StepAsync(NetworkRecommendation recommendation, Scene scene, bool isBusy, CancellationToken cancellationToken)
    {
        var status = recommendation.Status ?? new NetworkRecommendationStatus();
        if (MayBegin(status.Phase))
        {
            return await BeginAsync(recommendation, status, scene, isBusy, cancellationToken);
        }

        await (status.Phase is RecommendationPhase.Canary or RecommendationPhase.Applied
            ? FollowAsync(recommendation, status, scene, cancellationToken)

            // Ended, but killed before all of the canary was gone.
            : RemoveCanaryAsync(recommendation, scene, cancellationToken));
        return false;
    }

    private static bool MayBegin(RecommendationPhase? phase) => phase is null or RecommendationPhase.Proposed or RecommendationPhase.AwaitingApproval or RecommendationPhase.Blocked;

    private async Task<bool> BeginAsync(NetworkRecommendation recommendation, NetworkRecommendationStatus status, Scene scene, bool isBusy, CancellationToken cancellationToken)
    {
        var spec = recommendation.Spec!;
        var (allowed, engine, _, flows, now) = scene;
        if (spec.Approval == ApprovalDecision.Rejected || now >= spec.ExpiresAt)
        {
            await EnterAsync(recommendation, status, spec.Approval == ApprovalDecision.Rejected ? RecommendationPhase.Rejected : RecommendationPhase.Expired, "it is not begun any more", null, now, cancellationToken);
            return false;
        }

        var policy = PolicyOf(recommendation);
        var theirs = new[] { CanaryName(recommendation), BeforeOf(recommendation) is null ? spec.Target.Name : "" }.Select(name => scene.Standing(spec.Target.Namespace, name)).FirstOrDefault(p => p is not null && !IsOf(recommendation, p));
        var broken = policy is null ? [] : FlowImpact.Of(engine, engine.With(PolicyChange.Set(policy)), flows.Where(static f => f.Verdict == FlowVerdict.Forwarded)).Broken;
        (RecommendationPhase Phase, bool IsClosed, string Reason)[] gates =
        [
            (RecommendationPhase.Blocked, policy is null, "its manifest is no network policy of its target's name"),
            (RecommendationPhase.Proposed, allowed.Mode != OptimizationMode.Apply, $"the policy's mode is {allowed.Mode}; nothing is written unless it is {OptimizationMode.Apply}"),
            (RecommendationPhase.Blocked, allowed.Paused.Count > 0, $"the policy is paused: {string.Join("; ", allowed.Paused)}"),
            (RecommendationPhase.Blocked, Forbidden(spec.Target.Namespace, allowed), $"the policy does not allow changes in the namespace {spec.Target.Namespace}"),
            (RecommendationPhase.AwaitingApproval, spec.Approval != ApprovalDecision.Approved, "a policy may cut traffic that happens seldom: a person lets it happen, by spec.approval"),
            (RecommendationPhase.Blocked, theirs is not null, $"a policy of the name {theirs?.Metadata.Name} is there already, and is not this recommendation's"),
            (RecommendationPhase.Blocked, broken.Length > 0, $"it would break {broken.Length} flows, the last of them {broken.FirstOrDefault()?.Flow}"),
            (RecommendationPhase.Scheduled, isBusy, "another policy is being changed; one change at a time"),
        ];
        foreach (var (phase, isClosed, reason) in gates)
        {
            if (isClosed)
            {
                // What waits for its turn is still only proposed.
                await EnterAsync(recommendation, status, phase == RecommendationPhase.Scheduled ? status.Phase : phase, reason, null, now, cancellationToken);
                return false;
            }
        }

        var pods = CanaryPods(engine, policy!);
        if (pods.IsEmpty)
        {
            await EnterAsync(recommendation, status, RecommendationPhase.Blocked, "it selects no pod that runs, so that nothing could verify it", null, now, cancellationToken);
            return false;
        }

        if (await RefusalAsync(recommendation, policy!, pods, cancellationToken) is { } refusal)
        {
            await EnterAsync(recommendation, status, RecommendationPhase.Blocked, $"a dry run was refused: {refusal}", null, now, cancellationToken);
            return false;
        }

        var revertAt = now + allowed.Canary.Duration + RestartAllowance;
        await EnterAsync(recommendation, status, RecommendationPhase.Canary, $"on {pods.Length} pods: {string.Join(", ", pods)}; judged after {Duration.Format(allowed.Canary.Duration)}, taken back at {revertAt:HH:mm:ss} without a verdict", revertAt, now, cancellationToken);
        foreach (var pod in pods)
        {
            await objects.LabelAsync(pod, CanaryLabel, LabelValue(recommendation), cancellationToken);
        }

        await objects.ApplyAsync(CanaryOf(recommendation, policy!), cancellationToken);
        return true;
    }

    /// <summary>All that would be written, as a dry run.</summary>
    private async Task<string?> RefusalAsync(NetworkRecommendation recommendation, NetworkPolicy policy, ImmutableArray<PodReference> pods, CancellationToken cancellationToken)
    {
        foreach (var @checked in new[] { policy, CanaryOf(recommendation, policy) })
        {
            if (await objects.RefusalAsync(@checked, cancellationToken) is { } refusal)
            {
                return refusal;
            }
        }

        foreach (var pod in pods)
        {
            if (await objects.LabelRefusalAsync(pod, CanaryLabel, LabelValue(recommendation), cancellationToken) is { } refusal)
            {
                return refusal;
            }
        }

        return null;
    }

    private async Task FollowAsync(NetworkRecommendation recommendation, NetworkRecommendationStatus status, Scene scene, CancellationToken cancellationToken)
    {
        var spec = recommendation.Spec!;
        var (allowed, engine, _, flows, now) = scene;
        var since = status.History.LastOrDefault(s => s.Action == $"{status.Phase}")?.At ?? DateTimeOffset.MinValue;
        var isCanary = status.Phase == RecommendationPhase.Canary;
        var name = isCanary ? CanaryName(recommendation) : spec.Target.Name;
        var reference = new PolicyReference(nameof(NetworkPolicy), spec.Target.Namespace, name);
        var standing = scene.Standing(spec.Target.Namespace, name);
        var isInForce = standing is not null && IsOf(recommendation, standing);
        var hits = isInForce ? Hits(recommendation, engine, reference, flows, since) : [];
        var withdrawn = allowed.Mode != OptimizationMode.Apply ? $"the policy's mode is {allowed.Mode} by now"
            : allowed.Paused.Count > 0 ? $"the policy is paused: {string.Join("; ", allowed.Paused)}"
            : Forbidden(spec.Target.Namespace, allowed) ? $"the policy no longer allows changes in the namespace {spec.Target.Namespace}"
            : spec.Approval != ApprovalDecision.Approved ? "it is not approved any more" : null;
        var isDue = now >= since + allowed.Canary.Duration;
        if (withdrawn is not null)
        {
            await RevertAsync(recommendation, status, scene, $"taken back: {withdrawn}", cancellationToken);
        }
        else if (hits.Count > 0)
        {
            await RevertAsync(recommendation, status, scene, $"taken back: it hit {hits.Count} flows that were allowed before, the last of them {hits[0]}", cancellationToken);
        }
        else if (now >= (status.RevertAt ?? DateTimeOffset.MinValue))
        {
            await RevertAsync(recommendation, status, scene, $"taken back: there was no verdict by {status.RevertAt:HH:mm:ss}", cancellationToken);
        }
        else if (!isInForce && standing is not null && (isCanary || BeforeOf(recommendation) is null))
        {
            await RevertAsync(recommendation, status, scene, $"taken back: {reference} is not ours", cancellationToken);
        }
        else if (isDue && !isInForce)
        {
            await RevertAsync(recommendation, status, scene, $"taken back: {reference} is not in force, so that nothing was verified", cancellationToken);
        }
        else if (isDue && isCanary)
        {
            var revertAt = now + allowed.Canary.Duration + RestartAllowance;
            await EnterAsync(recommendation, status, RecommendationPhase.Applied, $"the canary hit no flow in {Duration.Format(allowed.Canary.Duration)}; now for all pods, taken back at {revertAt:HH:mm:ss} without a verdict", revertAt, now, cancellationToken);
            await objects.ApplyAsync(Marked(recommendation, PolicyOf(recommendation)!), cancellationToken);
            await RemoveCanaryAsync(recommendation, scene, cancellationToken);
        }
        else if (isDue)
        {
            await EnterAsync(recommendation, status, RecommendationPhase.Verified, $"no flow was hit in {Duration.Format(allowed.Canary.Duration)}", null, now, cancellationToken);
            await RemoveCanaryAsync(recommendation, scene, cancellationToken);
        }
        else if (!isInForce && PolicyOf(recommendation) is { } policy)
        {
            // We ended between the status and the write.
            if (isCanary)
            {
                foreach (var pod in CanaryPods(engine, policy))
                {
                    await objects.LabelAsync(pod, CanaryLabel, LabelValue(recommendation), cancellationToken);
                }
            }

            await objects.ApplyAsync(isCanary ? CanaryOf(recommendation, policy) : Marked(recommendation, policy), cancellationToken);
        }
    }

    /// <summary>Flows that were dropped since, that the change denies and that without it would be allowed; the last seen first.</summary>
    private static List<ObservedFlow> Hits(NetworkRecommendation recommendation, PolicyEngine engine, PolicyReference reference, IReadOnlyCollection<ObservedFlow> flows, DateTimeOffset since)
    {
        var before = BeforeOf(recommendation);
        var change = reference.Name == recommendation.Spec!.Target.Name && before is not null ? PolicyChange.Set(before) : PolicyChange.Gone(reference);
        var without = engine.With(change);
        return [.. flows.Where(f => f.Verdict == FlowVerdict.Dropped && f.LastSeen >= since && Verdict(engine, f) is { IsAllowed: false } && Verdict(without, f) is { IsAllowed: true }).OrderByDescending(static f => f.LastSeen)];
    }

    private static Verdict? Verdict(PolicyEngine engine, ObservedFlow flow) =>
        TransportProtocolText.Parse(flow.Protocol) is { } protocol && ObservedUse.PartyOf(engine, flow.Source) is { } source && ObservedUse.PartyOf(engine, flow.Destination) is { } destination
            ? engine.Ask(source, destination, protocol, flow.DestinationPort)
            : null;

    private async Task RevertAsync(NetworkRecommendation recommendation, NetworkRecommendationStatus status, Scene scene, string reason, CancellationToken cancellationToken)
    {
        await RemoveCanaryAsync(recommendation, scene, cancellationToken);
        if (status.Phase == RecommendationPhase.Applied)
        {
            var target = recommendation.Spec!.Target;
            var stored = (await objects.ListAsync(cancellationToken)).FirstOrDefault(p => p.Metadata.Namespace == target.Namespace && p.Metadata.Name == target.Name);
            if (stored is not null && !IsOf(recommendation, stored))
            {
                reason += "; somebody else has changed it since, so that it was left alone";
            }
            else if (BeforeOf(recommendation) is { } before)
            {
                await objects.ApplyAsync(before, cancellationToken);
            }
            else
            {
                await objects.DeleteAsync(target.Namespace, target.Name, cancellationToken);
            }
        }

        await EnterAsync(recommendation, status, RecommendationPhase.RolledBack, reason, null, scene.Now, cancellationToken);
    }

    /// <summary>A later recommendation for the same target has a canary of the same name: that one is its own.</summary>
    private async Task RemoveCanaryAsync(NetworkRecommendation recommendation, Scene scene, CancellationToken cancellationToken)
    {
        var space = recommendation.Spec!.Target.Namespace;
        if (scene.Standing(space, CanaryName(recommendation)) is { } canary && IsOf(recommendation, canary))
        {
            await objects.DeleteAsync(space, canary.Metadata.Name, cancellationToken);
        }

        foreach (var pod in scene.Engine.Parties.Select(static p => p.ManagedPod).OfType<Pod>()
            .Where(p => p.Metadata.Namespace == space && p.Metadata.Labels.GetValueOrDefault(CanaryLabel) == LabelValue(recommendation)))
        {
            await objects.LabelAsync(new PodReference { Namespace = space, Name = pod.Metadata.Name }, CanaryLabel, null, cancellationToken);
        }
    }

    private async Task EnterAsync(
        NetworkRecommendation recommendation, NetworkRecommendationStatus status, RecommendationPhase phase, string reason, DateTimeOffset? revertAt, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (recommendation.Status is not null && status.Phase == phase && status.Conditions.OfType("Progressing")?.Message == reason)
        {
            return;
        }

        var condition = new Condition { Type = "Progressing", Status = phase is RecommendationPhase.Canary or RecommendationPhase.Applied ? Condition.True : Condition.False, Reason = $"{phase}", Message = reason, LastTransitionTime = now, ObservedGeneration = recommendation.Metadata.Generation };
        await recommendations.ApplyStatusAsync(
            new NetworkRecommendation
            {
                Metadata = new ObjectMeta { Name = recommendation.Metadata.Name, Namespace = recommendation.Metadata.Namespace },
                Status = status with
                {
                    ObservedGeneration = recommendation.Metadata.Generation,
                    Phase = phase,
                    Conditions = status.Conditions.With(condition),
                    RevertAt = revertAt,
                    History = [.. status.History.Append(new RecommendationStep { At = now, Actor = Actor, Action = $"{phase}", Reason = reason }).TakeLast(LongestHistory)],
                },
            },
            cancellationToken);
    }

    private static bool IsOf(NetworkRecommendation recommendation, NetworkPolicy policy) => policy.Metadata.Annotations.GetValueOrDefault(NetworkRecommendation.NameAnnotation) == recommendation.Metadata.Name;

    private static bool Forbidden(string @namespace, OptimizationPolicySpec allowed) => allowed.ProtectedNamespaces.Contains(@namespace) || !allowed.Namespaces.Contains(@namespace);

    /// <summary>A tenth of the pods that the policy selects, one at least.</summary>
    private static ImmutableArray<PodReference> CanaryPods(PolicyEngine engine, NetworkPolicy policy)
    {
        var then = engine.With(PolicyChange.Set(policy));
        var reference = new PolicyReference(nameof(NetworkPolicy), policy.Metadata.Namespace, policy.Metadata.Name);
        var subjects = then.Matching(then.Policies.First(p => p.Model.Reference == reference).Model.Subject).Select(static p => p.ManagedPod!).ToList();
        return [.. subjects.Take(Math.Max(1, subjects.Count / 10)).Select(static p => new PodReference { Namespace = p.Metadata.Namespace, Name = p.Metadata.Name })];
    }

    private static NetworkPolicy? PolicyOf(NetworkRecommendation recommendation) => Read(recommendation.Spec!.Change.Manifest, recommendation.Spec.Target);

    /// <summary>Null where there was none.</summary>
    private static NetworkPolicy? BeforeOf(NetworkRecommendation recommendation) => Read(recommendation.Spec!.Change.Before, recommendation.Spec.Target);

    private static NetworkPolicy? Read(string yaml, RecommendationTarget target)
    {
        var faults = new List<ObjectFileException>();
        return ManifestInputs.Read(ManifestObject.ParseAll("recommendation", yaml, faults), faults).NetworkPolicies.FirstOrDefault(p => p.Metadata.Namespace == target.Namespace && p.Metadata.Name == target.Name);
    }

    private static NetworkPolicy Marked(NetworkRecommendation recommendation, NetworkPolicy policy) => policy with
    {
        Metadata = policy.Metadata with
        {
            Annotations = new Dictionary<string, string>(policy.Metadata.Annotations, StringComparer.Ordinal) { [NetworkRecommendation.NameAnnotation] = recommendation.Metadata.Name },
        },
    };

    /// <summary>The same for the chosen pods alone.</summary>
    private static NetworkPolicy CanaryOf(NetworkRecommendation recommendation, NetworkPolicy policy) => Marked(recommendation, policy) with
    {
        Metadata = Marked(recommendation, policy).Metadata with { Name = CanaryName(recommendation) },
        Spec = policy.Spec with
        {
            PodSelector = policy.Spec.PodSelector with
            {
                MatchLabels = new Dictionary<string, string>(policy.Spec.PodSelector.MatchLabels, StringComparer.Ordinal) { [CanaryLabel] = LabelValue(recommendation) },
            },
        },
    };

    private static string CanaryName(NetworkRecommendation recommendation) => $"{recommendation.Spec!.Target.Name}{CanarySuffix}";

    private static string LabelValue(NetworkRecommendation recommendation) =>
        // What tells ours apart is at the end.
        recommendation.Metadata.Name.Length <= LongestLabelValue ? recommendation.Metadata.Name : recommendation.Metadata.Name[^LongestLabelValue..].TrimStart('-', '.');

    /// <summary>What one round saw.</summary>
    private sealed record Scene(OptimizationPolicySpec Allowed, PolicyEngine Engine, ImmutableArray<NetworkPolicy> Policies, IReadOnlyCollection<ObservedFlow> Flows, DateTimeOffset Now)
    {
        public NetworkPolicy? Standing(string @namespace, string name) => Policies.FirstOrDefault(p => p.Metadata.Namespace == @namespace && p.Metadata.Name == name);
    }
}
