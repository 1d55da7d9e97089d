using System.Runtime.InteropServices;

namespace NetPulse.Benchmarks.Collector;

/// <summary>How many files this process may have open.</summary>
internal static partial class OpenFiles
{
    private const int RLIMIT_NOFILE = 7;

    /// <exception cref="InvalidOperationException">The process has no CAP_SYS_RESOURCE, or <c>fs.nr_open</c> is below.</exception>
    internal static void Allow(ulong number)
    {
        var limit = new Limit { Soft = number, Hard = number };
        if (setrlimit(RLIMIT_NOFILE, in limit) != 0)
        {
            throw new InvalidOperationException($"{number} files cannot be had: {Marshal.GetLastPInvokeErrorMessage()}; see fs.nr_open");
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setrlimit(int resource, in Limit limit);

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        internal ulong Soft;
        internal ulong Hard;
    }
}
