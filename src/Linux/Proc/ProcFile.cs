using System.Runtime.InteropServices;
using NetPulse.Linux.Interop;

namespace NetPulse.Linux.Proc;

/// <summary>Reads files of /proc whole, into memory that the caller keeps from one reading to the next.</summary>
public static class ProcFile
{
    private const int SmallestRoom = 4096;

    /// <param name="buffer">Made larger where the file needs it.</param>
    /// <param name="offset">Where to begin in the buffer.</param>
    /// <returns>The file's length; <see langword="null"/> where this kernel or namespace has no such file.</returns>
    /// <exception cref="IOException">It is there and cannot be read.</exception>
    public static int? Read(string path, ref byte[] buffer, int offset = 0)
    {
        var file = LibC.open(path, LibC.O_RDONLY | LibC.O_CLOEXEC);
        if (file < 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            return errno == LibC.ENOENT ? null : throw Failure("open", path, errno);
        }

        try
        {
            for (var length = 0; ;)
            {
                if (buffer.Length - offset - length < SmallestRoom)
                {
                    Array.Resize(ref buffer, (2 * buffer.Length) + SmallestRoom);
                }

                var read = LibC.read(file, buffer.AsSpan(offset + length), buffer.Length - offset - length);
                if (read < 0)
                {
                    throw Failure("read", path, Marshal.GetLastPInvokeError());
                }

                if (read == 0)
                {
                    return length;
                }

                length += (int)read;
            }
        }
        finally
        {
            _ = LibC.close(file);
        }
    }

    private static IOException Failure(string tried, string path, int errno) =>
        new($"{tried} {path}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})");
}
