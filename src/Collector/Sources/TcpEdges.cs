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

    /// <summary>Spares most sockets the two look-ups and the key.</summary>
    private readonly Dictionary<Ends, TcpEdge> known = [];

    private NodePicture picture = new(-1, new NamespaceOwners([], []), new PeerAddresses([]));

    public int Count => edges.Count;

    /// <summary>Connections that were folded into <see cref="Other"/>.</summary>
    public long Folded { get; private set; }

    /// <summary>The picture that edges were attributed by last.</summary>
    public int Version => picture.Version;

    public void Attribute(NodePicture current)
    {
        if (current.Version != picture.Version)
        {
            known.Clear();
            picture = current;
        }
    }

    public TcpEdge Of(in TcpRecord record)
    {
        var serverPort = record.IsPassive ? record.LocalPort : record.RemotePort;
        var ends = new Ends(record.NamespaceCookie, record.NamespaceInode, record.RemoteAddress, serverPort, record.IsPassive);
        if (!known.TryGetValue(ends, out var edge))
        {
            if (known.Count >= 4 * maximum)
            {
                known.Clear();
            }

            edge = Find(new TcpEdgeKey(
                picture.Namespaces.Of(record.NamespaceCookie, record.NamespaceInode), picture.Peers.Of(record.RemoteAddress), serverPort, record.IsPassive));
            known.Add(ends, edge);
        }

        Folded += ReferenceEquals(edge.Key.Peer, Other) ? 1 : 0;
        return edge;
    }

    public void BeginWalk()
    {
        foreach (var edge in edges.Values)
        {
            edge.BeginWalk();
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
            return Find(new TcpEdgeKey(key.Owner, Other, 0, key.IsServer));
        }

        edge = new TcpEdge(key, node);
        edge.BeginWalk();
        edges.Add(key, edge);
        return edge;
    }

    private readonly record struct Ends(ulong NamespaceCookie, uint NamespaceInode, MappedAddress Remote, ushort ServerPort, bool IsPassive);
}
