using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NetPulse.Lab.Interop;

/// <summary>The C library's functions that a forwarder of packets takes. Declarations only; C names stay, so that a search finds the man page.</summary>
internal static partial class LibC
{
    private const string Library = "libc";

    internal const int O_RDWR = 2;
    internal const int O_NONBLOCK = 0x800;
    internal const int O_CLOEXEC = 0x80000;

    internal const int EFD_CLOEXEC = 0x80000;

    /// <summary>include/uapi/linux/if_tun.h.</summary>
    internal const nuint TUNSETIFF = 0x400454CA;
    internal const short IFF_TUN = 0x0001;
    internal const short IFF_NO_PI = 0x1000;

    internal const short POLLIN = 1;

    internal const int SCHED_RR = 2;

    internal const int SIGTERM = 15;

    internal const int EINTR = 4;
    internal const int EAGAIN = 11;
    internal const int EBADFD = 77;

    /// <returns>An invalid handle on failure; errno is then in <see cref="Marshal.GetLastPInvokeError"/>.</returns>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial SafeFileHandle open(string pathname, int flags);

    /// <returns>An invalid handle on failure, with errno.</returns>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial SafeFileHandle eventfd(uint initval, int flags);

    /// <returns>0, or -1 with errno.</returns>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int ioctl(SafeFileHandle fd, nuint request, ref IfReq argument);

    /// <returns>Bytes read, or -1 with errno.</returns>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint read(SafeFileHandle fd, ref byte buf, nint count);

    /// <returns>Bytes written, or -1 with errno.</returns>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint write(SafeFileHandle fd, ref readonly byte buf, nint count);

    /// <param name="sigmask">Null: signals stay as they are.</param>
    /// <returns>Descriptors that are ready, 0 when the time is over, or -1 with errno.</returns>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int ppoll(ref PollFd fds, nuint nfds, ref readonly TimeSpec tmo_p, nint sigmask);

    /// <param name="pid">0: the calling thread.</param>
    /// <param name="param"><c>struct sched_param</c>: the priority alone.</param>
    /// <returns>0, or -1 with errno.</returns>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int sched_setscheduler(int pid, int policy, ref readonly int param);

    /// <returns>0, or -1 with errno.</returns>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int kill(int pid, int sig);

    /// <summary><c>struct ifreq</c> (include/uapi/linux/if.h) as TUNSETIFF reads it: a name of 16 bytes, then flags.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 40)]
    internal struct IfReq
    {
        [FieldOffset(0)]
        internal ulong ifr_name;

        [FieldOffset(8)]
        internal ulong ifr_name_end;

        [FieldOffset(16)]
        internal short ifr_flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct PollFd
    {
        internal int fd;
        internal short events;
        internal short revents;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct TimeSpec
    {
        internal nint tv_sec;
        internal nint tv_nsec;
    }
}
