using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NetPulse.Collector.Kernel.Interop;

/// <summary>libbpf, as Debian ships it (1.1 and later). Declarations only; C names stay, so that a search finds the documentation.</summary>
/// <remarks>Functions that return a pointer give NULL on failure, those that return an int a negative errno; both set errno.</remarks>
internal static unsafe partial class LibBpf
{
    internal const string Library = "libbpf.so.1";

    /// <summary><c>enum libbpf_print_level</c>: LIBBPF_WARN.</summary>
    internal const int LIBBPF_WARN = 0;

    [LibraryImport(Library)]
    internal static partial nint libbpf_set_print(delegate* unmanaged[Cdecl]<int, byte*, nint, int> fn);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial BpfObjectHandle bpf_object__open_file(string path, nint opts);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_object__load(BpfObjectHandle obj);

    [LibraryImport(Library)]
    internal static partial void bpf_object__close(nint obj);

    /// <returns>A program that the object owns.</returns>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint bpf_object__find_program_by_name(BpfObjectHandle obj, string name);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_program__set_autoload(nint prog, [MarshalAs(UnmanagedType.U1)] bool autoload);

    /// <returns>A map that the object owns.</returns>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint bpf_object__find_map_by_name(BpfObjectHandle obj, string name);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_map__set_max_entries(nint map, uint max_entries);

    /// <summary>Has an object use a map that is there already; its descriptor is duplicated.</summary>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_map__reuse_fd(nint map, SafeFileHandle fd);

    /// <returns>A descriptor, or a negative errno.</returns>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int bpf_map_create(uint map_type, string map_name, uint key_size, uint value_size, uint max_entries, nint opts);

    /// <returns>A descriptor that the object owns.</returns>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int bpf_object__find_map_fd_by_name(BpfObjectHandle obj, string name);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial BpfLinkHandle bpf_program__attach(nint prog);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial BpfLinkHandle bpf_program__attach_iter(nint prog, in bpf_iter_attach_opts opts);

    [LibraryImport(Library)]
    internal static partial int bpf_link__fd(BpfLinkHandle link);

    [LibraryImport(Library)]
    internal static partial int bpf_link__destroy(nint link);

    /// <returns>A new descriptor, bound to the network namespace of the calling thread.</returns>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_iter_create(int link_fd);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_map_lookup_elem(int fd, ref byte key, ref byte value);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_map_update_elem(int fd, ref byte key, ref byte value, ulong flags);

    /// <param name="in_batch">Where to go on; null for the first batch.</param>
    /// <returns>0, or a negative errno: ENOENT with the last batch.</returns>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_map_lookup_and_delete_batch(int fd, void* in_batch, void* out_batch, void* keys, void* values, ref uint count, nint opts);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial RingBufferHandle ring_buffer__new(int map_fd, delegate* unmanaged[Cdecl]<nint, byte*, nuint, int> sample_cb, nint ctx, nint opts);

    /// <returns>How many records were read, or a negative errno.</returns>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int ring_buffer__consume(RingBufferHandle rb);

    [LibraryImport(Library)]
    internal static partial void ring_buffer__free(nint rb);

    /// <summary>read(2): .NET's own wants a file that can seek.</summary>
    /// <returns>How many bytes, 0 at the end, or -1 with errno.</returns>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint read(SafeFileHandle fd, ref byte buf, nuint count);

    [LibraryImport("libc")]
    internal static partial int vsnprintf(byte* str, nuint size, byte* format, nint ap);

    /// <summary>Its member <c>map</c>; the others are shorter.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 16)]
    internal struct bpf_iter_link_info
    {
        [FieldOffset(0)]
        internal uint map_fd;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct bpf_iter_attach_opts
    {
        /// <summary>Of this struct.</summary>
        internal nuint sz;
        internal bpf_iter_link_info* link_info;
        internal uint link_info_len;
    }
}

internal sealed class BpfObjectHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle()
    {
        LibBpf.bpf_object__close(handle);
        return true;
    }
}

internal sealed class BpfLinkHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle() => LibBpf.bpf_link__destroy(handle) == 0;
}

internal sealed class RingBufferHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle()
    {
        LibBpf.ring_buffer__free(handle);
        return true;
    }
}
