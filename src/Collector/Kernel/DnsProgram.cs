using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.InteropServices;
using NetPulse.Collector.Kernel.Interop;

namespace NetPulse.Collector.Kernel;

/// <summary>The loaded <c>dns.bpf.c</c>: counts queries and answers of the control groups that it is attached to.</summary>
/// <remarks>
/// A hook for packets costs every packet of its control group. Unless told to look at the whole node, the program is attached to a control
/// group when that first talks to port 53, by a thread that waits for this. Reading is for one thread at a time.
/// </remarks>
public sealed class DnsProgram : IDisposable
{
    private const string File = "dns.bpf.o";
    private const string Needs = "this kernel lacks the hooks of control groups: it must be built with CONFIG_CGROUP_BPF=y";

    /// <summary>A record that is written while the one before is read may wake nobody.</summary>
    private const int LongestWaitMilliseconds = 1_000;

    private static readonly string[] PacketHooks = ["look_at_egress", "look_at_ingress"];
    private static readonly string[] ConnectHooks = ["notice_connect4", "notice_connect6"];

    /// <summary>The kernel takes the socket's lock around them, at each datagram of a socket that is not connected: only for where UDP's program is not loaded.</summary>
    private static readonly string[] SendHooks = ["notice_send4", "notice_send6"];

    private readonly BpfPrograms programs;
    private readonly BpfMap<DnsKey, DnsCounters> resolvers;
    private readonly BpfMap<DnsQueryKey, DnsQuery> outstanding;
    private readonly BpfMap<uint, ulong> lost;
    private readonly GroupHooks groups;
    private readonly RingBuffer? newAskers;
    private readonly RingWait? wait;
    private readonly Thread? waiting;

    private DnsProgram(BpfPrograms programs, ControlGroup root, string[] addressHooks)
    {
        this.programs = programs;
        resolvers = programs.Map<DnsKey, DnsCounters>("resolvers");
        outstanding = programs.Map<DnsQueryKey, DnsQuery>("outstanding");
        groups = new GroupHooks(programs, root, PacketHooks, programs.Map<ulong, byte>("askers"));
        lost = programs.Map<uint, ulong>("lost");
        if (addressHooks.Length == 0)
        {
            foreach (var hook in PacketHooks)
            {
                programs.Keep(programs.Attach(hook, root));
            }

            return;
        }

        foreach (var hook in addressHooks)
        {
            programs.Keep(programs.Attach(hook, root));
        }

        wait = programs.Wait(DnsAskers.Map);
        newAskers = programs.Ring(DnsAskers.Map);
        waiting = new Thread(WaitForAskers) { IsBackground = true, Name = "dns askers" };
        waiting.Start();
    }

    internal delegate void ResolverHandler(in DnsKey key, in DnsCounters counters);

    /// <summary>Upper bounds of <see cref="DnsCounters.Latencies"/>, in seconds, as <c>bounds</c> in dns.bpf.c.</summary>
    public static ImmutableArray<double> LatencyBounds { get; } = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

    /// <summary>Control groups whose packets are looked at.</summary>
    public int WatchedGroups => newAskers is null ? 1 : groups.Count;

    /// <summary>Messages that found no room in the table of resolvers, since the program was loaded.</summary>
    public long LostMessages => (long)(lost.Find(0) ?? 0);

    /// <summary>Control groups that talk to port 53 and could not be attached to when it was tried last.</summary>
    public int RefusedGroups => groups.Refused;

    /// <param name="isWholeNode">Whether every packet of the node is looked at from the first one on.</param>
    /// <param name="askers">Whose packets are looked at otherwise.</param>
    /// <exception cref="BpfException">No libbpf, no BTF, no right to load BPF, no control groups, or another program's claim.</exception>
    public static DnsProgram Load(bool isWholeNode, DnsAskers askers)
    {
        string[] addressHooks = isWholeNode ? [] : askers.HasUdp ? ConnectHooks : [.. ConnectHooks, .. SendHooks];
        var loaded = BpfPrograms.Load(File, [.. PacketHooks, .. addressHooks], Needs, (DnsAskers.Map, askers.Ring()));
        ControlGroup? hierarchy = null;
        try
        {
            hierarchy = ControlGroup.Root();
            return new DnsProgram(loaded, hierarchy, addressHooks);
        }
        catch (BpfException)
        {
            hierarchy?.Dispose();
            loaded.Dispose();
            throw;
        }
    }

    /// <exception cref="BpfException">The map could not be read.</exception>
    internal void ReadResolvers(ResolverHandler each) => resolvers.ReadAll((in key, values) => each(in key, in values[0]));

    /// <summary>Forgets a row that has not counted anything for long.</summary>
    internal void Forget(DnsKey key) => resolvers.Delete(key);

    /// <summary>Takes out the queries that were last sent longer ago than this, and hands them over, each once.</summary>
    /// <exception cref="BpfException">The map could not be read.</exception>
    internal void TakeExpired(TimeSpan timeout, Action<DnsQueryKey, DnsQuery> each)
    {
        // Both are CLOCK_MONOTONIC: bpf_ktime_get_ns() and .NET's stopwatch.
        var limit = (ulong)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency)) - (ulong)timeout.TotalNanoseconds;
        var expired = new List<(DnsQueryKey, DnsQuery)>();
        outstanding.ReadAll((in key, values) =>
        {
            if (values[0].LastSentNanoseconds < limit)
            {
                expired.Add((key, values[0]));
            }
        });
        foreach (var (key, query) in expired)
        {
            // An answer that comes right now deletes it first, and has it.
            if (outstanding.Delete(key))
            {
                each(key, query);
            }
        }
    }

    /// <inheritdoc cref="GroupHooks.Watch"/>
    internal void Watch(ulong id) => groups.Watch(id);

    /// <inheritdoc cref="GroupHooks.Revisit"/>
    public void Revisit() => groups.Revisit();

    public void Dispose()
    {
        wait?.End();
        waiting?.Join();
        wait?.Dispose();
        newAskers?.Dispose();
        groups.Dispose();
        programs.Dispose();
    }

    private void WaitForAskers()
    {
        do
        {
            newAskers!.Consume(record => Watch(MemoryMarshal.Read<ulong>(record)));
        }
        while (wait!.Wait(LongestWaitMilliseconds));
    }
}
