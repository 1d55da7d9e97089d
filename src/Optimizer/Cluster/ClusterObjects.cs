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

    /// <summary>A connection that dies (30 s until a ping says so), another try (30 s), and two bookmarks that are a minute apart.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(4);

    /// <summary>An API server that has just started refuses what it will allow in a moment.</summary>
    private static readonly TimeSpan LongestRefusal = TimeSpan.FromSeconds(30);

    private const int MostConflicts = 5;

    private readonly KubernetesClient client;
    private readonly string policyName;
    private readonly Func<Leadership?>? leadership;
    private readonly Func<IEnumerable<string>>? elsewhere;
    private readonly NodeGroups? groups;
    private readonly TimeProvider time;
    private readonly ClusterObjectStore<NodeTuning> tuningStore;
    private readonly ResourceCache<Pod> pods = new();
    private readonly ResourceCache<PartialObject<Namespace>> namespaces = new();
    private readonly ResourceCache<PartialObject<Node>> nodes = new();
    private readonly ResourceCache<NodeTuning> tunings = new();
    private readonly ResourceCache<OptimizationPolicy> policies = new();
    private readonly ResourceCache<NetworkRecommendation> recommendations = new();
    private readonly ILoggerFactory loggers;
    private readonly ResourceQuery own;

    private readonly ConcurrentDictionary<string, Func<(DateTimeOffset? HeardAt, string Problem, DateTimeOffset? RefusedSince)>> streams = new(StringComparer.Ordinal);
    private string? caughtUpIn;

    // What we wrote, or found written, and no watch has told us of yet: a step must not take it for removed.
    private readonly ConcurrentDictionary<string, (NodeTuning Tuning, DateTimeOffset At)> written = new(StringComparer.Ordinal);

    /// <param name="client">Of the API server; the caller's to dispose of.</param>
    /// <param name="policyName">The one OptimizationPolicy that counts.</param>
    /// <param name="group">Whose recommendations; empty where the work is not split.</param>
    /// <param name="leadership">The present term where several replicas run; <see langword="null"/> where this is the only one.</param>
    /// <param name="time">Of the snapshots.</param>
    /// <param name="loggers">For the watches.</param>
    /// <param name="elsewhere">What others cannot do with the API server.</param>
    /// <param name="groups">Who works on which node, where the work is split.</param>
    public ClusterObjects(KubernetesClient client, string policyName, string group, Func<Leadership?>? leadership, TimeProvider time, ILoggerFactory loggers, Func<IEnumerable<string>>? elsewhere = null, NodeGroups? groups = null)
    {
        (this.client, this.policyName, this.leadership, this.time, this.loggers, this.elsewhere, this.groups, own) = (client, policyName, leadership, time, loggers, elsewhere, groups, Ownership.Of(group));
        tuningStore = new ClusterObjectStore<NodeTuning>(client, ResourceQuery.All, time, loggers.CreateLogger<ClusterObjectStore<NodeTuning>>(), leadership);
    }

    /// <summary>Whether every kind has been listed once.</summary>
    public bool IsSynced => pods.IsSynced && namespaces.IsSynced && nodes.IsSynced && tunings.IsSynced && policies.IsSynced && recommendations.IsSynced;

    public string? Term => leadership is null ? "" : leadership()?.FencingToken;

    public OptimizationPolicy? PolicyAtStart() => null;

    /// <summary>A pod as last told; <see langword="null"/> where none of that name is known.</summary>
    public Pod? PodNamed(string @namespace, string name) => pods.Find(name, @namespace);

    /// <summary>The policy that counts as last told; <see langword="null"/> where it is not known.</summary>
    public OptimizationPolicy? Policy => policies.Find(policyName);

    public async Task<ClusterSnapshot> ReadAsync(CancellationToken cancellationToken = default)
    {
        await DemandSyncedAsync(cancellationToken);
        await CatchUpAsync(cancellationToken);
        ImmutableArray<ObjectMeta> known = [.. nodes.All().Select(static each => each.Metadata)];
        var ungrouped = "";
        var others = groups?.Others(known, out ungrouped) ?? [];
        return new ClusterSnapshot(
            time.GetUtcNow(), pods.All(), Tunings(), [], PolicyNow(), ungrouped.Length > 0 ? Problems().Add(ungrouped) : Problems())
        {
            Namespaces = [.. namespaces.All().Select(static each => each.Metadata)],
            Nodes = known,
            OtherNodes = others,
            Recommendations = recommendations.All(),
            TunerSilence = TunerSilence,
        };
    }

    public async Task ReplaceSettingsAsync(string node, Func<IReadOnlyList<SysctlSetting>, IEnumerable<SysctlSetting>> change, string recommendation, CancellationToken cancellationToken = default)
    {
        var conflicts = 0;
        while (true)
        {
            try
            {
                var (stored, wanted) = await WantedAsync(node, change, recommendation, cancellationToken);
                if (!wanted.Spec.Settings.SequenceEqual(stored?.Spec.Settings ?? []))
                {
                    stored = await tuningStore.ApplyAsync(wanted, cancellationToken);
                }

                if (stored is not null)
                {
                    written[node] = (stored, time.GetUtcNow());
                }

                return;
            }
            catch (KubernetesException e) when (e.Fault is ApiFault.VersionConflict && conflicts++ < MostConflicts)
            {
                // Somebody else was faster; the change is made on what he left.
            }
        }
    }

    public async Task TryReplaceSettingsAsync(string node, Func<IReadOnlyList<SysctlSetting>, IEnumerable<SysctlSetting>> change, string recommendation, CancellationToken cancellationToken = default)
    {
        try
        {
            await tuningStore.TryApplyAsync((await WantedAsync(node, change, recommendation, cancellationToken)).Wanted, cancellationToken);
        }
        catch (KubernetesException e) when (e.Fault is ApiFault.VersionConflict)
        {
            // Not refused: it would be made anew on what somebody else has just left.
        }
    }

    /// <summary>Made of what is stored, not of what was told: another write may be on its way here.</summary>
    private async Task<(NodeTuning? Stored, NodeTuning Wanted)> WantedAsync(string node, Func<IReadOnlyList<SysctlSetting>, IEnumerable<SysctlSetting>> change, string recommendation, CancellationToken cancellationToken)
    {
        var stored = await tuningStore.FindAsync(node, cancellationToken: cancellationToken);
        return (stored, new NodeTuning
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
        });
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => StreamGroup.RunAsync(
        [
            ended => Follow(pods, ResourceQuery.All, ended),
            ended => Follow(namespaces, ResourceQuery.All, ended),
            ended => Follow(nodes, ResourceQuery.All, ended),
            ended => Follow(tunings, ResourceQuery.All, ended),
            ended => Follow(policies, ResourceQuery.All, ended),
            ended => Follow(recommendations, own, ended),
        ],
        stoppingToken);

    /// <summary>A pause that cannot be heard may have been asked for: nothing is begun, and an open change is taken back, until policies are told again. What was kept stays.</summary>
    private OptimizationPolicy PolicyNow()
    {
        var policy = Policy ?? new OptimizationPolicy { Metadata = new ObjectMeta { Name = policyName } };
        return policy.Spec.Paused.Count == 0 && streams.TryGetValue(OptimizationPolicy.Type.Plural, out var stream) && Silence(OptimizationPolicy.Type.Plural, stream()) is { } silence
            ? policy with { Spec = policy.Spec with { Paused = [silence], OnPause = PausedKept.Keep } }
            : policy;
    }

    /// <summary>Once a term: what the leader before wrote last may not have been told to us yet.</summary>
    private async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        if (Term is not { } term || term == caughtUpIn)
        {
            return;
        }

        foreach (var tuning in (await tuningStore.ListAsync(cancellationToken)).Items)
        {
            written[tuning.Metadata.Name] = (tuning, time.GetUtcNow());
        }

        caughtUpIn = term;
    }

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

    private Task Follow<T>(ResourceCache<T> cache, ResourceQuery query, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        cache.RunAsync(Stream<T>(query).FollowAsync(cancellationToken), cancellationToken);

    private ResourceStream<T> Stream<T>(ResourceQuery query)
        where T : class, IResource<T>
    {
        var stream = new ResourceStream<T>(client, query, time, loggers.CreateLogger<ClusterObjects>());
        streams[T.Type.Plural] = () => (stream.HeardAt, stream.Problem, stream.RefusedSince);
        return stream;
    }

    /// <summary>Kinds that the API server refuses to tell of, or has not told of for longer than any watch is silent, each with its reason; and what others cannot do.</summary>
    public ImmutableArray<string> Problems() =>
    [
        .. elsewhere?.Invoke() ?? [],
        .. from stream in streams.OrderBy(static each => each.Key, StringComparer.Ordinal)
           let silence = Silence(stream.Key, stream.Value())
           where silence is not null
           select silence,
    ];

    private string? Silence(string kind, (DateTimeOffset? HeardAt, string Problem, DateTimeOffset? RefusedSince) stream)
    {
        var now = time.GetUtcNow();
        return stream.Problem.Length > 0 && (now - stream.HeardAt > LongestSilence || now - stream.RefusedSince > LongestRefusal) ? $"{kind} are as of {stream.HeardAt:HH:mm:ss}: {stream.Problem}" : null;
    }

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
            throw new IOException($"the API server at {client.Configuration.Server} has not told {string.Join(", ", Missing())} yet{string.Concat(streams.Values.Select(static each => each().Problem).Where(static problem => problem.Length > 0).Distinct(StringComparer.Ordinal).Select(static problem => $"; {problem}"))}", e);
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
