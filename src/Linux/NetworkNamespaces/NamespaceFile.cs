using Microsoft.Win32.SafeHandles;
using NetPulse.Linux.Interop;

namespace NetPulse.Linux.NetworkNamespaces;

/// <summary>A file in nsfs that stands for a namespace.</summary>
internal static class NamespaceFile
{
    /// <exception cref="NetworkNamespaceException">It is not there, may not be opened, or stands for another namespace by now.</exception>
    internal static SafeFileHandle Open(NetworkNamespace target)
    {
        SafeFileHandle file;
        try
        {
            file = File.OpenHandle(target.Path);
        }
        catch (IOException)
        {
            throw new NetworkNamespaceException($"open {target.Path}", LibC.ENOENT, "the namespace is gone");
        }
        catch (UnauthorizedAccessException)
        {
            throw new NetworkNamespaceException($"open {target.Path}", LibC.EACCES, "the process needs CAP_SYS_PTRACE to see other users' namespaces");
        }

        if (LibC.statx(file, "", LibC.AT_EMPTY_PATH, LibC.STATX_INO, out var status) != 0 || status.stx_ino != target.Inode)
        {
            file.Dispose();
            throw new NetworkNamespaceException($"open {target.Path}", LibC.ENOENT, "the namespace is gone and another has taken its name");
        }

        return file;
    }

    /// <summary>The namespace's number; <see langword="null"/> when the path stands for no namespace, or may not be seen.</summary>
    internal static ulong? Inode(string path) =>
        LibC.statx(LibC.AT_FDCWD, path, 0, LibC.STATX_INO, out var status) == 0
        && LibC.statx(LibC.AT_FDCWD, "/proc/self/ns/net", 0, LibC.STATX_INO, out var own) == 0
        && (status.stx_dev_major, status.stx_dev_minor) == (own.stx_dev_major, own.stx_dev_minor)
            ? status.stx_ino
            : null;
}
