using System.Runtime.InteropServices;

namespace NetPulse.Telemetry.Store.Embedded.Interop;

/// <summary>What .NET does not offer: to make a directory's entries durable. Declarations only; C names stay, so that a search finds the man page.</summary>
internal static partial class LibC
{
    private const string Library = "libc";

    internal const int O_RDONLY = 0;
    internal const int O_CLOEXEC = 0x80000;

    /// <returns>A descriptor, or -1 with errno in <see cref="Marshal.GetLastPInvokeError"/>.</returns>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int open(string pathname, int flags);

    /// <returns>0, or -1 with errno.</returns>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fsync(int fd);

    /// <returns>0, or -1 with errno.</returns>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int close(int fd);
}
