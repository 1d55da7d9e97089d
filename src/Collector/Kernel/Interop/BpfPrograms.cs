using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NetPulse.Collector.Kernel.Interop;

/// <summary>One object of eBPF programs, loaded. What is attached is detached when this is disposed.</summary>
internal sealed unsafe class BpfPrograms : IDisposable
{
    private const int EPERM = 1;
    private const int EACCES = 13;

    private readonly string name;
    private readonly BpfObjectHandle handle;
    private readonly List<BpfLinkHandle> links = [];

    private BpfPrograms(string name)
    {
        this.name = name;
        var path = Path.Combine(AppContext.BaseDirectory, name);
        handle = LibBpf.bpf_object__open_file(path, 0);
        Require(!handle.IsInvalid, $"open {path}", "the file belongs to the program: install it again");
    }

    /// <summary>Where the kernel says what its types look like.</summary>
    internal static string BtfPath { get; } = "/sys/kernel/btf/vmlinux";

    /// <summary>Loads some programs of an object, and its maps.</summary>
    /// <param name="name">The file beside our own.</param>
    /// <param name="programs">What is loaded of it.</param>
    /// <param name="needs">What the kernel must have, for the message.</param>
    /// <param name="shared">A map that is there already.</param>
    /// <param name="mapEntries">Sizes of maps other than the object's own.</param>
    /// <exception cref="BpfException">No libbpf, no BTF, no right to load BPF, or a kernel without what the programs need.</exception>
    internal static BpfPrograms Load(
        string name, IReadOnlyCollection<string> programs, string needs, (string Map, SafeFileHandle Descriptor)? shared = null, params ReadOnlySpan<(string Map, int Entries)> mapEntries)
    {
        Require(name);
        var opened = new BpfPrograms(name);
        try
        {
            foreach (var (map, entries) in mapEntries)
            {
                Require(LibBpf.bpf_map__set_max_entries(LibBpf.bpf_object__find_map_by_name(opened.handle, map), (uint)entries) == 0, $"size the map {map}", "check the setting of its size");
            }

            if (shared is { } there)
            {
                Require(LibBpf.bpf_map__reuse_fd(LibBpf.bpf_object__find_map_by_name(opened.handle, there.Map), there.Descriptor) == 0, $"share the map {there.Map}", "check the limit of open files");
            }

            for (var program = LibBpf.bpf_object__next_program(opened.handle, 0); program != 0; program = LibBpf.bpf_object__next_program(opened.handle, program))
            {
                _ = LibBpf.bpf_program__set_autoload(program, programs.Contains(Marshal.PtrToStringUTF8((nint)LibBpf.bpf_program__name(program))!));
            }

            Require(LibBpf.bpf_object__load(opened.handle) == 0, $"load {name}", needs);
            return opened;
        }
        catch (BpfException)
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>What every object needs.</summary>
    /// <exception cref="BpfException">No libbpf, or no BTF.</exception>
    internal static void Require(string name)
    {
        RequireBtf(name, BtfPath);
        try
        {
            LibBpfMessages.Capture();
        }
        catch (DllNotFoundException e)
        {
            throw new BpfException($"load {LibBpf.Library}", 0, "libbpf is not installed (Debian: apt-get install libbpf1)", e);
        }
    }

    /// <exception cref="BpfException">There is no such file.</exception>
    internal static void RequireBtf(string name, string path)
    {
        if (!File.Exists(path))
        {
            throw new BpfException($"load {name}", 0, $"{path} is not there; the kernel must be built with CONFIG_DEBUG_INFO_BTF=y");
        }
    }

    /// <summary>A ring buffer that outlives the objects that write to it.</summary>
    /// <exception cref="BpfException">The kernel refused.</exception>
    internal static SafeFileHandle CreateRing(string map, int bytes)
    {
        const uint BPF_MAP_TYPE_RINGBUF = 27;
        var descriptor = LibBpf.bpf_map_create(BPF_MAP_TYPE_RINGBUF, map, 0, 0, (uint)bytes, 0);
        Require(descriptor >= 0, $"make the ring buffer {map}", "this kernel lacks ring buffers: Linux 5.8 or later has them");
        return new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>Attaches a program to the hook that its section names.</summary>
    /// <exception cref="BpfException">The kernel lacks the hook, or refuses it.</exception>
    internal void Attach(string program)
    {
        var link = LibBpf.bpf_program__attach(Find(program));
        Require(!link.IsInvalid, $"attach {program}", "this kernel lacks the hook or refuses it");
        links.Add(link);
    }

    /// <summary>Attaches a program to a control group, beside what others have attached there.</summary>
    /// <returns>Detaches it when disposed.</returns>
    /// <exception cref="BpfException">The kernel lacks the hook, or another program claims it for itself alone.</exception>
    internal BpfLinkHandle Attach(string program, ControlGroup group)
    {
        var link = LibBpf.bpf_program__attach_cgroup(Find(program), group.Directory);
        Require(!link.IsInvalid, $"attach {program} to {group.Path}", "this kernel lacks the hook, or another program has claimed it for itself alone");
        return link;
    }

    /// <summary>As <see cref="Attach(string, ControlGroup)"/>, for as long as this lives.</summary>
    internal void Keep(BpfLinkHandle link) => links.Add(link);

    internal BpfMap<TKey, TValue> Map<TKey, TValue>(string map, bool isPerProcessor = false)
        where TKey : unmanaged
        where TValue : unmanaged => new(map, Descriptor(map), isPerProcessor);

    internal RingBuffer Ring(string map)
    {
        var ring = new RingBuffer(Descriptor(map));
        Require(!ring.IsInvalid, $"map the ring buffer {map} of {name}", "check the memory limit of the process");
        return ring;
    }

    internal RingWait Wait(string map) => new(Descriptor(map));

    public void Dispose()
    {
        foreach (var link in links)
        {
            link.Dispose();
        }

        handle.Dispose();
    }

    private int Descriptor(string map) => LibBpf.bpf_object__find_map_fd_by_name(handle, map);

    private nint Find(string program) => LibBpf.bpf_object__find_program_by_name(handle, program);

    private static void Require(bool done, string tried, string remedy)
    {
        if (done)
        {
            _ = LibBpfMessages.Take();
            return;
        }

        var errno = Marshal.GetLastPInvokeError();
        var said = LibBpfMessages.Take();
        var advice = errno is EPERM or EACCES ? $"the process needs CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN and CAP_SYS_ADMIN; with them: {remedy}" : remedy;
        throw new BpfException(tried, errno, said.Length == 0 ? advice : $"{advice}; libbpf said: {said}");
    }
}
