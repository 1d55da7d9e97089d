using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NetPulse.Collector.Kernel.Interop;

/// <summary>Waits until a program of the kernel wakes the readers of a ring buffer; records that it leaves without a wake-up end no wait.</summary>
/// <remarks>
/// For one thread, and another one that ends it. libbpf's own wait also ends where something lies in the buffer. So no wait may be without a limit: a record that the kernel
/// adds while its reader looks for one more finds the reader awake still, and wakes nobody.
/// </remarks>
internal sealed unsafe partial class RingWait : IDisposable
{
    private const int EPOLL_CLOEXEC = 0x80000;
    private const int EFD_CLOEXEC = 0x80000;
    private const int EPOLL_CTL_ADD = 1;
    private const uint EPOLLIN = 1;
    private const uint EPOLLET = 1u << 31;

    private readonly SafeFileHandle epoll = epoll_create1(EPOLL_CLOEXEC);
    private readonly SafeFileHandle end = eventfd(0, EFD_CLOEXEC);
    private volatile bool isEnding;

    /// <exception cref="BpfException">The process has too many open files.</exception>
    internal RingWait(int map)
    {
        using var ring = new SafeFileHandle(map, ownsHandle: false);
        if (epoll.IsInvalid || end.IsInvalid || !Add(ring) || !Add(end))
        {
            var failure = BpfObject.Failure("wait for a ring buffer", "check the process's limit of open files");
            Dispose();
            throw failure;
        }
    }

    /// <summary>Ends after the time given at the latest, or with a signal.</summary>
    /// <returns>Whether to go on: <see langword="false"/> from <see cref="End"/> on.</returns>
    internal bool Wait(int timeoutMilliseconds)
    {
        var ready = default(epoll_event);
        if (!isEnding)
        {
            _ = epoll_wait(epoll, &ready, 1, timeoutMilliseconds);
        }

        return !isEnding;
    }

    /// <summary>From any thread. Whoever waits is still to be waited for before this is disposed of.</summary>
    internal void End()
    {
        isEnding = true;
        ulong one = 1;
        _ = write(end, &one, sizeof(ulong));
    }

    public void Dispose()
    {
        epoll.Dispose();
        end.Dispose();
    }

    private bool Add(SafeFileHandle file)
    {
        var wanted = new epoll_event { events = EPOLLIN | EPOLLET };
        return epoll_ctl(epoll, EPOLL_CTL_ADD, file, &wanted) == 0;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial SafeFileHandle epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial SafeFileHandle eventfd(uint initval, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(SafeFileHandle epfd, int op, SafeFileHandle fd, epoll_event* @event);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_wait(SafeFileHandle epfd, epoll_event* events, int maxevents, int timeout);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(SafeFileHandle fd, void* buf, nuint count);

    /// <summary>As large as the largest of the architectures; what follows the first member is not used.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 16)]
    private struct epoll_event
    {
        internal uint events;
    }
}
