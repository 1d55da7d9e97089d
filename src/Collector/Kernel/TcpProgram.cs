using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using NetPulse.Collector.Kernel.Interop;
using NetPulse.Linux.NetworkNamespaces;

namespace NetPulse.Collector.Kernel;

/// <summary>The loaded <c>tcp.bpf.c</c>: walks the connections of a network namespace, and keeps those that ended until they are drained.</summary>
/// <remarks>Used by one thread at a time. From <see cref="Load"/> on, every connection that ends is recorded.</remarks>
public sealed class TcpProgram : IDisposable
{
    private const int EPERM = 1;
    private const int EINTR = 4;
    private const int EAGAIN = 11;
    private const int EACCES = 13;

    private readonly BpfObjectHandle program;
    private readonly BpfLinkHandle walk;
    private readonly BpfLinkHandle destroyed;
    private readonly RingBuffer ring;
    private readonly int lostMap;
    private readonly byte[] buffer = GC.AllocateUninitializedArray<byte>(64 * 1024);

    private TcpProgram(string path)
    {
        program = LibBpf.bpf_object__open_file(path, 0);
        Require(!program.IsInvalid, $"open {path}", "the file belongs to the program: install it again");
        Require(LibBpf.bpf_object__load(program) == 0, "load tcp.bpf.o", "this kernel is too old or lacks a feature: Linux 5.12 or later is needed");
        walk = Attach("walk_connections");
        destroyed = Attach("record_destroyed");
        lostMap = LibBpf.bpf_object__find_map_fd_by_name(program, "lost");
        ring = new RingBuffer(LibBpf.bpf_object__find_map_fd_by_name(program, "destroyed"));
        Require(!ring.IsInvalid, "map the ring buffer of tcp.bpf.o", "check the memory limit of the process");
    }

    public delegate void TcpRecordHandler(in TcpRecord record);

    /// <exception cref="BpfException">No libbpf, no BTF, no right to load BPF, or a kernel without what the programs need.</exception>
    public static TcpProgram Load()
    {
        const string Btf = "/sys/kernel/btf/vmlinux";
        if (!File.Exists(Btf))
        {
            throw new BpfException("load tcp.bpf.o", 0, $"{Btf} is not there; the kernel must be built with CONFIG_DEBUG_INFO_BTF=y");
        }

        try
        {
            LibBpfMessages.Capture();
            return new TcpProgram(Path.Combine(AppContext.BaseDirectory, "tcp.bpf.o"));
        }
        catch (DllNotFoundException e)
        {
            throw new BpfException($"load {LibBpf.Library}", 0, "libbpf is not installed (Debian: apt-get install libbpf1)", e);
        }
    }

    /// <summary>Hands over every connection of the namespace that was once established and whose socket is still hashed.</summary>
    /// <returns>The kernel's clocks at the end of the walk.</returns>
    /// <exception cref="BpfException">The kernel refused the walk, or broke it off.</exception>
    /// <exception cref="NetworkNamespaceException">The namespace is gone, or may not be entered.</exception>
    public ClockRecord Walk(NetworkNamespaceThread thread, NetworkNamespace target, TcpRecordHandler handler)
    {
        // The iterator belongs to the namespace in which it is made, not to the one in which it is read.
        using var iterator = thread.Run(target, CreateIterator);
        var kept = 0;
        while (true)
        {
            var read = (int)LibBpf.read(iterator, ref buffer[kept], (nuint)(buffer.Length - kept));
            Require(read >= 0 || IsTransient(Marshal.GetLastPInvokeError()), $"walk the connections of {target.Name}", "it is tried again at the next reading");
            if (read < 0)
            {
                continue;
            }

            if (read == 0)
            {
                break;
            }

            kept += read;
            var records = MemoryMarshal.Cast<byte, TcpRecord>(buffer.AsSpan(0, kept));
            foreach (ref readonly var record in records)
            {
                handler(in record);
            }

            var used = records.Length * Unsafe.SizeOf<TcpRecord>();
            buffer.AsSpan(used, kept - used).CopyTo(buffer);
            kept -= used;
        }

        return kept == Unsafe.SizeOf<ClockRecord>()
            ? MemoryMarshal.Read<ClockRecord>(buffer)
            : throw new BpfException($"walk the connections of {target.Name}", 0, $"it ended with {kept} bytes instead of the clocks; it is tried again at the next reading");
    }

    /// <summary>Hands over the connections that ended since the last call.</summary>
    /// <exception cref="BpfException">The ring buffer could not be read.</exception>
    public void Drain(TcpRecordHandler handler)
    {
        var read = ring.Consume(record => handler(in MemoryMarshal.AsRef<TcpRecord>(record)));
        Require(read >= 0, "read the ring buffer of tcp.bpf.o", "it is tried again at the next reading");
    }

    /// <summary>Connections that ended and found the ring buffer full, since the program was loaded.</summary>
    public ulong Lost
    {
        get
        {
            Require(LibBpf.bpf_map_lookup_elem(lostMap, 0, out var count) == 0, "read the map of lost records", "it is tried again at the next reading");
            return count;
        }
    }

    public void Dispose()
    {
        // Each may be missing when the constructor gave up midway.
        ring?.Dispose();
        destroyed?.Dispose();
        walk?.Dispose();
        program.Dispose();
    }

    /// <summary>A signal, or an iterator that asks for patience after many empty buckets (kernel/bpf/bpf_iter.c).</summary>
    private static bool IsTransient(int errno) => errno is EINTR or EAGAIN;

    private SafeFileHandle CreateIterator()
    {
        var descriptor = LibBpf.bpf_iter_create(LibBpf.bpf_link__fd(walk));
        Require(descriptor >= 0, "create a TCP iterator", "check the process's limit of open files");
        return new SafeFileHandle(descriptor, ownsHandle: true);
    }

    private BpfLinkHandle Attach(string name)
    {
        var link = LibBpf.bpf_program__attach(LibBpf.bpf_object__find_program_by_name(program, name));
        Require(!link.IsInvalid, $"attach {name}", "this kernel lacks the hook: Linux 5.12 or later is needed");
        return link;
    }

    private void Require(bool done, string tried, string remedy)
    {
        if (done)
        {
            _ = LibBpfMessages.Take();
            return;
        }

        var errno = Marshal.GetLastPInvokeError();
        var said = LibBpfMessages.Take();
        if (walk is null || ring is null)
        {
            Dispose();
        }

        var advice = errno is EPERM or EACCES ? "the process needs CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN" : remedy;
        throw new BpfException(tried, errno, said.Length == 0 ? advice : $"{advice}; libbpf said: {said}");
    }
}
