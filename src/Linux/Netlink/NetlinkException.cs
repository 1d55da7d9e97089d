using System.Runtime.InteropServices;

namespace NetPulse.Linux.Netlink;

/// <summary>The kernel refused a netlink request, or did not answer.</summary>
/// <param name="tried">What was tried.</param>
/// <param name="errno">The kernel's answer.</param>
public sealed class NetlinkException(string tried, int errno)
    : IOException($"{tried}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno}); the process needs CAP_NET_ADMIN, and the kernel that netlink family")
{
    public int Errno { get; } = errno;
}
