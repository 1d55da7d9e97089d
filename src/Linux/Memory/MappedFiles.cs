using System.Globalization;
using NetPulse.Linux.Interop;

namespace NetPulse.Linux.Memory;

/// <summary>Files that are mapped into this process: its program, the runtime, libraries. Most of their pages are touched once, at the start, and stay.</summary>
public static class MappedFiles
{
    /// <summary>Gives their pages back to the kernel (madvise(2), MADV_PAGEOUT, since Linux 5.4): what is used again is read again, and what was written stays. Pages that other processes have, too, stay as well.</summary>
    /// <returns>Bytes by which the resident size shrank; 0 where the kernel does not know the request.</returns>
    /// <exception cref="IOException">/proc could not be read.</exception>
    public static long GiveBack()
    {
        var before = ResidentBytes();
        foreach (var line in File.ReadLines("/proc/self/maps"))
        {
            // start-end permissions offset device inode path (proc_pid_maps(5))
            var path = line.IndexOf('/', StringComparison.Ordinal);
            if (path < 0 || line.EndsWith(" (deleted)", StringComparison.Ordinal) || line.AsSpan(path).StartsWith("/dev/"))
            {
                continue;
            }

            var range = line[..line.IndexOf(' ', StringComparison.Ordinal)].Split('-');
            var (start, end) = (nuint.Parse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture), nuint.Parse(range[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture));

            // Page by page from now on: reading ahead would bring most of it back. Requests, no needs: a mapping that is gone by now, or a kernel that refuses, changes nothing.
            _ = LibC.madvise(start, end - start, LibC.MADV_RANDOM);
            _ = LibC.madvise(start, end - start, LibC.MADV_PAGEOUT);
        }

        return Math.Max(0, before - ResidentBytes());
    }

    private static long ResidentBytes() => long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
}
