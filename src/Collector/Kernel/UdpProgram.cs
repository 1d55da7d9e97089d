using System.Runtime.InteropServices;
using NetPulse.Collector.Kernel.Interop;

namespace NetPulse.Collector.Kernel;

/// <summary>How UDP is counted.</summary>
public enum UdpHooks
{
    /// <summary>In the kernel's functions: every datagram, every peer.</summary>
    Functions,

    /// <summary>By what send and receive returned: every byte; who sent to a socket that is not connected only where its application asks for it.</summary>
    Tracepoints,
}

/// <summary>The loaded <c>udp.bpf.c</c>: counts UDP by owner and peer from <see cref="Load"/> on.</summary>
/// <remarks>Used by one thread at a time.</remarks>
public sealed class UdpProgram : IDisposable
{
    private const string File = "udp.bpf.o";

    private static readonly string[] Functions = ["count_sent", "count_sent6"];
    private static readonly string[] Tracepoints = ["count_send", "count_receive"];
    private static readonly string[] SenderNames = ["name_sender4", "name_sender6"];
    private const string Drops = "count_dropped";

    private readonly BpfPrograms programs;
    private readonly BpfMap<UdpKey, UdpCounters> edges;
    private readonly BpfMap<UdpKey, UdpCounters> overflow;
    private readonly BpfMap<uint, UdpCounters> lost;
    private readonly BpfMap<UdpDropKey, UdpDropCounters> drops;
    private readonly BpfMap<uint, UdpDropCounters> lostDrops;
    private GroupHooks? senderNames;
    private RingBuffer? newReaders;

    private UdpProgram(BpfPrograms programs, UdpHooks hooks)
    {
        this.programs = programs;
        Hooks = hooks;
        edges = programs.Map<UdpKey, UdpCounters>("edges");
        overflow = programs.Map<UdpKey, UdpCounters>("overflow");
        lost = programs.Map<uint, UdpCounters>("lost");
        drops = programs.Map<UdpDropKey, UdpDropCounters>("drops");
        lostDrops = programs.Map<uint, UdpDropCounters>("lost_drops");
    }

    /// <summary>Which hooks this kernel let us use.</summary>
    public UdpHooks Hooks { get; }

    /// <summary>Control groups in which those who send to sockets that are not connected are known.</summary>
    public int NamedGroups => senderNames?.Count ?? 0;

    /// <summary>Control groups in which somebody asks who sends, and that could not be attached to when it was tried last.</summary>
    public int RefusedGroups => senderNames?.Refused ?? 0;

    /// <summary>Why those who send to sockets that are not connected stay unknown; <see langword="null"/> where they are known.</summary>
    public BpfException? SendersUnknown { get; private set; }

    /// <param name="maximumEdges">Entries of the kernel's map; what finds no room is counted by its owner alone.</param>
    /// <param name="askers">Hears of those who talk to port 53.</param>
    /// <exception cref="BpfException">No libbpf, no BTF, no right to load BPF, or a kernel that has neither set of hooks.</exception>
    public static UdpProgram Load(int maximumEdges, DnsAskers askers)
    {
        const string Needs = "this kernel lets neither functions be traced nor has it the tracepoints sock_send_length and sock_recv_length: Linux 6.3 or later has them";
        foreach (var received in new[] { "count_received", "count_received_noblock" })
        {
            try
            {
                return Attach(maximumEdges, askers, UdpHooks.Functions, [.. Functions, received], Needs);
            }
            catch (BpfException)
            {
                // Either this is the other signature of the function, or functions may not be traced here.
            }
        }

        return Attach(maximumEdges, askers, UdpHooks.Tracepoints, Tracepoints, Needs);
    }

    internal delegate void EdgeHandler(in UdpKey key, in UdpCounters counters);

    internal delegate void DropHandler(in UdpDropKey key, in UdpDropCounters counters);

    /// <summary>Hands over every edge with what it counted since it was added.</summary>
    /// <exception cref="BpfException">A map could not be read.</exception>
    internal void ReadEdges(EdgeHandler each) =>
        edges.ReadAll((in key, values) => each(in key, in values[0]));

    /// <summary>Hands over, by owner, what found no room among the edges; without an owner, what found none here either.</summary>
    /// <exception cref="BpfException">A map could not be read.</exception>
    internal void ReadOverflow(EdgeHandler each)
    {
        overflow.ReadAll((in key, values) => each(in key, in values[0]));
        if (lost.Find(0) is { } rest)
        {
            each(default, in rest);
        }
    }

    /// <summary>Hands over what sockets dropped since their row was added; without an owner, what found no room for a row.</summary>
    /// <exception cref="BpfException">The map could not be read.</exception>
    internal void ReadDrops(DropHandler each)
    {
        drops.ReadAll((in key, values) => each(in key, in values[0]));
        if (lostDrops.Find(0) is { } rest)
        {
            each(default, in rest);
        }
    }

    /// <summary>Has senders known in the control groups in which somebody has begun to ask for them since the last call: they are unknown until then.</summary>
    /// <exception cref="BpfException">A group could not be looked up; it is held on to.</exception>
    internal void NameSenders()
    {
        newReaders?.Consume(record => senderNames!.Watch(MemoryMarshal.Read<ulong>(record)));
        senderNames?.Revisit();
    }

    /// <summary>Forgets an edge that has not counted anything for long.</summary>
    internal void Forget(UdpKey key) => edges.Delete(key);

    /// <inheritdoc cref="Forget(UdpKey)"/>
    internal void Forget(UdpDropKey key) => drops.Delete(key);

    public void Dispose()
    {
        newReaders?.Dispose();
        senderNames?.Dispose();
        programs.Dispose();
    }

    private static UdpProgram Attach(int maximumEdges, DnsAskers askers, UdpHooks hooks, string[] wanted, string needs)
    {
        string[] loading = hooks == UdpHooks.Functions ? [.. wanted, Drops] : [.. wanted, .. SenderNames, Drops];
        var loaded = BpfPrograms.Load(File, loading, needs, (DnsAskers.Map, askers.Ring()), ("edges", maximumEdges));
        UdpProgram? program = null;
        try
        {
            program = new UdpProgram(loaded, hooks);
            if (hooks == UdpHooks.Tracepoints)
            {
                program.FindRoot();
            }

            foreach (var each in wanted)
            {
                loaded.Attach(each);
            }

            loaded.Attach(Drops);
            askers.HasUdp = true;
            return program;
        }
        catch (BpfException)
        {
            if (program is null)
            {
                loaded.Dispose();
            }
            else
            {
                program.Dispose();
            }

            throw;
        }
    }

    /// <summary>Without a place to attach them, bytes are counted all the same.</summary>
    private void FindRoot()
    {
        try
        {
            senderNames = new GroupHooks(programs, ControlGroup.Root(), SenderNames, programs.Map<ulong, byte>("readers"));
            newReaders = programs.Ring("new_readers");
        }
        catch (BpfException e)
        {
            SendersUnknown = e;
        }
    }
}
