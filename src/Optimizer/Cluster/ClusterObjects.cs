using System.Collections.Concurrent;
using System.Collections.Immutable;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Leases;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Stores;
using NetPulse.Kubernetes.Watching;

namespace NetPulse.Optimizer.Cluster;

/// <summary>In a cluster: the objects as the API server last told them, by one watch a kind; while it is away, what it said last stays.</summary>
/// <remarks>Of namespaces and nodes only the metadata is watched. Reads cost no request; each write asks the server, demands the version that it looked at and, where several replicas run, the present term.</remarks>
public sealed class ClusterObjects : BackgroundService, IClusterObjects
{
    /// <summary>A Tuner writes a status that says nothing new once a minute.</summary>
    private static readonly TimeSpan TunerSilence = TimeSpan.FromSeconds(150);

    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(10);

    /// <summary>A watch that tells nothing of our own write for so long is broken, or the object is deleted by now.</summary>
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);

    private const int MostConflicts = 5;

    private readonly KubernetesClient client;
    private readonly string policyName;
    private readonly TimeProvider time;
    private readonly ClusterObjectStore<NodeTuning> tuningStore;
    private readonly ResourceCache<Pod> pods = new();
    private readonly ResourceCache<PartialObject<Namespace>> namespaces = new();
    private readonly ResourceCache<PartialObject<Node>> nodes = new();
    private readonly ResourceCache<NodeTuning> tunings = new();
    private readonly ResourceCache<OptimizationPolicy> policies = new();
    private readonly ResourceCache<NetworkRecommendation> recommendations = new();
    private readonly ILoggerFactory loggers;

    // What we wrote and no watch has told us of yet: a step must not take it for removed.
    private readonly ConcurrentDictionary<string, (NodeTuning Tuning, DateTimeOffset At)> written = new(StringComparer.Ordinal);

    /// <param name="client">Of the API server; the caller's to dispose of.</param>
    /// <param name="policyName">The one OptimizationPolicy that counts.</param>
    /// <param name="leadership">The present term where several replicas run; <see langword="null"/> where this is the only one.</param>
    /// <param name="time">Of the snapshots.</param>
    /// <param name="loggers">For the watches.</param>
    public ClusterObjects(KubernetesClient client, string policyName, Func<Leadership?>? leadership, TimeProvider time, ILoggerFactory loggers)
    {
        (this.client, this.policyName, this.time, this.loggers) = (client, policyName, time, loggers);
        tuningStore = new ClusterObjectStore<NodeTuning>(client, ResourceQuery.All, time, loggers.CreateLogger<ClusterObjectStore<NodeTuning>>(), leadership);
    }

    /// <summary>Whether every kind has been listed once.</summary>
    public bool IsSynced => pods.IsSynced && namespaces.IsSynced && nodes.IsSynced && tunings.IsSynced && policies.IsSynced && recommendations.IsSynced;

    public OptimizationPolicy? PolicyAtStart() => null;

    public async Task<ClusterSnapshot> ReadAsync(CancellationToken cancellationToken = default)
    {
        await DemandSyncedAsync(cancellationToken);
        var policy = policies.Find(policyName) ?? new OptimizationPolicy { Metadata = new ObjectMeta { Name = policyName } };
        return new ClusterSnapshot(
            time.GetUtcNow(), pods.All(), Tunings(), [], policy, [])
        {
            Namespaces = [.. namespaces.All().Select(static each => each.Metadata)],
            Nodes = [.. nodes.All().Select(static each => each.Metadata)],
            Recommendations = recommendations.All(),
            TunerSilence = TunerSilence,
        };
    }

    public async Task ReplaceSettingsAsync(string node, Func<IReadOnlyList<SysctlSetting>, IEnumerable<SysctlSetting>> change, string recommendation, CancellationToken cancellationToken = default)
    {
        var conflicts = 0;
        while (true)
        {
            // What is stored, not what was told: another write may be on its way here.
            var stored = await tuningStore.FindAsync(node, cancellationToken: cancellationToken);
            var wanted = new NodeTuning
            {
                Metadata = new ObjectMeta
                {
                    Name = node,
                    ResourceVersion = stored?.Metadata.ResourceVersion ?? "",
                    Labels = Ownership.Labels,
                    Annotations = recommendation.Length > 0
                        ? new Dictionary<string, string>(StringComparer.Ordinal) { [NetworkRecommendation.NameAnnotation] = recommendation }
                        : new Dictionary<string, string>(StringComparer.Ordinal),
                },
                Spec = new NodeTuningSpec { Settings = [.. change(stored?.Spec.Settings ?? [])] },
            };
            try
            {
                written[node] = (await tuningStore.ApplyAsync(wanted, cancellationToken), time.GetUtcNow());
                return;
            }
            catch (KubernetesException e) when (e.Fault is ApiFault.VersionConflict && conflicts++ < MostConflicts)
            {
                // Somebody else was faster; the change is made on what he left.
            }
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        Follow(pods, stoppingToken),
        Follow(namespaces, stoppingToken),
        Follow(nodes, stoppingToken),
        Follow(tunings, stoppingToken),
        Follow(policies, stoppingToken),
        Follow(recommendations, stoppingToken));

    /// <summary>The generation counts up with each change of the spec, so it tells which of two is the later.</summary>
    private ImmutableDictionary<string, NodeTuning> Tunings()
    {
        var known = tunings.All().ToImmutableDictionary(static tuning => tuning.Metadata.Name, StringComparer.Ordinal).ToBuilder();
        foreach (var (node, ours) in written)
        {
            var told = known.GetValueOrDefault(node);
            if (time.GetUtcNow() - ours.At > LongestDelay || (told is not null && (told.Metadata.Uid != ours.Tuning.Metadata.Uid || told.Metadata.Generation >= ours.Tuning.Metadata.Generation)))
            {
                written.TryRemove(KeyValuePair.Create(node, ours));
            }
            else
            {
                known[node] = ours.Tuning with { Status = told?.Status ?? ours.Tuning.Status };
            }
        }

        return known.ToImmutable();
    }

    private Task Follow<T>(ResourceCache<T> cache, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        cache.RunAsync(new ResourceStream<T>(client, ResourceQuery.All, time, loggers.CreateLogger<ClusterObjects>()).FollowAsync(cancellationToken), cancellationToken);

    private async Task DemandSyncedAsync(CancellationToken cancellationToken)
    {
        if (IsSynced)
        {
            return;
        }

        try
        {
            await Task.WhenAll(
                pods.WaitUntilSyncedAsync(cancellationToken), namespaces.WaitUntilSyncedAsync(cancellationToken), nodes.WaitUntilSyncedAsync(cancellationToken),
                tunings.WaitUntilSyncedAsync(cancellationToken), policies.WaitUntilSyncedAsync(cancellationToken), recommendations.WaitUntilSyncedAsync(cancellationToken)).WaitAsync(FirstPatience, time, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new IOException($"the API server at {client.Configuration.Server} has not told {string.Join(", ", Missing())} yet; the log says why", e);
        }
    }

    private IEnumerable<string> Missing() =>
        from kind in new (string Name, bool IsSynced)[]
        {
            (Pod.Type.Plural, pods.IsSynced), (Namespace.Type.Plural, namespaces.IsSynced), (Node.Type.Plural, nodes.IsSynced), (NodeTuning.Type.Plural, tunings.IsSynced),
            (OptimizationPolicy.Type.Plural, policies.IsSynced), (NetworkRecommendation.Type.Plural, recommendations.IsSynced),
        }
        where !kind.IsSynced
        select kind.Name;
}
