using NetPulse.Collector.Attribution;
using NetPulse.Collector.Kernel;
using NetPulse.Collector.Sources.Proc;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Sources;

/// <summary>Listen queues by owner and port; several sockets on one port are summed.</summary>
/// <remarks>
/// The kernel counts drops by socket, but overflows, which are some of them, only by network namespace. Where both grew alike, which is the
/// rule, every drop was an overflow; else each port has its share. The files of a namespace are read when a listener in it is met, and then
/// when one of them dropped something.
/// </remarks>
internal sealed class TcpListeners(NetworkNamespaceThread thread, string node)
{
    private readonly Dictionary<ulong, Listener> listeners = [];
    private readonly Dictionary<(WorkloadIdentity Owner, ushort Port), Port> ports = [];
    private readonly Dictionary<ulong, NamespaceDrops> namespaces = [];
    private readonly CounterTable counters = new(["TcpExt ListenOverflows", "TcpExt ListenDrops"]);
    private readonly SeriesLabels labels = new(node);
    private int reading;
    private bool isFirst = true;

    /// <summary>Begins a reading, in which each listener is met once or more.</summary>
    public void BeginReading()
    {
        reading++;
        foreach (var port in ports.Values)
        {
            port.Queue = port.Limit = port.Sockets = 0;
        }
    }

    public void Meet(in TcpListener listener, WorkloadIdentity owner)
    {
        var isKnown = listeners.TryGetValue(listener.Cookie, out var known);
        if (isKnown && known.Reading == reading)
        {
            // Two processes, or two descriptors, of one socket.
            return;
        }

        var newDrops = isKnown ? listener.Drops - known.Drops : isFirst ? 0 : listener.Drops;
        listeners[listener.Cookie] = new Listener(listener.Drops, reading, listener.Key.NamespaceInode);
        var key = (owner, listener.Key.ServerPort);
        if (!ports.TryGetValue(key, out var port))
        {
            port = new Port(listener.Key.NamespaceInode);
            ports.Add(key, port);
        }

        port.Sockets++;
        port.Listens += isKnown || isFirst ? 0 : 1;
        port.Queue += listener.Queue;
        port.Limit += listener.QueueLimit;
        port.Drops += newDrops;
        port.NewDrops += newDrops;
    }

    /// <summary>Ends the reading: what was not met is gone.</summary>
    /// <exception cref="NetworkNamespaceException">A namespace may not be entered.</exception>
    /// <exception cref="InvalidDataException">A namespace's counters make no sense.</exception>
    public void EndReading(NodePicture picture)
    {
        foreach (var gone in listeners.Where(each => each.Value.Reading != reading))
        {
            listeners.Remove(gone.Key);
        }

        foreach (var gone in ports.Where(each => each.Value.Sockets == 0))
        {
            ports.Remove(gone.Key);
        }

        foreach (var gone in namespaces.Keys.Except(listeners.Values.Select(each => (ulong)each.NamespaceInode)).ToList())
        {
            namespaces.Remove(gone);
        }

        foreach (var own in ports.Values.GroupBy(port => port.NamespaceInode))
        {
            var isKnown = namespaces.TryGetValue(own.Key, out var before);
            if ((!isKnown || own.Any(port => port.NewDrops > 0)) && picture.Namespaces.Present.FirstOrDefault(each => each.Namespace.Inode == own.Key) is { } target)
            {
                AddOverflows(own, target.Namespace, isKnown ? before : null);
            }
        }

        isFirst = false;
    }

    public void Write(SampleWriter samples)
    {
        labels.BeginReading();
        foreach (var ((owner, number), port) in ports)
        {
            var label = new Label(LabelNames.ServerPort, $"{number}");
            samples.Write(TcpSocketMetrics.ListenQueue, labels.Of(TcpSocketMetrics.ListenQueue, owner, label), port.Queue);
            samples.Write(TcpSocketMetrics.ListenQueueLimit, labels.Of(TcpSocketMetrics.ListenQueueLimit, owner, label), port.Limit);
            samples.Write(TcpSocketMetrics.ListenDrops, labels.Of(TcpSocketMetrics.ListenDrops, owner, label), port.Drops);
            samples.Write(TcpSocketMetrics.Listens, labels.Of(TcpSocketMetrics.Listens, owner, label), port.Listens);
            samples.Write(TcpSocketMetrics.ListenOverflows, labels.Of(TcpSocketMetrics.ListenOverflows, owner, label), port.Overflows);
        }
    }

    private void AddOverflows(IEnumerable<Port> own, NetworkNamespace target, NamespaceDrops? before)
    {
        NamespaceDrops now;
        try
        {
            now = thread.Run(target, ReadDrops);
        }
        catch (NetworkNamespaceException e) when (e.IsGone)
        {
            return;
        }
        catch (FormatException e)
        {
            throw new InvalidDataException(e.Message, e);
        }

        namespaces[target.Inode] = now;
        var drops = now.Drops - before?.Drops ?? 0;
        var share = drops > 0 ? Math.Clamp((double)(now.Overflows - before!.Value.Overflows) / drops, 0, 1) : 1;
        foreach (var port in own)
        {
            port.Overflows += (long)Math.Round(share * port.NewDrops);
            port.NewDrops = 0;
        }
    }

    private NamespaceDrops ReadDrops()
    {
        Span<double> found = [0, 0];
        counters.Read(File.ReadAllBytes("/proc/thread-self/net/netstat"), found);
        return new NamespaceDrops((long)found[0], (long)found[1]);
    }

    private readonly record struct NamespaceDrops(long Overflows, long Drops);

    private readonly record struct Listener(uint Drops, int Reading, uint NamespaceInode);

    private sealed class Port(uint namespaceInode)
    {
        public uint NamespaceInode { get; } = namespaceInode;

        public int Sockets { get; set; }

        public long Queue { get; set; }

        public long Limit { get; set; }

        public long Listens { get; set; }

        public long Drops { get; set; }

        public long Overflows { get; set; }

        /// <summary>Not yet told apart.</summary>
        public long NewDrops { get; set; }
    }
}
