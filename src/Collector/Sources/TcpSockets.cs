using System.Diagnostics.Metrics;
using System.Runtime.ExceptionServices;
using NetPulse.Collector.Attribution;
using NetPulse.Collector.Kernel;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Telemetry.Exposition;

namespace NetPulse.Collector.Sources;

/// <summary>TCP by workload pair, from the kernel's sockets.</summary>
/// <remarks>
/// Nothing is kept here for a connection: the kernel adds up, by edge, what open connections did since the reading before, and records each
/// that ends. A connection that was there at the first walk begins with what it had then, so that our start is no jump; one that came later
/// counts in full.
/// </remarks>
public sealed partial class TcpSockets : ISource, IDisposable
{
    /// <summary>The longest that a connection that ended waits to be attributed; where many end, the kernel says so earlier.</summary>
    private static readonly TimeSpan DrainPeriod = TimeSpan.FromSeconds(1);

    /// <summary>Connections that no process holds are looked for so often: each namespace costs milliseconds.</summary>
    private static readonly TimeSpan NamespaceWalkPeriod = TimeSpan.FromMinutes(1);

    /// <summary>What cannot be loaded is not tried at every tick: the attempt costs tens of milliseconds.</summary>
    private static readonly TimeSpan LoadAgainAfter = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly JiffyClock jiffies = new();
    private readonly TcpOptions options;
    private readonly TcpEdges edges;
    private readonly TcpStates states;
    private readonly TcpListeners listeners;
    private readonly TcpFlows flows;
    private readonly NetworkNamespaceThread thread;
    private readonly NodeObserver node;
    private readonly TimeProvider time;
    private readonly ILogger<TcpSockets> logger;
    private readonly Counter<long> overflowed;
    private readonly Counter<long> unkept;
    private readonly Counter<long> folded;
    private readonly TcpProgram.EndedHandler onEnded;
    private TcpProgram? program;
    private BpfException? loadFailure;
    private Due nextLoad;
    private Due nextNamespaceWalk;
    private Thread? draining;
    private bool hasBegun;
    private TcpFaults faultsBefore;
    private long foldedBefore;

    public TcpSockets(NetworkNamespaceThread thread, NodeObserver node, NodeName name, TcpOptions options, TimeProvider time, Meter meter, ILogger<TcpSockets> logger)
    {
        this.thread = thread;
        this.node = node;
        this.options = options;
        this.time = time;
        this.logger = logger;
        edges = new TcpEdges(name.Value, options.MaxEdges);
        states = new TcpStates(name.Value);
        listeners = new TcpListeners(thread, name.Value);
        flows = new TcpFlows(name.Value, options.Flows);
        onEnded = (in TcpEnded ended) => edges.Of(ended.Key).Add(ended, this.time.GetUtcNow());
        overflowed = meter.CreateCounter<long>("netpulse_tcp_overflowed_updates", description: "Updates in the kernel that found the table of edges full and went to their owner's peer \"other\".");
        unkept = meter.CreateCounter<long>("netpulse_tcp_unkept_connections", description: "Open connections for which the kernel had no memory: they are counted when they end.");
        folded = meter.CreateCounter<long>("netpulse_tcp_folded_connections", description: "Rows and ended connections counted under the peer \"other\", because there are too many workload pairs.");
        meter.CreateObservableGauge("netpulse_tcp_edges", () => edges.Count, description: "Workload pairs that have series.");
        meter.CreateObservableGauge("netpulse_tcp_refused_programs", () => program?.Refused.Count ?? 0, description: "Parts of the TCP source that this kernel does not allow; the log names each.");
    }

    public string Name => "tcp";

    /// <inheritdoc/>
    public void Read(SampleWriter samples)
    {
        lock (gate)
        {
            var loaded = Load();
            edges.Attribute(node.Current);
            edges.BeginReading();
            states.BeginReading();
            if (loaded.FollowsOpen)
            {
                Walk(loaded);
                loaded.Fold();
            }

            loaded.DrainEnded(onEnded);
            loaded.DrainRows((ref readonly EdgeKey key, ref readonly TcpEdgeRow row) =>
            {
                if (!IsEmpty(in row))
                {
                    edges.Of(key).Add(in row, row.Fold == loaded.LastFold, samples.At);
                }

                // also of who only tries to connect
                if (row.States[..].ContainsAnyExcept(0u))
                {
                    states.Add(edges.OwnerOf(key), in row.States);
                }
            });
            edges.Write(samples, jiffies.JiffiesPerSecond);
            states.Write(samples);
            listeners.Write(samples);
            flows.Write(samples, edges);
            CountFaults(loaded.Faults());
        }
    }

    public void Dispose()
    {
        // Nobody else is left to load it.
        program?.EndWait();
        draining?.Join();
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

        if (loadFailure is not null && !nextLoad.IsAt(time.GetUtcNow()))
        {
            ExceptionDispatchInfo.Throw(loadFailure);
        }

        try
        {
            program = TcpProgram.Load(options.Rows);
        }
        catch (BpfException e)
        {
            loadFailure = e;
            nextLoad = Due.After(LoadAgainAfter, time.GetUtcNow());
            throw;
        }

        foreach (var (refused, reason) in program.Refused)
        {
            LogRefused(refused, reason);
        }

        var loaded = program;
        draining = new Thread(() => DrainBetweenReadings(loaded)) { IsBackground = true, Name = "tcp ended" };
        draining.Start();
        return program;
    }

    private void DrainBetweenReadings(TcpProgram loaded)
    {
        while (loaded.WaitForEnded(DrainPeriod))
        {
            lock (gate)
            {
                try
                {
                    edges.Attribute(node.Current);
                    loaded.DrainEnded(onEnded);
                }
                catch (BpfException)
                {
                    // What ended is still in the buffer: the next reading takes it, and reports the failure if it lasts.
                }
            }
        }
    }

    /// <summary>Finds the connections that came since the last walk, and the listeners.</summary>
    /// <exception cref="BpfException">A walk failed.</exception>
    private void Walk(TcpProgram loaded)
    {
        listeners.BeginReading();
        flows.BeginReading();
        if (!hasBegun)
        {
            loaded.Control(new TcpControl(0, 0, flows.IsOn ? 1u : 0));
        }

        var clock = loaded.WalkFiles((in TcpListener listener) => listeners.Meet(listener, edges.OwnerOf(listener.Key)), flows.Meet);
        jiffies.Observe(clock);
        var now = time.GetUtcNow();
        if (nextNamespaceWalk.IsAt(now))
        {
            WalkNamespaces(loaded);
            nextNamespaceWalk = Due.After(NamespaceWalkPeriod, now);
        }

        if (!hasBegun)
        {
            loaded.Control(new TcpControl(clock.Jiffies, loaded.LastFold, flows.IsOn ? 1u : 0));
            hasBegun = true;
        }

        listeners.EndReading(node.Current);
    }

    private void WalkNamespaces(TcpProgram loaded)
    {
        if (!loaded.WalksNamespaces)
        {
            return;
        }

        foreach (var target in node.Current.Namespaces.Present)
        {
            try
            {
                loaded.WalkNamespace(thread, target.Namespace);
            }
            catch (NetworkNamespaceException e) when (e.IsGone)
            {
                // Its sockets are destroyed with it, and each destruction is recorded.
            }
        }
    }

    /// <summary>The rows that are always there.</summary>
    private static bool IsEmpty(ref readonly TcpEdgeRow row) =>
        row.Fold == 0 && row.Closed == 0 && row.Counters == default && (row.ResetsSent | row.ResetsReceived | row.ConnectSum) == 0 && !row.Failures[..].ContainsAnyExcept(0u);

    private void CountFaults(TcpFaults now)
    {
        overflowed.Add((long)(now.Overflowed - faultsBefore.Overflowed));
        unkept.Add((long)(now.Unkept - faultsBefore.Unkept));
        folded.Add(edges.Folded - foldedBefore);
        (faultsBefore, foldedBefore) = (now, edges.Folded);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "TCP is measured without {Program}, which this kernel does not allow: {Reason}")]
    private partial void LogRefused(string program, string reason);
}
