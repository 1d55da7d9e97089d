using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using NetPulse.Collector.Kernel.Interop;
using NetPulse.Linux.Cgroups;

namespace NetPulse.Collector.Kernel;

/// <summary>A control group of the unified hierarchy, held open.</summary>
public sealed class ControlGroup : IDisposable
{
    private const int ENOENT = 2;
    private const int ESTALE = 116;

    private readonly SafeFileHandle directory;

    private ControlGroup(SafeFileHandle directory, string path)
    {
        this.directory = directory;
        Path = path;
    }

    /// <summary>Where it is mounted.</summary>
    public string Path { get; }

    internal SafeFileHandle Directory => directory;

    /// <summary>The root of the hierarchy that this process sees.</summary>
    /// <exception cref="BpfException">It is not mounted, or may not be opened.</exception>
    public static ControlGroup Root()
    {
        var mount = CgroupMount.OfRoot(File.ReadLines("/proc/self/mountinfo"))
            ?? throw new BpfException("find the root of the control groups", 0, "mount the host's cgroup2 hierarchy into the container (hostPath /sys/fs/cgroup)");
        var root = LibBpf.open(mount, LibBpf.O_RDONLY | LibBpf.O_DIRECTORY | LibBpf.O_CLOEXEC);
        return root.IsInvalid
            ? throw new BpfException($"open {mount}", Marshal.GetLastPInvokeError(), "the process must be allowed to read it")
            : new ControlGroup(root, mount);
    }

    /// <summary>The group below this one that the kernel knows by a number.</summary>
    /// <returns><see langword="null"/> where it is gone, or was never below.</returns>
    /// <exception cref="BpfException">It could not be opened.</exception>
    public ControlGroup? ById(ulong id)
    {
        var found = LibBpf.open_by_handle_at(directory, new LibBpf.KernfsHandle(id), LibBpf.O_RDONLY | LibBpf.O_DIRECTORY | LibBpf.O_CLOEXEC);
        if (found.IsInvalid)
        {
            var errno = Marshal.GetLastPInvokeError();
            found.Dispose();
            return errno is ENOENT or ESTALE
                ? null
                : throw new BpfException($"open control group {id} below {Path}", errno, "the process needs CAP_DAC_READ_SEARCH and descriptors (ulimit -n)");
        }

#pragma warning disable S3869 // the number names the file in /proc, while the handle is held
        return new ControlGroup(found, File.ResolveLinkTarget($"/proc/self/fd/{(int)found.DangerousGetHandle()}", returnFinalTarget: false)!.FullName);
#pragma warning restore S3869
    }

    public void Dispose() => directory.Dispose();
}
