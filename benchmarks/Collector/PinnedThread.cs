using System.Runtime.InteropServices;

namespace NetPulse.Benchmarks.Collector;

/// <summary>The CPU time of one thread that stays on one processor.</summary>
/// <remarks>
/// Over a veth pair a packet is received in the softirq that ends the sender's own system call, so the sender's thread pays for the whole
/// path, unless the kernel hands the softirq to its own thread of that processor: that one's time is added.
/// </remarks>
internal static partial class PinnedThread
{
    private const int CLOCK_THREAD_CPUTIME_ID = 3;

    private static string? softirqThread;

    /// <summary>Pins the calling thread to the last processor.</summary>
    /// <returns>Which one that is.</returns>
    internal static int Pin()
    {
        var processor = Environment.ProcessorCount - 1;
        Span<ulong> mask = stackalloc ulong[16];
        mask.Clear();
        mask[processor / 64] = 1ul << (processor % 64);
        if (sched_setaffinity(0, mask.Length * sizeof(ulong), in mask[0]) != 0)
        {
            throw new InvalidOperationException($"processor {processor} cannot be had: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        softirqThread = Directory.EnumerateDirectories("/proc")
            .Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0]))
            .FirstOrDefault(path => File.Exists($"{path}/comm") && ReadOrEmpty($"{path}/comm").Trim() == $"ksoftirqd/{processor}");
        return processor;
    }

    /// <summary>Nanoseconds since the thread began.</summary>
    internal static long CpuNanoseconds()
    {
        if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, out var time) != 0)
        {
            throw new InvalidOperationException($"the thread's clock cannot be read: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        var handedOver = softirqThread is null ? "" : ReadOrEmpty($"{softirqThread}/schedstat");
        return (time.tv_sec * 1_000_000_000) + time.tv_nsec + (handedOver.Length == 0 ? 0 : long.Parse(handedOver.AsSpan(0, handedOver.IndexOf(' ', StringComparison.Ordinal))));
    }

    private static string ReadOrEmpty(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            // The process has ended.
            return "";
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sched_setaffinity(int pid, nint cpusetsize, in ulong mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int clock_gettime(int clk_id, out TimeSpecification tp);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpecification
    {
        internal long tv_sec;
        internal long tv_nsec;
    }
}
