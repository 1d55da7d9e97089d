using NetPulse.Collector.Attribution;
using NetPulse.Linux.Netlink;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Collector.Sources;

/// <summary>Queueing disciplines and MTUs of the interfaces of each network namespace.</summary>
/// <remarks>
/// Source: rtnetlink. Most pods have no queue at all, and MTUs change seldom: a namespace without a queue is asked again after a minute, so
/// are links and routes; what they said is written at each tick.
/// </remarks>
public sealed class Links(NamespaceReader namespaces, NodeName node) : ISource
{
    private const string NoQueue = "noqueue";
    private static readonly string[] IngressKinds = ["ingress", "clsact"];
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private readonly SeriesLabels labels = new(node.Value);
    private Dictionary<ulong, Known> known = [];
    private Dictionary<ulong, Known> before = [];

    public string Name => "links";

    /// <inheritdoc/>
    public void Read(SampleWriter samples)
    {
        labels.BeginReading();
        (known, before) = (before, known);
        known.Clear();
        try
        {
            namespaces.ForEach(target => ReadHere(target, samples.At));
        }
        finally
        {
            foreach (var each in known.Values)
            {
                WriteQueues(samples, each);
            }

            WriteMtus(samples);
        }
    }

    private void ReadHere(OwnedNamespace target, DateTimeOffset now)
    {
        var isNew = !before.TryGetValue(target.Namespace.Inode, out var last) || last.Target.Cookie != target.Cookie;
        var isDue = isNew || last!.Next.IsAt(now);
        if (!isDue && !last!.HasQueues)
        {
            known.TryAdd(target.Namespace.Inode, last with { Target = target });
            return;
        }

        using var socket = new NetlinkSocket(NetlinkSocket.Route);
        var queues = RouteMessages.QueueingDisciplines(socket);
        var links = isDue ? RouteMessages.Links(socket) : last!.Links;
        var routes = isDue ? RouteMessages.Routes(socket) : last!.Routes;
        known.TryAdd(target.Namespace.Inode, new Known(target, links, routes, queues, queues.Any(IsQueue), isDue ? Due.After(Period, now) : last!.Next));
    }

    private void WriteQueues(SampleWriter samples, Known each)
    {
        if (!each.HasQueues)
        {
            return;
        }

        // The root of mq and of classful disciplines sums what hangs below it; ingress hangs elsewhere.
        foreach (var queue in each.Queues.Where(IsQueue))
        {
            var name = each.Links.FirstOrDefault(link => link.Index == queue.InterfaceIndex).Name;
            if (string.IsNullOrEmpty(name))
            {
                continue;
            }

            var on = new Label(LabelNames.Interface, name);
            var kind = new Label(LabelNames.Qdisc, queue.Kind);
            samples.Write(NodeMetrics.QdiscDrops, labels.Of(NodeMetrics.QdiscDrops, each.Target.Owner, on, kind), queue.Drops);
            samples.Write(NodeMetrics.QdiscOverlimits, labels.Of(NodeMetrics.QdiscOverlimits, each.Target.Owner, on, kind), queue.Overlimits);
            samples.Write(NodeMetrics.QdiscRequeues, labels.Of(NodeMetrics.QdiscRequeues, each.Target.Owner, on, kind), queue.Requeues);
            samples.Write(NodeMetrics.QdiscBacklogBytes, labels.Of(NodeMetrics.QdiscBacklogBytes, each.Target.Owner, on, kind), queue.BacklogBytes);
            samples.Write(NodeMetrics.QdiscBacklogPackets, labels.Of(NodeMetrics.QdiscBacklogPackets, each.Target.Owner, on, kind), queue.BacklogPackets);
        }
    }

    private void WriteMtus(SampleWriter samples)
    {
        var host = known.Values.FirstOrDefault(each => each.Target.Namespace.IsHost);
        foreach (var each in known.Values)
        {
            foreach (var link in each.Links.Where(link => !link.IsLoopback && link.IsUp))
            {
                samples.Write(NodeMetrics.InterfaceMtu, labels.Of(NodeMetrics.InterfaceMtu, each.Target.Owner, new Label(LabelNames.Interface, link.Name)), link.MtuBytes);
            }

            foreach (var excess in MtuExcess.Find(each.Links, each.Routes, host?.Links ?? [], host?.Routes ?? [], each == host))
            {
                samples.Write(
                    NodeMetrics.MtuExcess,
                    labels.Of(NodeMetrics.MtuExcess, each.Target.Owner, new Label(LabelNames.Interface, excess.Interface), new Label(LabelNames.Reason, excess.Reason)),
                    excess.Bytes);
            }
        }
    }

    private static bool IsQueue(QueueingDiscipline queue) =>
        queue.Kind != NoQueue && (queue.Parent == QueueingDiscipline.Root || IngressKinds.Contains(queue.Kind, StringComparer.Ordinal));

    private sealed record Known(
        OwnedNamespace Target,
        IReadOnlyList<LinkInterface> Links,
        IReadOnlyList<UnicastRoute> Routes,
        IReadOnlyList<QueueingDiscipline> Queues,
        bool HasQueues,
        Due Next);
}
