using System.Diagnostics.Metrics;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;
using NetPulse.Collector.Attribution;
using NetPulse.Collector.Kernel;
using NetPulse.Telemetry.Exposition;

namespace NetPulse.Collector.Sources;

/// <summary>DNS by who asks and by resolver. The names that are asked for are not looked at.</summary>
/// <remarks>docs/dns.md says how malformed, truncated, repeated and late messages count.</remarks>
public sealed class DnsQueries : ISource, IDisposable
{
    private static readonly TimeSpan LongestIdle = TimeSpan.FromMinutes(10);

    private readonly Dictionary<DnsKey, (DnsCounters Counters, DateTimeOffset Last)> seen = [];
    private readonly Dictionary<DnsEdgeKey, DnsEdge> edges = [];
    private readonly NodeObserver node;
    private readonly string nodeName;
    private readonly int maximumEdges;
    private readonly DnsOptions options;
    private readonly KernelProgram<DnsProgram> program;
    private readonly Counter<long> lost;
    private long lostBefore;

    /// <param name="maximumEdges">More pairs of workload and resolver than this are folded into the resolver <c>other</c>.</param>
    /// <param name="askers">Whose packets are looked at, unless it is the whole node's.</param>
    public DnsQueries(NodeObserver node, NodeName name, int maximumEdges, DnsAskers askers, IOptions<DnsOptions> options, TimeProvider time, Meter meter)
    {
        this.node = node;
        this.maximumEdges = maximumEdges;
        this.options = options.Value;
        nodeName = name.Value;
        program = new KernelProgram<DnsProgram>(() => DnsProgram.Load(this.options.Scope == DnsScope.Node, askers), time);
        lost = meter.CreateCounter<long>("netpulse_dns_lost_messages", description: "DNS messages that were not counted, because the kernel's table of who asks whom was full.");
        meter.CreateObservableGauge("netpulse_dns_watched_groups", () => program.Loaded?.WatchedGroups ?? 0, description: "Control groups whose packets are looked at for DNS; 1 where it is the whole node.");
        meter.CreateObservableGauge("netpulse_dns_refused_groups", () => program.Loaded?.RefusedGroups ?? 0, description: "Control groups that talk to port 53 and could not be attached to; each reading tries again.");
    }

    public string Name => "dns";

    /// <inheritdoc/>
    public void Read(SampleWriter samples)
    {
        var loaded = program.Load();
        var picture = node.Current;
        loaded.Revisit();
        loaded.ReadResolvers((in key, in counters) =>
        {
            ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(seen, key, out _);
            if (MemoryMarshal.AsBytes(new ReadOnlySpan<DnsCounters>(in known.Counters)).SequenceEqual(MemoryMarshal.AsBytes(new ReadOnlySpan<DnsCounters>(in counters))))
            {
                return;
            }

            Find(EdgeOf(picture, key)).Add(in known.Counters, in counters, samples.At);
            known = (counters, samples.At);
        });
        var lostNow = loaded.LostMessages;
        lost.Add(lostNow - lostBefore);
        lostBefore = lostNow;
        loaded.TakeExpired(options.Timeout, (key, query) =>
            Find(EdgeOf(picture, new DnsKey { Owner = query.Owner, Resolver = key.Resolver, Protocol = key.Protocol })).CountTimeout(samples.At));
        foreach (var (key, row) in seen)
        {
            if (samples.At - row.Last > LongestIdle)
            {
                loaded.Forget(key);
                seen.Remove(key);
            }
        }

        foreach (var (key, edge) in edges)
        {
            if (samples.At - edge.LastUse > LongestIdle)
            {
                edges.Remove(key);
            }
            else
            {
                edge.Write(samples);
            }
        }
    }

    public void Dispose() => program.Dispose();

    private static DnsEdgeKey EdgeOf(NodePicture picture, DnsKey key)
    {
        const byte IPPROTO_TCP = 6;
        return new(
            picture.Owners.Of(key.Owner.ControlGroupId, key.Owner.NamespaceCookie, key.Owner.NamespaceInode),
            picture.Peers.Of(key.Resolver),
            key.Protocol == IPPROTO_TCP ? "tcp" : "udp");
    }

    private DnsEdge Find(DnsEdgeKey key)
    {
        if (edges.TryGetValue(key, out var edge))
        {
            return edge;
        }

        if (edges.Count >= maximumEdges && key.Resolver != TcpEdges.Other)
        {
            return Find(key with { Resolver = TcpEdges.Other });
        }

        edge = new DnsEdge(key, nodeName);
        edges.Add(key, edge);
        return edge;
    }
}
