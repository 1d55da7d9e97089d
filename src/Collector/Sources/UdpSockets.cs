using System.Diagnostics.Metrics;
using System.Runtime.InteropServices;
using NetPulse.Collector.Attribution;
using NetPulse.Collector.Kernel;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Sources;

/// <summary>UDP by workload pair, and what sockets dropped, as the kernel counted it since we began.</summary>
/// <remarks>
/// Peers that find no room in the kernel's map, or no edge of their own here, are counted under their owner's peer <c>other</c>; a peer
/// that the kernel does not name (<see cref="UdpHooks"/>) is <c>unknown</c>. So no byte is left out.
/// </remarks>
public sealed partial class UdpSockets : ISource, IDisposable
{
    /// <summary>Addresses that one node's sockets talk to at a time; 8 MiB in the kernel.</summary>
    public const int DefaultKernelEdges = 65_536;

    private static readonly TimeSpan LongestIdle = TimeSpan.FromMinutes(10);

    /// <summary>Of drops: a burst is seen by what a counter rises, and one that began anew with each would hide it.</summary>
    private static readonly TimeSpan LongestQuiet = TimeSpan.FromDays(1);

    private readonly Dictionary<UdpKey, Seen> seen = [];
    private readonly Dictionary<UdpKey, Seen> seenOverflow = [];
    private readonly Dictionary<UdpEdgeKey, UdpEdge> edges = [];
    private readonly List<UdpKey> idle = [];
    private readonly Dictionary<UdpDropKey, Dropped> seenDrops = [];
    private readonly Dictionary<(WorkloadIdentity Owner, ushort Port), Dropped> drops = [];
    private readonly NodeObserver node;
    private readonly UdpQueues queues;
    private readonly string nodeName;
    private readonly int maximumEdges;
    private readonly KernelProgram<UdpProgram> program;
    private readonly SeriesLabels labels;
    private readonly Counter<long> overflowed;
    private readonly ILogger<UdpSockets> logger;
    private bool isAnnounced;

    /// <param name="maximumEdges">More workload pairs than this are folded into the peer <c>other</c>.</param>
    /// <param name="kernelEdges">Entries of the kernel's map: owner, peer's address, port.</param>
    /// <param name="askers">Hears of those who talk to port 53.</param>
    public UdpSockets(
        NetworkNamespaceThread thread, NodeObserver node, NodeName name, int maximumEdges, int kernelEdges, DnsAskers askers, TimeProvider time, Meter meter, ILogger<UdpSockets> logger)
    {
        this.node = node;
        queues = new UdpQueues(thread);
        this.maximumEdges = maximumEdges;
        this.logger = logger;
        nodeName = name.Value;
        labels = new SeriesLabels(nodeName);
        program = new KernelProgram<UdpProgram>(() => UdpProgram.Load(kernelEdges, askers), time);
        overflowed = meter.CreateCounter<long>("netpulse_udp_overflowed_datagrams", description: "Datagrams counted under the peer \"other\", because the kernel's map of peers was full.");
        meter.CreateObservableGauge("netpulse_udp_edges", () => edges.Count, description: "Workload pairs that have UDP series.");
        meter.CreateObservableGauge("netpulse_udp_named_groups", () => program.Loaded?.NamedGroups ?? 0, description: "Control groups in which those who send to UDP sockets that are not connected are counted by their address, because somebody there asks for it.");
        meter.CreateObservableGauge("netpulse_udp_refused_groups", () => program.Loaded?.RefusedGroups ?? 0, description: "Control groups in which somebody asks who sends, and that could not be attached to; each reading tries again.");
        meter.CreateObservableGauge("netpulse_udp_unconnected_peers_known", () => program.Loaded is { SendersUnknown: null } ? 1 : 0, description: "1 where those who send to UDP sockets that are not connected can be counted by their address, 0 where they are unknown.");
    }

    public string Name => "udp";

    /// <inheritdoc/>
    public void Read(SampleWriter samples)
    {
        var loaded = program.Load();
        Announce(loaded);
        loaded.NameSenders();
        var picture = node.Current;
        loaded.ReadEdges((in key, in counters) => Count(picture, samples.At, in key, in counters, isOverflow: false));
        loaded.ReadOverflow((in key, in counters) => Count(picture, samples.At, in key, in counters, isOverflow: true));
        var dropping = CountDrops(loaded, picture, samples.At);

        // What was forgotten before it is read would be lost.
        ForgetIdle(loaded, samples.At);
        foreach (var edge in edges.Values)
        {
            edge.Write(samples);
        }

        WriteDrops(samples);
        WriteQueues(picture, dropping, samples);
    }

    public void Dispose() => program.Dispose();

    private void Announce(UdpProgram loaded)
    {
        if (isAnnounced)
        {
            return;
        }

        isAnnounced = true;
        LogHooks(loaded.Hooks);
        if (loaded.SendersUnknown is { } problem)
        {
            LogSendersUnknown(problem.Message);
        }
    }

    private void Count(NodePicture picture, DateTimeOffset now, in UdpKey key, in UdpCounters counters, bool isOverflow)
    {
        ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(isOverflow ? seenOverflow : seen, key, out _);
        var increase = counters - known.Counters;
        if (increase == default)
        {
            if (!isOverflow && known.Edge is not null && now - known.LastUse > LongestIdle)
            {
                idle.Add(key);
            }

            return;
        }

        if (known.Edge is null || known.Version != picture.Version)
        {
            known.Edge = Find(EdgeOf(picture, in key, isOverflow));
            known.Version = picture.Version;
        }

        if (isOverflow)
        {
            overflowed.Add((long)(increase.SentDatagrams + increase.ReceivedDatagrams));
        }

        known.Edge.Add(increase, now);
        known.Counters = counters;
        known.LastUse = now;
    }

    private static UdpEdgeKey EdgeOf(NodePicture picture, in UdpKey key, bool isOverflow) => new(
        picture.Owners.Of(key.Owner.ControlGroupId, key.Owner.NamespaceCookie, key.Owner.NamespaceInode),
        isOverflow ? TcpEdges.Other : key.Peer == default ? NamespaceOwners.Unknown : picture.Peers.Of(key.Peer),
        key.ServerPort,
        key.IsServer);

    private UdpEdge Find(UdpEdgeKey key)
    {
        if (edges.TryGetValue(key, out var edge))
        {
            return edge;
        }

        if (edges.Count >= maximumEdges && key.Peer != TcpEdges.Other)
        {
            return Find(new UdpEdgeKey(key.Owner, TcpEdges.Other, 0, key.IsServer));
        }

        edge = new UdpEdge(key, nodeName);
        edges.Add(key, edge);
        return edge;
    }

    /// <summary>Makes room: in the kernel's map for other addresses, here for other pairs.</summary>
    private void ForgetIdle(UdpProgram loaded, DateTimeOffset now)
    {
        foreach (var key in idle)
        {
            loaded.Forget(key);
            seen.Remove(key);
        }

        idle.Clear();
        foreach (var (key, _) in edges.Where(each => now - each.Value.LastUse > LongestIdle))
        {
            edges.Remove(key);
            foreach (var overflow in seenOverflow.Keys)
            {
                CollectionsMarshal.GetValueRefOrNullRef(seenOverflow, overflow).Edge = null;
            }
        }

        foreach (var (key, _) in seenDrops.Where(each => each.Key != default && now - each.Value.Last > LongestIdle))
        {
            loaded.Forget(key);
            seenDrops.Remove(key);
        }

        foreach (var (place, dropped) in drops)
        {
            if (now - dropped.Last > LongestQuiet)
            {
                drops.Remove(place);
            }
        }
    }

    /// <returns>The sockets that have dropped again since the last reading.</returns>
    private List<(UdpDropKey Key, WorkloadIdentity Owner)> CountDrops(UdpProgram loaded, NodePicture picture, DateTimeOffset now)
    {
        var dropping = new List<(UdpDropKey Key, WorkloadIdentity Owner)>();
        loaded.ReadDrops((in key, in counters) =>
        {
            // What a socket has dropped stays with whom it belonged to then.
            var isKnown = seenDrops.TryGetValue(key, out var before);
            if (counters.ReceiveBuffer == before.Counters.ReceiveBuffer && counters.Memory == before.Counters.Memory)
            {
                return;
            }

            seenDrops[key] = new Dropped(counters, now);
            var owner = key == default ? NamespaceOwners.Unknown : picture.Owners.Of(key.Owner.ControlGroupId, key.Owner.NamespaceCookie, key.Owner.NamespaceInode);
            var total = drops.GetValueOrDefault((owner, key.LocalPort)).Counters;
            drops[(owner, key.LocalPort)] = new Dropped(total.Grown(before.Counters, counters), now);
            if (isKnown && counters.ReceiveBuffer > before.Counters.ReceiveBuffer)
            {
                dropping.Add((key, owner));
            }
        });
        return dropping;
    }

    private void WriteDrops(SampleWriter samples)
    {
        labels.BeginReading();
        foreach (var ((owner, port), (counters, _)) in drops)
        {
            var portLabel = new Label(LabelNames.ServerPort, port == 0 ? "" : $"{port}");
            samples.Write(UdpMetrics.SocketDrops, labels.Of(UdpMetrics.SocketDrops, owner, portLabel, new Label(LabelNames.Reason, "receive_buffer")), counters.ReceiveBuffer);
            samples.Write(UdpMetrics.SocketDrops, labels.Of(UdpMetrics.SocketDrops, owner, portLabel, new Label(LabelNames.Reason, "memory")), counters.Memory);
            samples.Write(UdpMetrics.DroppingBufferBytes, labels.Of(UdpMetrics.DroppingBufferBytes, owner, portLabel), counters.BufferBytes);
            samples.Write(UdpMetrics.DroppingBufferLocked, labels.Of(UdpMetrics.DroppingBufferLocked, owner, portLabel), counters.IsLocked);
        }
    }

    private void WriteQueues(NodePicture picture, List<(UdpDropKey Key, WorkloadIdentity Owner)> dropping, SampleWriter samples)
    {
        foreach (var inNamespace in dropping.GroupBy(each => each.Key.Owner.NamespaceInode))
        {
            var waiting = queues.Read(picture, inNamespace.Key);
            foreach (var (key, owner) in inNamespace.Where(each => waiting.ContainsKey(each.Key.LocalPort)).DistinctBy(each => (each.Owner, each.Key.LocalPort)))
            {
                samples.Write(UdpMetrics.DroppingQueueBytes, labels.Of(UdpMetrics.DroppingQueueBytes, owner, new Label(LabelNames.ServerPort, $"{key.LocalPort}")), waiting[key.LocalPort]);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "UDP is counted by the kernel's {Hooks}")]
    private partial void LogHooks(UdpHooks hooks);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Those who send to UDP sockets that are not connected stay unknown, their bytes are counted: {Problem}")]
    private partial void LogSendersUnknown(string problem);

    /// <param name="Last">When it last grew.</param>
    private readonly record struct Dropped(UdpDropCounters Counters, DateTimeOffset Last);

    private struct Seen
    {
        public UdpCounters Counters;
        public UdpEdge? Edge;
        public int Version;
        public DateTimeOffset LastUse;
    }
}
