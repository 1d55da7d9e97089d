using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Stores;
using NetPulse.Optimizer.Cluster;
using NetPulse.Optimizer.Policies.Flows;
using NetPulse.Telemetry.Series;

namespace NetPulse.Optimizer.Policies.Live;

/// <summary>The network policies in the loop: what they deny is explained, what would be enough is proposed, and what people let happen is made on a canary first.</summary>
public sealed partial class PolicyRounds(
    IClusterObjects cluster, IPolicyObjects policies, IObjectStore<NetworkRecommendation> recommendations, StoreFlows flows, PolicyRollout rollout, PolicyMeter meter, ILogger<PolicyRounds> logger)
{
    /// <summary>What is proposed rests on so much of the past.</summary>
    private static readonly TimeSpan Observed = TimeSpan.FromDays(1);

    private static readonly TimeSpan ProposeEvery = TimeSpan.FromHours(1);

    /// <summary>Addresses of nodes and services are read so seldom; sooner where there is a node that is not known.</summary>
    private static readonly TimeSpan AddressesEvery = TimeSpan.FromHours(1);

    private static readonly TimeSpan AddressesAtMostEvery = TimeSpan.FromMinutes(1);

    /// <summary>A denial that goes on is told again after so long.</summary>
    private static readonly TimeSpan TellEvery = TimeSpan.FromHours(1);

    /// <summary>Beside the time that a canary is measured, what is looked at.</summary>
    private static readonly TimeSpan Before = TimeSpan.FromMinutes(10);

    private readonly PolicyPicture picture = new();
    private readonly Dictionary<string, DateTimeOffset> told = new(StringComparer.Ordinal);
    private (ImmutableDictionary<string, Node> Nodes, ImmutableArray<Service> Services, DateTimeOffset At) addresses = (ImmutableDictionary<string, Node>.Empty, [], DateTimeOffset.MinValue);
    private DateTimeOffset proposedAt = DateTimeOffset.MinValue;

    /// <summary>What policies denied of late, as the latest round saw it.</summary>
    public ImmutableArray<PolicyDenial> Denials { get; private set; } = [];

    /// <summary>Packets that rules dropped of late, by pod, the most first.</summary>
    public ImmutableArray<PolicyDrop> Drops { get; private set; } = [];

    /// <summary>One round; none while another replica leads.</summary>
    /// <exception cref="IOException">The objects or the store could not be read; the next round begins anew.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (cluster.Term is null)
        {
            return;
        }

        var snapshot = await UpdateAsync(cancellationToken);
        var allowed = snapshot.Policy.Spec;
        if (picture.Engine.Policies.IsEmpty && allowed.Mode == OptimizationMode.Observe)
        {
            // Other rules drop packets too.
            Denials = [];
            await TellDropsAsync(snapshot, cancellationToken);
            return;
        }

        await StepAsync(snapshot, cancellationToken);
        if (allowed.Mode != OptimizationMode.Observe && snapshot.At - proposedAt >= ProposeEvery)
        {
            // First: what cannot be read is not tried again at every run.
            proposedAt = snapshot.At;
            var seen = Judged(await flows.ReadAsync(TimeRange.Before(snapshot.At, Observed), new FlowEnds(picture), cancellationToken));
            var (proposals, heldBack) = PolicyProposals.Of(picture, seen, allowed.Namespaces.Except(allowed.ProtectedNamespaces, StringComparer.Ordinal), snapshot.Recommendations);
            if (!heldBack.IsEmpty)
            {
                LogHeldBack(heldBack.Length, heldBack[0].ToString());
            }

            foreach (var proposal in proposals)
            {
                await recommendations.ApplyAsync(proposal, cancellationToken);
                meter.Proposed();
                LogProposed(proposal.Metadata.Namespace, proposal.Metadata.Name, proposal.Spec!.Reason);
            }
        }
    }

    /// <summary>Between two rounds: only the next steps of what was begun.</summary>
    /// <exception cref="IOException">As for <see cref="RunAsync"/>.</exception>
    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        if (cluster.Term is null)
        {
            return;
        }

        var open = await cluster.ReadAsync(cancellationToken);
        if (open.Recommendations.Any(static r => r is { Spec.Target.Kind: nameof(NetworkPolicy), Status.Phase: RecommendationPhase.Canary or RecommendationPhase.Applied }))
        {
            await StepAsync(await UpdateAsync(cancellationToken), cancellationToken);
        }
    }

    private async Task<ClusterSnapshot> UpdateAsync(CancellationToken cancellationToken)
    {
        var snapshot = await cluster.ReadAsync(cancellationToken);
        var age = snapshot.At - addresses.At;
        if (age >= AddressesEvery || (age >= AddressesAtMostEvery && snapshot.Nodes.Any(n => !addresses.Nodes.ContainsKey(n.Name))))
        {
            var (nodes, services) = await policies.ListAddressesAsync(cancellationToken);
            addresses = (nodes.ToImmutableDictionary(static n => n.Metadata.Name, StringComparer.Ordinal), services, snapshot.At);
        }

        picture.Replace(
        [
            .. snapshot.Pods,
            .. snapshot.Namespaces.Select(static metadata => new Namespace { Metadata = metadata }),
            .. snapshot.Nodes.IsEmpty ? addresses.Nodes.Values : snapshot.Nodes.Select(metadata => new Node { Metadata = metadata, Status = addresses.Nodes.GetValueOrDefault(metadata.Name)?.Status ?? new NodeStatus() }),
            .. addresses.Services,
            .. await policies.ListAsync(cancellationToken),
        ]);
        return snapshot;
    }

    private async Task StepAsync(ClusterSnapshot snapshot, CancellationToken cancellationToken)
    {
        var seen = Judged(await flows.ReadAsync(Lately(snapshot), new FlowEnds(picture), cancellationToken));
        Denials = PolicyDenial.Find(picture.Engine, seen);
        foreach (var denial in Denials.Where(d => IsNews($"{d.Flow} {d.Verdict}", snapshot.At)))
        {
            meter.Denied();
            LogDenied(denial.ToString());
        }

        await TellDropsAsync(snapshot, cancellationToken);
        foreach (var problem in await rollout.StepAllAsync(snapshot.Recommendations, snapshot.Policy.Spec, picture, seen, snapshot.At, cancellationToken))
        {
            meter.Failed();
            LogFailed(problem);
        }
    }

    private async Task TellDropsAsync(ClusterSnapshot snapshot, CancellationToken cancellationToken)
    {
        Drops = [.. (await flows.ReadDropsAsync(Lately(snapshot), cancellationToken)).Select(d => d.Explained(picture.Engine))];
        foreach (var drop in Drops.Where(d => IsNews($"{d.Pod} {d.Reason}", snapshot.At)))
        {
            LogDropped(drop.ToString());
        }

        foreach (var (key, _) in told.Where(t => snapshot.At - t.Value >= 2 * TellEvery).ToList())
        {
            told.Remove(key);
        }
    }

    private static TimeRange Lately(ClusterSnapshot snapshot) => TimeRange.Before(snapshot.At, Before + (2 * snapshot.Policy.Spec.Canary.Duration));

    private bool IsNews(string key, DateTimeOffset at)
    {
        if (told.TryGetValue(key, out var last) && at - last < TellEvery)
        {
            return false;
        }

        told[key] = at;
        return true;
    }

    /// <summary>Datagrams that nobody answered and that the policies deny were dropped; those that they allow may be meant so.</summary>
    private ImmutableArray<ObservedFlow> Judged(ImmutableArray<ObservedFlow> seen) =>
    [
        .. seen.Select(flow => flow.IsUnanswered && PolicyDenial.Find(picture.Engine, [flow with { Verdict = FlowVerdict.Dropped }]).Length > 0 ? flow with { Verdict = FlowVerdict.Dropped } : flow),
    ];

    [LoggerMessage(Level = LogLevel.Warning, Message = "Rules dropped packets of {Drop}")]
    private partial void LogDropped(string drop);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Policies deny {Denial}")]
    private partial void LogDenied(string denial);

    [LoggerMessage(Level = LogLevel.Information, Message = "Proposed {Namespace}/{Name}: {Reason}")]
    private partial void LogProposed(string @namespace, string name, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} conversations that no rule can name hold policies back, the first of them {Flag}")]
    private partial void LogHeldBack(int count, string flag);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A step of a policy change failed and is tried again: {Problem}")]
    private partial void LogFailed(string problem);
}
