using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace NetPulse.Collector.Kernel.Interop;

/// <summary>Keeps libbpf's warnings of the calling thread for the exception that follows, instead of having them on standard error.</summary>
internal static unsafe class LibBpfMessages
{
    /// <summary>The verifier's log may be long; its end says why.</summary>
    private const int Longest = 2_000;

    [ThreadStatic]
    private static StringBuilder? messages;

    /// <exception cref="DllNotFoundException">libbpf is not installed.</exception>
    internal static void Capture() => LibBpf.libbpf_set_print(&Keep);

    /// <summary>What was said on this thread since the last call, its end first to be kept; empty when nothing was.</summary>
    internal static string Take()
    {
        var text = messages?.ToString().Trim() ?? "";
        messages?.Clear();
        return text.Length <= Longest ? text : string.Concat("… ", text.AsSpan(text.Length - Longest));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Keep(int level, byte* format, nint arguments)
    {
        if (level != LibBpf.LIBBPF_WARN)
        {
            return 0;
        }

        // A va_list goes by reference on every 64-bit Linux that .NET runs on.
        const int Size = 64 * 1024;
        var buffer = (byte*)NativeMemory.Alloc(Size);
        var length = LibBpf.vsnprintf(buffer, Size, format, arguments);
        (messages ??= new StringBuilder()).Append(Encoding.UTF8.GetString(buffer, Math.Clamp(length, 0, Size - 1)));
        NativeMemory.Free(buffer);
        return 0;
    }
}
