using System.Runtime.InteropServices;

namespace NetPulse.Linux.NetworkNamespaces;

/// <summary>A network namespace could not be opened or entered.</summary>
/// <param name="tried">What was tried.</param>
/// <param name="errno">The kernel's answer.</param>
/// <param name="remedy">What the operator can do.</param>
public sealed class NetworkNamespaceException(string tried, int errno, string remedy)
    : IOException($"{tried}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno}); {remedy}")
{
    public int Errno { get; } = errno;
}
