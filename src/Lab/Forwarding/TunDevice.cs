using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using NetPulse.Lab.Interop;
using NetPulse.Lab.Topology;
using NetPulse.Linux.NetworkNamespaces;

namespace NetPulse.Lab.Forwarding;

/// <summary>A pod's network interface whose other side is this process. It is gone when its handle is closed.</summary>
internal sealed class TunDevice : IDisposable
{
    private const string Path = "/dev/net/tun";

    private TunDevice(SafeFileHandle handle, string name)
    {
        Handle = handle;
        Name = name;
    }

    /// <summary>Non-blocking; a read or write is one IP packet.</summary>
    internal SafeFileHandle Handle { get; }

    /// <summary>As <c>eth0</c>, <c>eth1</c>.</summary>
    internal string Name { get; }

    /// <summary>A device in the pod with the pod's address and a route to the peer.</summary>
    /// <exception cref="LabException">The kernel has no TUN, or the process may not use it.</exception>
    internal static async Task<TunDevice> OpenAsync(NetworkNamespaceThread thread, LabPod pod, LabPod peer, CancellationToken cancellationToken)
    {
        var device = thread.Run(pod.NetworkNamespace, () => Open(pod.Name));
        try
        {
            // 10,000 packets may wait for our thread: the queue under test is the path's, not the device's.
            // No IPv6 address: neighbour and router discovery would count as the path's packets.
            await IpCommand.BatchAsync(
                pod.NetworkNamespace.Name,
                [
                    $"link set {device.Name} addrgenmode none",
                    $"link set {device.Name} mtu 1500 txqueuelen 10000 up",
                    $"address add {pod.Address} peer {peer.Address} dev {device.Name}",
                ],
                cancellationToken);
            return device;
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    public void Dispose() => Handle.Dispose();

    private static TunDevice Open(string pod)
    {
        var handle = LibC.open(Path, LibC.O_RDWR | LibC.O_NONBLOCK | LibC.O_CLOEXEC);
        if (handle.IsInvalid)
        {
            var errno = Marshal.GetLastPInvokeError();
            handle.Dispose();
            throw new LabException($"open {Path}", Marshal.GetPInvokeErrorMessage(errno), "load the module tun, and give the process access to the device");
        }

        var request = new LibC.IfReq { ifr_flags = LibC.IFF_TUN | LibC.IFF_NO_PI };
        "eth%d"u8.CopyTo(MemoryMarshal.AsBytes(new Span<ulong>(ref request.ifr_name)));
        if (LibC.ioctl(handle, LibC.TUNSETIFF, ref request) != 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            handle.Dispose();
            throw new LabException($"make a TUN device in {pod}", Marshal.GetPInvokeErrorMessage(errno), "the process needs CAP_NET_ADMIN in the pod's network namespace");
        }

        // "eth%d" leaves the number to the kernel, which answers with the name it took; 8 of its 16 bytes hold every number here.
        var name = MemoryMarshal.AsBytes(new Span<ulong>(ref request.ifr_name));
        return new TunDevice(handle, System.Text.Encoding.ASCII.GetString(name[..name.IndexOf((byte)0)]));
    }
}
