using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NetPulse.Hosting;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Stores;
using NetPulse.Kubernetes.Watching;
using NetPulse.Tuner.Namespaces;

namespace NetPulse.Tuner.Desired;

/// <summary>In a cluster: this node's NodeTuning and pods as the API server last told them; its status goes back in the background.</summary>
/// <remarks>
/// While the API server is away, what it said last stays. A status that says nothing new is written once a minute: thousands of nodes write to one server.
/// The NodeTuning itself is made here where there is none, empty, as only an object can have a status; its spec is never written.
/// </remarks>
public sealed partial class ClusterNodeObjects : BackgroundService, INodeObjects
{
    /// <summary>Between two statuses that differ in their time alone.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(5);

    private readonly KubernetesClient client;
    private readonly ClusterObjectStore<NodeTuning> tunings;
    private readonly ResourceStream<Pod> podStream;
    private readonly ResourceCache<NodeTuning> tuning;
    private readonly ResourceCache<Pod> pods;
    private readonly PodProcesses processes;
    private readonly RoleWatch roles;
    private readonly TunerMetrics metrics;
    private readonly TimeProvider time;
    private readonly ILogger<ClusterNodeObjects> logger;
    private readonly Channel<NodeTuningStatus> waiting =
        Channel.CreateBounded<NodeTuningStatus>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    /// <summary>What of an object counts here, as it was told last: a pod's readiness, or our own status, is no change.</summary>
    private readonly ConcurrentDictionary<(string Kind, string Namespace, string Name), string> counted = new();

    private readonly AutoResetEvent changed = new(initialState: false);

    private int changes = 1;
    private long? generation;
    private string refusal = "";

    public ClusterNodeObjects(KubernetesClient client, string node, PodProcesses processes, RoleWatch roles, TunerMetrics metrics, TimeProvider time, ILoggerFactory loggers)
    {
        (Node, this.client, this.processes, this.roles, this.metrics, this.time, logger) = (node, client, processes, roles, metrics, time, loggers.CreateLogger<ClusterNodeObjects>());
        var own = new ResourceQuery { FieldSelector = $"metadata.name={node}" };
        tunings = new ClusterObjectStore<NodeTuning>(client, own, time, loggers.CreateLogger<ClusterObjectStore<NodeTuning>>());
        podStream = new ResourceStream<Pod>(client, new ResourceQuery { FieldSelector = $"spec.nodeName={node}" }, time, logger);
        tuning = new ResourceCache<NodeTuning> { OnChange = change => Tell(change, static told => JsonSerializer.Serialize(told.Spec, KubernetesJson.TypeOf<NodeTuningSpec>())) };
        pods = new ResourceCache<Pod> { OnChange = change => Tell(change, WhatCounts) };
    }

    public string Node { get; }

    /// <summary>A moment for the first lists, so that a start says nothing of what comes at once.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await Task.WhenAll(tuning.WaitUntilSyncedAsync(cancellationToken), pods.WaitUntilSyncedAsync(cancellationToken)).WaitAsync(FirstPatience, time, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new IOException($"the API server at {client.Configuration.Server} has not told the NodeTuning {Node} and this node's pods yet; what is held goes on being held", e);
        }
    }

    public WaitHandle? Changed => changed;

    public bool HaveChanged() => Interlocked.Exchange(ref changes, 0) == 1;

    public IReadOnlyList<SysctlSetting> ReadSettings()
    {
        if (!tuning.IsSynced)
        {
            throw new IOException($"the API server at {client.Configuration.Server} has not told the NodeTuning {Node} yet");
        }

        var told = tuning.Find(Node);
        generation = told?.Metadata.Generation;
        return told?.Spec.Settings ?? [];
    }

    public PodDirectory ReadPods() => pods.IsSynced
        ? new PodDirectory(processes.Locate(pods.All()), [])
        : throw new IOException($"the API server at {client.Configuration.Server} has not told the pods of node {Node} yet");

    public NodeTuningStatus? ReadStatus() => tuning.Find(Node)?.Status;

    /// <summary>With the generation at which was looked: a spec that asks for what holds already is answered at once, too.</summary>
    public void WriteStatus(NodeTuningStatus status) => waiting.Writer.TryWrite(status with { ObservedGeneration = generation });

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => StreamGroup.RunAsync(
        [
            ended => tuning.RunAsync(tunings.FollowAsync(ended), ended),
            ended => pods.RunAsync(podStream.FollowAsync(ended), ended),
            WriteStatusesAsync,
        ],
        stoppingToken);

    public override void Dispose()
    {
        changed.Dispose();
        base.Dispose();
    }

    private void Tell<T>(ResourceChange<T> change, Func<T, string> whatCounts)
        where T : class, IKubernetesObject
    {
        switch (change)
        {
            case ResourceChange<T>.Stored { Item: var item }:
                var now = whatCounts(item);
                if (counted.TryGetValue(KeyOf(item), out var before) && before == now)
                {
                    return;
                }

                counted[KeyOf(item)] = now;
                break;
            case ResourceChange<T>.Removed { Item: var gone }:
                counted.TryRemove(KeyOf(gone), out _);
                break;
            case ResourceChange<T>.Listed { Items: var items }:
                foreach (var other in counted.Keys.Where(static key => key.Kind == typeof(T).Name))
                {
                    counted.TryRemove(other, out _);
                }

                foreach (var listed in items)
                {
                    counted[KeyOf(listed)] = whatCounts(listed);
                }

                break;
        }

        Volatile.Write(ref changes, 1);
        changed.Set();
    }

    private static (string Kind, string Namespace, string Name) KeyOf<T>(T item)
        where T : class, IKubernetesObject => (typeof(T).Name, item.Metadata.Namespace, item.Metadata.Name);

    private static string WhatCounts(Pod pod) => string.Join(
        ' ', pod.Metadata.Uid, pod.Spec.NodeName, pod.Spec.HostNetwork, pod.Status.Phase, pod.Status.PodIP, PodWorkload.Of(pod), pod.Metadata.Annotations.GetValueOrDefault(Pod.StaticPodAnnotation));

    private async Task WriteStatusesAsync(CancellationToken cancellationToken)
    {
        NodeTuningStatus? written = null;
        await foreach (var status in waiting.Reader.ReadAllAsync(cancellationToken))
        {
            if (written is not null && status.ObservedAt - written.ObservedAt < Heartbeat && SaysTheSame(status, written))
            {
                continue;
            }

            try
            {
                await WriteAsync(status, cancellationToken);
                (written, refusal) = (status, "");
            }
            catch (KubernetesException e)
            {
                // The next look, ten seconds from now, brings another.
                written = null;
                metrics.CountStatusFailure();
                if (refusal != e.Message)
                {
                    LogStatusFailed(Node, e.Message);
                }

                refusal = e.Message;
            }
        }
    }

    private async Task WriteAsync(NodeTuningStatus status, CancellationToken cancellationToken)
    {
        var whole = new NodeTuning { Metadata = new ObjectMeta { Name = Node }, Status = status with { Conditions = (ReadStatus()?.Conditions ?? []).With(Ready(status, roles.Problem)) } };
        try
        {
            await tunings.ApplyStatusAsync(whole, cancellationToken);
        }
        catch (KubernetesException e) when (e.Fault is ApiFault.NotFound { Name.Length: > 0 })
        {
            await tunings.ApplyAsync(new NodeTuning { Metadata = new ObjectMeta { Name = Node, OwnerReferences = await OwnersAsync(cancellationToken) } }, cancellationToken);
            await tunings.ApplyStatusAsync(whole, cancellationToken);
        }
    }

    /// <summary>The node itself, with which its NodeTuning then goes; nobody where the node is not to be read.</summary>
    private async Task<IReadOnlyList<OwnerReference>> OwnersAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await client.FindAsync<PartialObject<Node>>(Node, cancellationToken: cancellationToken) is { } node
                ? [new OwnerReference { ApiVersion = "v1", Kind = "Node", Name = Node, Uid = node.Metadata.Uid }]
                : [];
        }
        catch (KubernetesException e) when (e.Fault is ApiFault.Forbidden)
        {
            LogNobodysOwn(Node, e.Message);
            return [];
        }
    }

    private static bool SaysTheSame(NodeTuningStatus a, NodeTuningStatus b) => a with { ObservedAt = b.ObservedAt } == b || Text(a) == Text(b);

    private static string Text(NodeTuningStatus status) => JsonSerializer.Serialize(status with { ObservedAt = default }, KubernetesJson.TypeOf<NodeTuningStatus>());

    private static Condition Ready(NodeTuningStatus status, string rolesProblem)
    {
        var open = status.Settings.Where(static setting => setting.State is SettingState.Refused or SettingState.Failed or SettingState.Overridden).Select(static setting => $"{setting.Name}: {setting.Message}").ToList();
        return new Condition
        {
            Type = "Ready",
            Status = status.Problem.Length + rolesProblem.Length == 0 && open.Count == 0 ? Condition.True : Condition.False,
            Reason = status.Problem.Length > 0 ? "Unreadable" : rolesProblem.Length > 0 ? "RolesMissing" : open.Count > 0 ? "NotAllHold" : "AllHold",
            Message = string.Join("; ", open.Take(5).Prepend(rolesProblem).Prepend(status.Problem).Where(static told => told.Length > 0)),
            LastTransitionTime = status.ObservedAt,
        };
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "NodeTuning {Node} is made without an owner, and will stay when the node has gone: {Problem}")]
    private partial void LogNobodysOwn(string node, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The status of NodeTuning {Node} could not be written; it is tried again: {Problem}")]
    private partial void LogStatusFailed(string node, string problem);
}
