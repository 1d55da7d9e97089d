using NetPulse.Collector.Attribution;
using NetPulse.Collector.Kernel;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Sources;

/// <summary>The edges of this node, at most a number of them; what would be one more is folded into its owner's peer <c>other</c>.</summary>
internal sealed class TcpEdges(string node, int maximum)
{
    /// <summary>Who stands for all peers that found no edge of their own.</summary>
    internal static readonly WorkloadIdentity Other = new("", "other", "");

    private static readonly TimeSpan LongestIdle = TimeSpan.FromMinutes(10);

    private readonly Dictionary<TcpEdgeKey, TcpEdge> edges = [];

    /// <summary>Spares most records the look-ups and the key.</summary>
    private readonly Dictionary<EdgeKey, TcpEdge> known = [];

    private NodePicture picture = NodePicture.None;

    public int Count => edges.Count;

    /// <summary>Rows and records that were folded into <see cref="Other"/> here or in the kernel.</summary>
    public long Folded { get; private set; }

    public void Attribute(NodePicture current)
    {
        if (current.Version != picture.Version)
        {
            known.Clear();
            picture = current;
        }
    }

    public WorkloadIdentity OwnerOf(in EdgeKey key) => picture.Owners.Of(key.Cgroup, key.NamespaceCookie, key.NamespaceInode);

    /// <summary>A listening socket counts as a server whose peer the kernel did not say.</summary>
    public TcpEdgeKey KeyOf(in EdgeKey key) => key.Role == EdgeRole.Listener
        ? new(OwnerOf(key), key.IsOverflow ? Other : NamespaceOwners.Unknown, key.ServerPort, EdgeRole.Server)
        : new(OwnerOf(key), key.IsOverflow ? Other : picture.Peers.Of(key.Peer), key.ServerPort, key.Role);

    public TcpEdge Of(in EdgeKey key)
    {
        if (!known.TryGetValue(key, out var edge))
        {
            if (known.Count >= 4 * maximum)
            {
                known.Clear();
            }

            edge = Find(KeyOf(key));
            known.Add(key, edge);
        }

        Folded += ReferenceEquals(edge.Key.Peer, Other) ? 1 : 0;
        return edge;
    }

    public void BeginReading()
    {
        foreach (var edge in edges.Values)
        {
            edge.BeginReading();
        }
    }

    /// <summary>Writes every edge, and ends those that were long idle.</summary>
    public void Write(SampleWriter samples, double? jiffiesPerSecond)
    {
        foreach (var edge in edges.Values)
        {
            if (samples.At - edge.LastUse > LongestIdle)
            {
                edges.Remove(edge.Key);
                known.Clear();
            }
            else
            {
                edge.Write(samples, jiffiesPerSecond);
            }
        }
    }

    private TcpEdge Find(TcpEdgeKey key)
    {
        if (edges.TryGetValue(key, out var edge))
        {
            return edge;
        }

        if (edges.Count >= maximum && key.Peer != Other)
        {
            return Find(key with { Peer = Other, ServerPort = 0 });
        }

        edge = new TcpEdge(key, node);
        edges.Add(key, edge);
        return edge;
    }
}
