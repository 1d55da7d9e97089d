using System.Text;
using Microsoft.Win32.SafeHandles;

namespace NetPulse.Linux.Sysctls;

/// <summary>Reads and writes sysctls of the network namespace that the calling thread is in.</summary>
/// <remarks>/proc/sys/net shows the namespace of whoever opens the file, so call this on a <see cref="NetworkNamespaces.NetworkNamespaceThread"/>.</remarks>
public static class Sysctl
{
    /// <summary>Bytes; a list of reserved ports may be longer, and is then another than any that is compared with it.</summary>
    private const int LongestKept = 4096;

    /// <summary>The value with its numbers separated by one space; <see langword="null"/> when this kernel or namespace has no such sysctl.</summary>
    /// <exception cref="SysctlException">It is there but cannot be read.</exception>
    public static string? Read(string name)
    {
        try
        {
            return Normalize(File.ReadAllText(PathOf(name)));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SysctlException($"read {name}", e.Message, e);
        }
    }

    /// <inheritdoc cref="Read(string)"/>
    /// <exception cref="IOException">Its namespace is gone.</exception>
    public static string Read(SafeFileHandle opened)
    {
        Span<byte> text = stackalloc byte[LongestKept];
        return Normalize(Encoding.ASCII.GetString(text[..RandomAccess.Read(opened, text, 0)]));
    }

    /// <summary>Opens it for <see cref="Read(SafeFileHandle)"/>, which then reads this namespace's value from anywhere, as often as one likes. It keeps no namespace alive.</summary>
    /// <exception cref="IOException">It is not there, or may not be read.</exception>
    /// <exception cref="UnauthorizedAccessException">As before.</exception>
    public static SafeFileHandle Open(string name) => File.OpenHandle(PathOf(name));

    /// <exception cref="SysctlException">It is not there, read-only in this namespace, or the kernel refuses the value.</exception>
    public static void Write(string name, string value)
    {
        using var file = OpenForWriting(name);
        try
        {
            file.Write(Encoding.ASCII.GetBytes(value + "\n"));
        }
        catch (IOException e)
        {
            throw new SysctlException($"write {name} = {value}", $"the kernel refused it: {e.Message}", e);
        }
    }

    /// <summary>Finds out by opening it, which changes nothing, whether it can be written here.</summary>
    /// <exception cref="SysctlException">It is not there, or read-only in this namespace.</exception>
    public static void RequireWritable(string name) => OpenForWriting(name).Dispose();

    private static FileStream OpenForWriting(string name)
    {
        try
        {
            // Opened without truncation or creation: /proc knows neither.
            return new FileStream(PathOf(name), FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new SysctlException($"write {name}", "it does not exist in this network namespace", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new SysctlException($"write {name}", "it is read-only in this network namespace; only the node's own value can be set", e);
        }
        catch (IOException e)
        {
            throw new SysctlException($"write {name}", $"it cannot be opened for writing: {e.Message}", e);
        }
    }

    /// <summary>Its file in /proc.</summary>
    public static string PathOf(string name) => $"/proc/sys/{name.Replace('.', '/')}";

    /// <summary>Numbers separated by one space, without an end of line.</summary>
    public static string Normalize(string value) => string.Join(' ', value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}

/// <summary>A sysctl could not be read or written.</summary>
public sealed class SysctlException(string tried, string reason, Exception inner) : IOException($"{tried}: {reason}", inner);
