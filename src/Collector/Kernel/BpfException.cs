using System.Runtime.InteropServices;

namespace NetPulse.Collector.Kernel;

/// <summary>The kernel or libbpf did not do what it was asked to.</summary>
/// <param name="tried">What was tried.</param>
/// <param name="errno">The kernel's answer; 0 where it was not asked.</param>
/// <param name="remedy">What the operator can do.</param>
public sealed class BpfException(string tried, int errno, string remedy, Exception? inner = null)
    : IOException(errno == 0 ? $"{tried}: {remedy}" : $"{tried}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno}); {remedy}", inner)
{
    public int Errno { get; } = errno;
}
