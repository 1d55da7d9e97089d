using System.Globalization;
using NetPulse.Linux.Interop;

namespace NetPulse.Linux.Memory;

/// <summary>Pages of files that this process has mapped: code, most of which only its start needed.</summary>
public static class ResidentPages
{
    /// <summary>Gives back those that no other process has mapped; what is used again is read again, page by page. What the kernel does not do (before 5.4) changes nothing.</summary>
    /// <remarks>Pages that were written stay, as there is nowhere else that has them.</remarks>
    public static void GiveBack()
    {
        foreach (var line in File.ReadAllLines("/proc/self/maps"))
        {
            // FROM-TO PERMISSIONS OFFSET DEVICE INODE PATH (proc_pid_maps(5))
            var fields = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length < 6 || fields[4] == "0" || !fields[5].TrimStart().StartsWith('/') || fields[5].Contains("memfd:", StringComparison.Ordinal))
            {
                continue;
            }

            var range = fields[0].Split('-');
            var (from, to) = (Address(range[0]), Address(range[1]));
            _ = LibC.madvise(from, to - from, LibC.MADV_RANDOM);
            _ = LibC.madvise(from, to - from, LibC.MADV_PAGEOUT);
        }
    }

    private static nuint Address(string hexadecimal) => nuint.Parse(hexadecimal, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
