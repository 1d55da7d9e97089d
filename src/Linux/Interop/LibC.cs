using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NetPulse.Linux.Interop;

/// <summary>The C library's functions that .NET does not offer. Declarations only; C names stay, so that a search finds the man page.</summary>
internal static partial class LibC
{
    private const string Library = "libc";

    internal const int CLONE_NEWNET = 0x40000000;

    internal const int AF_INET = 2;
    internal const int AF_NETLINK = 16;
    internal const int SOCK_DGRAM = 2;
    internal const int SOCK_RAW = 3;
    internal const int SOCK_CLOEXEC = 0x80000;
    internal const int SOL_SOCKET = 1;

    /// <summary>include/uapi/asm-generic/socket.h, since Linux 5.14.</summary>
    internal const int SO_NETNS_COOKIE = 71;

    internal const int AT_FDCWD = -100;
    internal const int AT_EMPTY_PATH = 0x1000;
    internal const uint STATX_INO = 0x100;

    internal const int O_RDONLY = 0;
    internal const int O_PATH = 0x200000;
    internal const int O_CLOEXEC = 0x80000;

    /// <summary>File handles of cgroupfs are cgroup ids (include/linux/exportfs.h).</summary>
    internal const int FILEID_KERNFS = 0xfe;

    internal const byte DT_DIR = 4;

    internal const int SO_RCVTIMEO = 20;
    internal const int MSG_TRUNC = 0x20;
    internal const int EINTR = 4;
    internal const nuint SIOCETHTOOL = 0x8946;

    /// <summary>include/uapi/asm-generic/mman-common.h.</summary>
    internal const int MADV_RANDOM = 1;

    /// <summary>Since Linux 5.4.</summary>
    internal const int MADV_PAGEOUT = 21;

    internal const int ENOENT = 2;
    internal const int EACCES = 13;

    /// <returns>0, or -1 with errno in <see cref="Marshal.GetLastPInvokeError"/>.</returns>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int setns(SafeFileHandle fd, int nstype);

    /// <returns>0, or -1 with errno.</returns>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int unshare(int flags);

    /// <returns>0, or -1 with errno.</returns>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int madvise(nuint addr, nuint length, int advice);

    /// <returns>0, or -1 with errno.</returns>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int statx(int dirfd, string pathname, int flags, uint mask, out Statx statxbuf);

    /// <inheritdoc cref="statx(int, string, int, uint, out Statx)"/>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int statx(SafeFileHandle dirfd, string pathname, int flags, uint mask, out Statx statxbuf);

    /// <returns>A descriptor, or -1 with errno.</returns>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int socket(int domain, int type, int protocol);

    /// <returns>0, or -1 with errno.</returns>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int getsockopt(int sockfd, int level, int optname, out ulong optval, ref uint optlen);

    /// <returns>0, or -1 with errno.</returns>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int close(int fd);

    /// <returns>A descriptor, or -1 with errno.</returns>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int open(string pathname, int flags);

    /// <returns>Bytes read; 0 at the end; -1 with errno.</returns>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint read(int fd, Span<byte> buf, nint count);

    /// <returns>Bytes sent, or -1 with errno.</returns>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint send(int sockfd, ReadOnlySpan<byte> buf, nint len, int flags);

    /// <returns>Bytes received; with MSG_TRUNC the message's length even where the buffer is smaller; -1 with errno.</returns>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint recv(int sockfd, Span<byte> buf, nint len, int flags);

    /// <returns>0 or what the request says, or -1 with errno.</returns>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int ioctl(int fd, nuint request, ref InterfaceRequest argument);

    /// <returns>0, or -1 with errno.</returns>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int setsockopt(int sockfd, int level, int optname, in Timeval optval, uint optlen);

    /// <returns>Bytes of whole <c>linux_dirent64</c>; 0 at the end; -1 with errno.</returns>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint getdents64(SafeFileHandle fd, Span<byte> dirp, nint count);

    /// <returns>A descriptor, or -1 with errno.</returns>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int open_by_handle_at(SafeFileHandle mount_fd, in KernfsHandle handle, int flags);

    /// <summary><c>struct file_handle</c> with its eight bytes for kernfs.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal readonly record struct KernfsHandle(uint handle_bytes, int handle_type, ulong id);

    [StructLayout(LayoutKind.Sequential)]
    internal readonly record struct Timeval(nint tv_sec, nint tv_usec);

    /// <summary><c>struct ifreq</c> (netdevice(7)): a name and, here, a pointer.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 40)]
    internal struct InterfaceRequest
    {
        [FieldOffset(0)]
        internal InterfaceName ifr_name;

        [FieldOffset(16)]
        internal nint ifr_data;
    }

    /// <summary>IFNAMSIZ bytes, ended by a zero.</summary>
    [System.Runtime.CompilerServices.InlineArray(16)]
    internal struct InterfaceName
    {
#pragma warning disable S1144, IDE0051 // the element that the array repeats
        private byte element;
#pragma warning restore S1144, IDE0051
    }

    /// <summary><c>struct statx</c> (include/uapi/linux/stat.h): the same on every architecture; only what we read is named.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct Statx
    {
        [FieldOffset(32)]
        internal ulong stx_ino;

        [FieldOffset(136)]
        internal uint stx_dev_major;

        [FieldOffset(140)]
        internal uint stx_dev_minor;
    }
}
