using System.Runtime.InteropServices;
using NetPulse.Linux.Interop;

namespace NetPulse.Linux.NetworkNamespaces;

/// <summary>A network namespace could not be opened or entered.</summary>
/// <param name="tried">What was tried.</param>
/// <param name="errno">The kernel's answer.</param>
/// <param name="remedy">What the operator can do.</param>
public sealed class NetworkNamespaceException(string tried, int errno, string remedy)
    : IOException($"{tried}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno}); {remedy}")
{
    public int Errno { get; } = errno;

    /// <summary>Whether the namespace has ended: nothing is wrong, it is only late.</summary>
    public bool IsGone => Errno == LibC.ENOENT;
}
