using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using NetPulse.Collector.Kernel.Interop;

namespace NetPulse.Collector.Kernel;

/// <summary>One loaded <c>.bpf.o</c>: its maps, and those of its programs that this kernel takes. A program that it refuses is left out.</summary>
/// <remarks>Used by one thread at a time. Closing it detaches every program.</remarks>
public sealed partial class BpfObject : IDisposable
{
    private const int EPERM = 1;
    private const int EACCES = 13;
    private const string Btf = "/sys/kernel/btf/vmlinux";

    private readonly BpfObjectHandle handle;
    private readonly string file;
    private readonly Dictionary<string, string> refused;
    private readonly Dictionary<string, BpfLinkHandle> links = new(StringComparer.Ordinal);

    private BpfObject(BpfObjectHandle handle, string file, Dictionary<string, string> refused) =>
        (this.handle, this.file, this.refused) = (handle, file, refused);

    /// <summary>Programs that the kernel refused to load or attach, each with what libbpf said.</summary>
    public IReadOnlyDictionary<string, string> Refused => refused;

    /// <summary>Loads the file's programs; none runs until it is attached.</summary>
    /// <param name="file">Beside our own binaries, as <c>tcp.bpf.o</c>.</param>
    /// <param name="capacities">Maps whose number of entries differs from what the file says.</param>
    /// <exception cref="BpfException">No libbpf, no BTF, no right to load BPF, no program that this kernel takes, or a map that it refuses.</exception>
    public static BpfObject Load(string file, IReadOnlyDictionary<string, uint>? capacities = null)
    {
        if (!File.Exists(Btf))
        {
            throw new BpfException($"load {file}", 0, $"{Btf} is not there; the kernel must be built with CONFIG_DEBUG_INFO_BTF=y");
        }

        try
        {
            LibBpfMessages.Capture();
            return LoadWithoutRefused(file, capacities ?? new Dictionary<string, uint>());
        }
        catch (DllNotFoundException e)
        {
            throw new BpfException($"load {LibBpf.Library}", 0, "libbpf is not installed (Debian: apt-get install libbpf1)", e);
        }
    }

    /// <summary>Attaches a program where its section says.</summary>
    /// <returns>Whether the kernel took it; otherwise <see cref="Refused"/> says why.</returns>
    public bool TryAttach(string program) => TryAttach(program, LibBpf.bpf_program__attach);

    /// <summary>Attaches an iterator over the elements of a map.</summary>
    /// <inheritdoc cref="TryAttach(string)"/>
    public bool TryAttachToMap(string program, string map)
    {
        var target = MapDescriptor(map);
        return TryAttach(program, found => BpfMapIterator.Attach(found, target));
    }

    /// <summary>Of an attached iterator, as <c>bpf_iter_create</c> wants it.</summary>
    public int LinkDescriptor(string program) => LibBpf.bpf_link__fd(links[program]);

    /// <summary>The object owns it.</summary>
    public int MapDescriptor(string map)
    {
        var descriptor = LibBpf.bpf_object__find_map_fd_by_name(handle, map);
        return descriptor >= 0 ? descriptor : throw Failure($"find the map {map} in {file}", "the file belongs to the program: install it again");
    }

    public void Dispose()
    {
        foreach (var link in links.Values)
        {
            link.Dispose();
        }

        handle.Dispose();
    }

    /// <summary>What the calling thread's last call to libbpf or the kernel failed of.</summary>
    internal static BpfException Failure(string tried, string remedy)
    {
        var errno = Marshal.GetLastPInvokeError();
        var said = LibBpfMessages.Take();
        var advice = errno is EPERM or EACCES ? "the process needs CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN" : remedy;
        return new BpfException(tried, errno, said.Length == 0 ? advice : $"{advice}; libbpf said: {said}");
    }

    private static BpfObject LoadWithoutRefused(string file, IReadOnlyDictionary<string, uint> capacities)
    {
        var without = new Dictionary<string, string>(StringComparer.Ordinal);
        while (true)
        {
            var opened = LibBpf.bpf_object__open_file(Path.Combine(AppContext.BaseDirectory, file), 0);
            if (opened.IsInvalid)
            {
                throw Failure($"open {file}", "the file belongs to the program: install it again");
            }

            foreach (var (map, entries) in capacities)
            {
                _ = LibBpf.bpf_map__set_max_entries(LibBpf.bpf_object__find_map_by_name(opened, map), entries);
            }

            foreach (var program in without.Keys)
            {
                _ = LibBpf.bpf_program__set_autoload(LibBpf.bpf_object__find_program_by_name(opened, program), false);
            }

            if (LibBpf.bpf_object__load(opened) == 0)
            {
                _ = LibBpfMessages.Take();
                return new BpfObject(opened, file, without);
            }

            var failure = Failure($"load {file}", "this kernel is too old or lacks a feature");
            opened.Dispose();
            if (RefusedProgram().Match(failure.Message) is not { Success: true } match || !without.TryAdd(match.Groups["name"].Value, failure.Message))
            {
                throw failure;
            }
        }
    }

    private bool TryAttach(string program, Func<nint, BpfLinkHandle> attach)
    {
        if (refused.ContainsKey(program))
        {
            return false;
        }

        var link = attach(LibBpf.bpf_object__find_program_by_name(handle, program));
        if (link.IsInvalid)
        {
            refused.Add(program, Failure($"attach {program} of {file}", "this kernel lacks the hook").Message);
            return false;
        }

        _ = LibBpfMessages.Take();
        links.Add(program, link);
        return true;
    }

    [GeneratedRegex("prog '(?<name>\\w+)': failed to load", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex RefusedProgram();
}
