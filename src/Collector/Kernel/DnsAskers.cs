using Microsoft.Win32.SafeHandles;
using NetPulse.Collector.Kernel.Interop;

namespace NetPulse.Collector.Kernel;

/// <summary>Control groups that talk to port 53: the kernel's buffer of askers.h, to which the programs of DNS and of UDP write.</summary>
/// <remarks>Used by one thread at a time.</remarks>
public sealed class DnsAskers : IDisposable
{
    internal const string Map = "new_askers";
    private const int Bytes = 65_536;

    private SafeFileHandle? ring;

    /// <summary>Whether UDP's program is loaded, which sees who asks over sockets that are not connected.</summary>
    internal bool HasUdp { get; set; }

    /// <summary>Makes the buffer when it is first needed.</summary>
    /// <exception cref="BpfException">No libbpf, or no right to make it.</exception>
    internal SafeFileHandle Ring()
    {
        if (ring is null)
        {
            BpfPrograms.Require(Map);
            ring = BpfPrograms.CreateRing(Map, Bytes);
        }

        return ring;
    }

    public void Dispose() => ring?.Dispose();
}
