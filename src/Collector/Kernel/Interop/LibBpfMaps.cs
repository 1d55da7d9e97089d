using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NetPulse.Collector.Kernel.Interop;

/// <summary>libbpf: programs by name, control groups, and maps as a whole.</summary>
internal static unsafe partial class LibBpf
{
    /// <summary>FILEID_KERNFS of fs/kernfs/mount.c and linux/exportfs.h: the handle is the 64-bit id of the node.</summary>
    internal const int FILEID_KERNFS = 0xfe;

    internal const int O_RDONLY = 0;
    internal const int O_DIRECTORY = 0x10000;
    internal const int O_CLOEXEC = 0x80000;

    /// <returns>The program after the given one; 0 after the last.</returns>
    [LibraryImport(Library)]
    internal static partial nint bpf_object__next_program(BpfObjectHandle obj, nint prog);

    [LibraryImport(Library)]
    internal static partial byte* bpf_program__name(nint prog);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial BpfLinkHandle bpf_program__attach_cgroup(nint prog, SafeFileHandle cgroup_fd);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int libbpf_num_possible_cpus();

    /// <returns>0; with errno ENOENT at the end, after the last entries were given.</returns>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_map_lookup_batch(int fd, void* in_batch, void* out_batch, void* keys, void* values, ref uint count, nint opts);

    [LibraryImport(Library, SetLastError = true, EntryPoint = "bpf_map_lookup_elem")]
    internal static partial int bpf_map_lookup_value(int fd, void* key, void* value);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_map_delete_elem(int fd, void* key);

    /// <summary>BTF of the running kernel.</summary>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial BtfHandle btf__load_vmlinux_btf();

    /// <summary>BTF of one module, on top of the kernel's.</summary>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial BtfHandle btf__load_module_btf(string module_name, BtfHandle vmlinux_btf);

    /// <returns>A type's number, or a negative errno.</returns>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int btf__find_by_name_kind(BtfHandle btf, string type_name, uint kind);

    [LibraryImport(Library)]
    internal static partial uint* btf__type_by_id(BtfHandle btf, uint id);

    [LibraryImport(Library)]
    internal static partial byte* btf__name_by_offset(BtfHandle btf, uint offset);

    [LibraryImport(Library)]
    internal static partial void btf__free(nint btf);

    /// <returns>A descriptor, or -1 with errno.</returns>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial SafeFileHandle open(string pathname, int flags);

    /// <inheritdoc cref="open"/>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial SafeFileHandle open_by_handle_at(SafeFileHandle mount_fd, in KernfsHandle handle, int flags);

    /// <summary><c>struct file_handle</c> of a file in kernfs.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    internal readonly struct KernfsHandle(ulong id)
    {
        internal readonly uint handle_bytes = sizeof(ulong);
        internal readonly int handle_type = FILEID_KERNFS;
        internal readonly ulong id = id;
    }
}

internal sealed class BtfHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle()
    {
        LibBpf.btf__free(handle);
        return true;
    }
}
