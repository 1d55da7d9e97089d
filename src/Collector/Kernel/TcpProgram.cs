using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using NetPulse.Collector.Kernel.Interop;
using NetPulse.Linux.NetworkNamespaces;

namespace NetPulse.Collector.Kernel;

/// <summary>The loaded <c>tcp.bpf.c</c>. From <see cref="Load"/> on, every connection that ends is recorded.</summary>
/// <remarks>
/// A reading walks (finds open connections), folds (adds what they did to their edges' rows), and drains the records and the rows, in this
/// order. Used by one thread at a time.
/// </remarks>
public sealed class TcpProgram : IDisposable
{
    /// <summary>Edges that have a row of their own between two readings, unless said otherwise.</summary>
    public const int DefaultEdges = 16_384;

    private const string File = "tcp.bpf.o";
    private const int EINTR = 4;
    private const int EAGAIN = 11;
    private const byte IPPROTO_TCP = 6;

    private readonly BpfObject program;
    private readonly RingBuffer ring;
    private readonly RingWait wait;
    private readonly RingBuffer.RecordHandler onRecord;
    private readonly Rows[] rows;
    private readonly byte[] buffer = GC.AllocateUninitializedArray<byte>(64 * 1024);
    private EndedHandler? onEnded;
    private TcpControl control;
    private int filled;

    private TcpProgram(BpfObject program)
    {
        this.program = program;
        onRecord = record => onEnded!(in MemoryMarshal.AsRef<TcpEnded>(record));
        rows = [new Rows(program, "a"), new Rows(program, "b")];
        rows[0].Prepare();
        Attach();
        wait = new RingWait(program.MapDescriptor("ended"));
        ring = new RingBuffer(program.MapDescriptor("ended"));
        if (ring.IsInvalid)
        {
            throw BpfObject.Failure($"map the ring buffer of {File}", "check the memory limit of the process");
        }
    }

    public delegate void EndedHandler(in TcpEnded ended);

    public delegate void RowHandler(ref readonly EdgeKey key, ref readonly TcpEdgeRow row);

    public delegate void ListenerHandler(in TcpListener listener);

    public delegate void FlowHandler(in TcpFlow flow);

    private enum WalkRecord : uint
    {
        Clock = 0,
        Listener = 1,
        Flow = 2,
    }

    /// <summary>Whether connections can be followed while they are open; otherwise they are counted when they end.</summary>
    public bool FollowsOpen { get; private set; }

    /// <summary>Whether connections that no process holds can be met.</summary>
    public bool WalksNamespaces { get; private set; }

    /// <summary>Number of the last fold.</summary>
    public uint LastFold => control.Fold;

    /// <summary>Programs that the kernel refused, each with what libbpf said.</summary>
    public IReadOnlyDictionary<string, string> Refused => program.Refused;

    /// <param name="edges">How many edges may have a row of their own between two readings; the others share their owner's.</param>
    /// <exception cref="BpfException">As <see cref="BpfObject.Load"/>, or the kernel does not tell when a connection ends.</exception>
    public static TcpProgram Load(int edges = DefaultEdges)
    {
        var owners = (uint)Math.Max(64, edges / 4);
        var capacities = new Dictionary<string, uint>
        {
            ["edges_a"] = (uint)edges,
            ["edges_b"] = (uint)edges,
            ["owners_a"] = owners,
            ["owners_b"] = owners,
        };
        var loaded = BpfObject.Load(File, capacities);
        try
        {
            return new TcpProgram(loaded);
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    /// <summary>From the next walk on. What was idle since <see cref="TcpControl.BeganJiffies"/> and was never met is older than us, and not counted.</summary>
    /// <exception cref="BpfException">The map could not be written.</exception>
    public void Control(TcpControl value)
    {
        control = value;
        uint first = 0;
        if (LibBpf.bpf_map_update_elem(program.MapDescriptor("control"), ref Unsafe.As<uint, byte>(ref first), ref Unsafe.As<TcpControl, byte>(ref control), 0) != 0)
        {
            throw BpfObject.Failure("write the control of the TCP programs", "it is tried again at the next reading");
        }
    }

    /// <summary>Meets every socket that a process of our PID namespace has open, in all network namespaces.</summary>
    /// <returns>The kernel's clocks at the end of the walk.</returns>
    /// <exception cref="BpfException">The kernel refused the walk, or broke it off.</exception>
    public ClockRecord WalkFiles(ListenerHandler onListener, FlowHandler onFlow)
    {
        using var iterator = CreateIterator("walk_files");
        ClockRecord? clock = null;
        var kept = 0;
        while (ReadSome(iterator, ref kept))
        {
            var unread = buffer.AsSpan(0, kept);
            while (MemoryMarshal.TryRead(unread, out WalkHeader header) && unread.Length >= Unsafe.SizeOf<WalkHeader>() + (int)header.Size)
            {
                var record = unread.Slice(Unsafe.SizeOf<WalkHeader>(), (int)header.Size);
                switch (header.Kind)
                {
                    case WalkRecord.Listener:
                        onListener(in MemoryMarshal.AsRef<TcpListener>(record));
                        break;
                    case WalkRecord.Flow:
                        onFlow(in MemoryMarshal.AsRef<TcpFlow>(record));
                        break;
                    default:
                        clock = MemoryMarshal.Read<ClockRecord>(record);
                        break;
                }

                unread = unread[(Unsafe.SizeOf<WalkHeader>() + (int)header.Size)..];
            }

            unread.CopyTo(buffer);
            kept = unread.Length;
        }

        return clock ?? throw new BpfException("walk the open sockets", 0, "it ended without the clocks; it is tried again at the next reading");
    }

    /// <summary>Meets every connection of the namespace, also those that no process holds: they wait for <c>accept()</c>, or are the kernel's.</summary>
    /// <remarks>The kernel looks at its whole table for each namespace, 2 to 4 ms even where that is empty: this is for now and then.</remarks>
    /// <exception cref="BpfException">The kernel refused the walk, or broke it off.</exception>
    /// <exception cref="NetworkNamespaceException">The namespace is gone, or may not be entered.</exception>
    public void WalkNamespace(NetworkNamespaceThread thread, NetworkNamespace target)
    {
        // The iterator belongs to the namespace in which it is made, not to the one in which it is read.
        using var iterator = thread.Run(target, () => CreateIterator("walk_namespace"));
        ReadToEnd(iterator);
    }

    /// <summary>Adds to the rows what each open connection that was met has done since the last fold, and how it stands.</summary>
    /// <exception cref="BpfException">The kernel refused the fold, or broke it off.</exception>
    public void Fold()
    {
        Control(control with { Fold = control.Fold + 1 });
        using var iterator = CreateIterator("fold_open");
        ReadToEnd(iterator);
    }

    /// <summary>Waits until the records of ended connections fill half of their buffer, or for so long. For a thread of its own.</summary>
    /// <returns>Whether to go on: <see langword="false"/> from <see cref="EndWait"/> on.</returns>
    public bool WaitForEnded(TimeSpan atMost) => wait.Wait((int)atMost.TotalMilliseconds);

    /// <summary>From any thread; the one that waits is to be joined before this is disposed of.</summary>
    public void EndWait() => wait.End();

    /// <summary>Hands over the connections that ended since the last call.</summary>
    /// <exception cref="BpfException">The ring buffer could not be read.</exception>
    public void DrainEnded(EndedHandler handler)
    {
        onEnded = handler;
        if (ring.Consume(onRecord) < 0)
        {
            throw BpfObject.Failure($"read the ring buffer of {File}", "it is tried again at the next reading");
        }
    }

    /// <summary>Hands over the rows and begins new ones; what happens meanwhile goes to the new ones.</summary>
    /// <param name="handler">The gauges of a row hold where its fold is <see cref="LastFold"/>.</param>
    /// <exception cref="BpfException">A map could not be read or written.</exception>
    public void DrainRows(RowHandler handler)
    {
        var old = rows[filled];
        filled = 1 - filled;
        rows[filled].Prepare();
        rows[filled].PutInto(program.MapDescriptor("current"));
        old.Drain(handler);
    }

    /// <summary>What could not be done since the program was loaded.</summary>
    /// <exception cref="BpfException">The map could not be read.</exception>
    public TcpFaults Faults()
    {
        uint first = 0;
        TcpFaults faults = default;
        return LibBpf.bpf_map_lookup_elem(program.MapDescriptor("faults"), ref Unsafe.As<uint, byte>(ref first), ref Unsafe.As<TcpFaults, byte>(ref faults)) == 0
            ? faults
            : throw BpfObject.Failure("read the map of faults", "it is tried again at the next reading");
    }

    public void Dispose()
    {
        wait.Dispose();
        ring.Dispose();
        program.Dispose();
    }

    private void Attach()
    {
        FollowsOpen = program.TryAttach("walk_files") && program.TryAttachToMap("fold_open", "sockets");
        if (!program.TryAttach("record_ended") && !program.TryAttach("record_ended_whole"))
        {
            throw new BpfException($"attach {File}", 0, program.Refused["record_ended_whole"]);
        }

        WalksNamespaces = program.TryAttach("walk_namespace");
        _ = program.TryAttach("count_connect");
        _ = program.TryAttach("count_reset_sent") || program.TryAttach("count_reset_sent_alone");
        _ = program.TryAttach("count_reset_received");
    }

    private SafeFileHandle CreateIterator(string walk)
    {
        var descriptor = LibBpf.bpf_iter_create(program.LinkDescriptor(walk));
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw BpfObject.Failure($"begin {walk}", "check the process's limit of open files");
    }

    private void ReadToEnd(SafeFileHandle iterator)
    {
        var kept = 0;
        while (ReadSome(iterator, ref kept))
        {
            kept = 0;
        }
    }

    /// <returns>Whether there was anything.</returns>
    private bool ReadSome(SafeFileHandle iterator, ref int kept)
    {
        while (true)
        {
            var read = (int)LibBpf.read(iterator, ref buffer[kept], (nuint)(buffer.Length - kept));
            if (read >= 0)
            {
                kept += read;
                return read > 0;
            }

            // A signal, or an iterator that asks for patience after a million elements without a word (kernel/bpf/bpf_iter.c).
            if (Marshal.GetLastPInvokeError() is not (EINTR or EAGAIN))
            {
                throw BpfObject.Failure("walk the connections", "it is tried again at the next reading");
            }
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct WalkHeader(WalkRecord Kind, uint Size);

    /// <summary>One of the two pairs of maps: the edges' rows, and those of owners, whose edges found no place.</summary>
    private sealed class Rows(BpfObject program, string name)
    {
        private readonly BpfHashMap<EdgeKey, TcpEdgeRow> edges = new(program.MapDescriptor($"edges_{name}"), $"edges_{name}");
        private readonly BpfHashMap<EdgeKey, TcpEdgeRow> owners = new(program.MapDescriptor($"owners_{name}"), $"owners_{name}");

        /// <summary>The rows for what finds no row of its owner must always be there.</summary>
        internal void Prepare()
        {
            foreach (var role in Enum.GetValues<EdgeRole>())
            {
                owners.Set(new EdgeKey(0, 0, default, 0, 0, role, IPPROTO_TCP), default);
            }
        }

        internal void PutInto(int current)
        {
            Put(current, 0, edges.Descriptor);
            Put(current, 1, owners.Descriptor);
        }

        internal void Drain(RowHandler handler)
        {
            edges.Drain(handler.Invoke);
            owners.Drain(handler.Invoke);
        }

        private static void Put(int current, uint slot, int map)
        {
            if (LibBpf.bpf_map_update_elem(current, ref Unsafe.As<uint, byte>(ref slot), ref Unsafe.As<int, byte>(ref map), 0) != 0)
            {
                throw BpfObject.Failure("exchange the rows of the TCP programs", "it is tried again at the next reading");
            }
        }
    }
}
