using System.Diagnostics.Metrics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using NetPulse.Collector.Attribution;
using NetPulse.Collector.Kernel;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Telemetry.Exposition;

namespace NetPulse.Collector.Sources;

/// <summary>TCP by workload pair, from the kernel's sockets.</summary>
/// <remarks>
/// A reading walks the connections of every network namespace, then takes those that have ended: in this order no connection is met after
/// its end. Each adds to its edge what its counters grew since it was last seen. A connection that was there at the first walk begins with
/// what it had then, so that our start is no jump; one that came later counts in full.
/// </remarks>
public sealed class TcpSockets : ISource, IDisposable
{
    /// <summary>The ring buffer holds 27,000 ended connections.</summary>
    private static readonly TimeSpan DrainPeriod = TimeSpan.FromMilliseconds(200);

    /// <summary>What cannot be loaded is not tried at every tick: the attempt costs tens of milliseconds.</summary>
    private static readonly TimeSpan LoadAgainAfter = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly Dictionary<ulong, Connection> connections = [];
    private readonly JiffyClock jiffies = new();
    private readonly TcpEdges edges;
    private readonly NetworkNamespaceThread thread;
    private readonly NodeObserver node;
    private readonly TimeProvider time;
    private readonly Counter<long> lostRecords;
    private readonly Counter<long> lostConnections;
    private readonly Counter<long> foldedConnections;
    private readonly TcpProgram.TcpRecordHandler onOpen;
    private readonly TcpProgram.TcpRecordHandler onEnded;
    private TcpProgram? program;
    private BpfException? loadFailure;
    private DateTimeOffset loadAgainAt;
    private ITimer? drainTimer;
    private ClockRecord? firstWalk;
    private int walk;
    private ulong lostBefore;
    private long foldedBefore;

    /// <param name="maximumEdges">More workload pairs than this are folded into the peer <c>other</c>.</param>
    public TcpSockets(NetworkNamespaceThread thread, NodeObserver node, NodeName name, int maximumEdges, TimeProvider time, Meter meter)
    {
        this.thread = thread;
        this.node = node;
        this.time = time;
        edges = new TcpEdges(name.Value, maximumEdges);
        onOpen = OnOpen;
        onEnded = OnEnded;
        lostRecords = meter.CreateCounter<long>("netpulse_tcp_lost_records", description: "Connections whose end found the ring buffer full: what they did since they were last seen is missing.");
        lostConnections = meter.CreateCounter<long>("netpulse_tcp_lost_connections", description: "Connections that were seen open and whose end was lost.");
        foldedConnections = meter.CreateCounter<long>("netpulse_tcp_folded_connections", description: "Connections counted under the peer \"other\", because there are too many workload pairs.");
        meter.CreateObservableGauge("netpulse_tcp_edges", () => edges.Count, description: "Workload pairs that have series.");
    }

    public string Name => "tcp";

    /// <inheritdoc/>
    public void Read(SampleWriter samples)
    {
        lock (gate)
        {
            var loaded = Load();
            var clock = WalkAll(loaded);
            loaded.Drain(onEnded);
            firstWalk ??= clock;
            CountLost(loaded.Lost);
            edges.Write(samples, jiffies.JiffiesPerSecond);
            foldedConnections.Add(edges.Folded - foldedBefore);
            foldedBefore = edges.Folded;
        }
    }

    public void Dispose()
    {
        drainTimer?.Dispose();
        lock (gate)
        {
            program?.Dispose();
            program = null;
        }
    }

    private TcpProgram Load()
    {
        if (program is not null)
        {
            return program;
        }

        if (loadFailure is not null && time.GetUtcNow() < loadAgainAt)
        {
            ExceptionDispatchInfo.Throw(loadFailure);
        }

        try
        {
            program = TcpProgram.Load();
        }
        catch (BpfException e)
        {
            loadFailure = e;
            loadAgainAt = time.GetUtcNow() + LoadAgainAfter;
            throw;
        }

        drainTimer = time.CreateTimer(static state => ((TcpSockets)state!).DrainBetweenReadings(), this, DrainPeriod, DrainPeriod);
        return program;
    }

    private void DrainBetweenReadings()
    {
        // A reading drains by itself, and before the first one has ended nobody can tell old connections from new ones.
        if (!gate.TryEnter())
        {
            return;
        }

        try
        {
            if (firstWalk is not null)
            {
                edges.Attribute(node.Current);
                program?.Drain(onEnded);
            }
        }
        catch (BpfException)
        {
            // What ended is still in the buffer: the next reading takes it, and reports the failure if it lasts.
        }
        finally
        {
            gate.Exit();
        }
    }

    /// <exception cref="BpfException">A walk failed.</exception>
    private ClockRecord? WalkAll(TcpProgram loaded)
    {
        var current = node.Current;
        edges.Attribute(current);
        edges.BeginWalk();
        walk++;
        ClockRecord? first = null;
        foreach (var target in current.Namespaces.Present)
        {
            try
            {
                var clock = loaded.Walk(thread, target.Namespace, onOpen);
                jiffies.Observe(clock);
                first ??= clock;
            }
            catch (NetworkNamespaceException e) when (e.IsGone)
            {
                // Its sockets are destroyed with it, and each destruction is recorded.
            }
        }

        return first;
    }

    private void OnOpen(in TcpRecord record)
    {
        var now = TcpCounters.Of(record);
        ref var connection = ref CollectionsMarshal.GetValueRefOrAddDefault(connections, record.Cookie, out var isKnown);
        if (isKnown && connection.Walk == walk)
        {
            // A socket that moves while its bucket is walked may be met twice.
            return;
        }

        if (!isKnown && firstWalk is null)
        {
            connection.Counters = now;
        }

        var edge = isKnown && connection.Version == edges.Version ? connection.Edge! : edges.Of(record);
        edge.Add(TcpCounters.Increase(connection.Counters, now));
        edge.CountOpen(record, time.GetUtcNow());
        connection = new Connection(now, edge, edges.Version, walk);
    }

    private void OnEnded(in TcpRecord record)
    {
        var isKnown = connections.Remove(record.Cookie, out var connection);
        var edge = isKnown && connection.Version == edges.Version ? connection.Edge! : edges.Of(record);
        edge.CountClosed(time.GetUtcNow());
        if (isKnown || IsYoungerThanUs(record))
        {
            edge.Add(TcpCounters.Increase(connection.Counters, TcpCounters.Of(record)));
        }
    }

    /// <summary>A connection that no walk has met: it began after the first walk, or was reset before and only now closed by its application.</summary>
    private bool IsYoungerThanUs(in TcpRecord record) =>
        firstWalk is { } began && (int)(record.LastActiveJiffies - (uint)began.Jiffies) >= 0;

    /// <summary>What was seen open, is no longer, and has not ended as far as we know: its application still holds the dead socket, or its end was lost.</summary>
    private void CountLost(ulong lost)
    {
        if (lost == lostBefore)
        {
            return;
        }

        lostRecords.Add((long)(lost - lostBefore));
        lostBefore = lost;
        foreach (var (cookie, connection) in connections)
        {
            if (connection.Walk != walk)
            {
                connections.Remove(cookie);
                lostConnections.Add(1);
            }
        }
    }

    /// <param name="Version">The picture by which the edge was found.</param>
    /// <param name="Walk">The walk that has seen it last.</param>
    private record struct Connection(TcpCounters Counters, TcpEdge? Edge, int Version, int Walk);
}
