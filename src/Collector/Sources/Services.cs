using System.Net.Sockets;
using NetPulse.Collector.Attribution;
using NetPulse.Collector.Kernel;
using NetPulse.Linux.Netlink;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Sources;

/// <summary>A client, the Service that it asked for, and the pod that the node's address translation chose.</summary>
public readonly record struct ServicePair(WorkloadIdentity Client, WorkloadIdentity Service, ushort Port, byte Protocol, WorkloadIdentity Server);

/// <summary>Connections to Services, before and after their destination was translated.</summary>
/// <remarks>
/// Source: the node's connection tracking, by ctnetlink, every 30 s: an entry costs some microseconds. Blind where something else than
/// netfilter translates (socket load balancers rewrite the address before there is a connection).
/// </remarks>
public sealed class Services(NamespaceReader namespaces, NodeObserver observer, NodeName node) : ISource
{
    private const int MostPairs = 1_000;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(30);
    private static readonly WorkloadIdentity Other = new("", "other", "");

    private IReadOnlyList<(LabelSet Labels, int Count)> last = [];
    private Due next;

    public string Name => "services";

    /// <summary>How many connections each pair has, the largest first; the smallest beyond a number are folded into the server <c>other</c> of their Service.</summary>
    public static IReadOnlyList<KeyValuePair<ServicePair, int>> Count(IEnumerable<TrackedConnection> connections, PeerAddresses peers, int most)
    {
        var all = connections
            .GroupBy(each => new ServicePair(
                peers.Of(MappedAddress.From(each.Original.Source)),
                peers.Of(MappedAddress.From(each.Original.Destination)),
                each.Original.DestinationPort,
                each.Original.Protocol,
                peers.Of(MappedAddress.From(each.Reply.Source))))
            .Select(group => KeyValuePair.Create(group.Key, group.Count()))
            .OrderByDescending(pair => pair.Value)
            .ToList();
        return
        [
            .. all.Take(most),
            .. all.Skip(most).GroupBy(pair => pair.Key.Service).Select(rest => KeyValuePair.Create(new ServicePair(Other, rest.Key, 0, 0, Other), rest.Sum(pair => pair.Value))),
        ];
    }

    /// <inheritdoc/>
    public void Read(SampleWriter samples)
    {
        if (next.IsAt(samples.At))
        {
            last = [];
            last = Look();
            next = Due.After(Period, samples.At);
        }

        foreach (var (labels, count) in last)
        {
            samples.Write(AttributionMetrics.ServiceConnections, labels, count);
        }
    }

    private IReadOnlyList<(LabelSet, int)> Look()
    {
        var found = new List<TrackedConnection>();
        namespaces.InHost(() =>
        {
            if (!File.Exists("/proc/sys/net/netfilter/nf_conntrack_max"))
            {
                return;
            }

            using var socket = new NetlinkSocket(NetlinkSocket.Netfilter);
            ConntrackMessages.Translated(socket, found.Add);
        });
        return [.. Count(found, observer.Current.Peers, MostPairs).Select(pair => (LabelsOf(pair.Key), pair.Value))];
    }

    private LabelSet LabelsOf(ServicePair pair) => LabelSet.Of(
        AttributionMetrics.ServiceConnections.Name,
        (LabelNames.Node, node.Value),
        (LabelNames.Namespace, pair.Client.Namespace),
        (LabelNames.Workload, pair.Client.Workload),
        (LabelNames.Pod, pair.Client.Pod),
        (LabelNames.ServiceNamespace, pair.Service.Namespace),
        (LabelNames.Service, pair.Service.Workload),
        (LabelNames.ServerPort, pair.Port == 0 ? "" : $"{pair.Port}"),
        (LabelNames.Protocol, ProtocolOf(pair.Protocol)),
        (LabelNames.PeerNamespace, pair.Server.Namespace),
        (LabelNames.PeerWorkload, pair.Server.Workload),
        (LabelNames.PeerPod, pair.Server.Pod));

    private static string ProtocolOf(byte protocol) => protocol == 0 ? "" : (ProtocolType)protocol switch
    {
        ProtocolType.Tcp => "tcp",
        ProtocolType.Udp => "udp",
        _ => $"{protocol}",
    };
}
