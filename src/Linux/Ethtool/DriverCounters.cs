using System.Runtime.InteropServices;
using System.Text;
using NetPulse.Linux.Interop;

namespace NetPulse.Linux.Ethtool;

/// <summary>What a network interface's driver counts by itself, under its own names.</summary>
/// <param name="Driver">As <c>virtio_net</c>, <c>mlx5_core</c>.</param>
/// <param name="Bus">Where the hardware sits, as <c>0000:00:03.0</c>; empty for what is no hardware.</param>
public sealed record DriverCounters(string Driver, string Bus, IReadOnlyList<KeyValuePair<string, ulong>> Counters)
{
    private const uint ETHTOOL_GDRVINFO = 0x03;
    private const uint ETHTOOL_GSTRINGS = 0x1b;
    private const uint ETHTOOL_GSTATS = 0x1d;
    private const uint ETH_SS_STATS = 1;

    /// <summary><c>struct ethtool_drvinfo</c> (include/uapi/linux/ethtool.h).</summary>
    private const int InformationLength = 196;
    private const int DriverOffset = 4;
    private const int BusOffset = 100;
    private const int CountOffset = 180;
    private const int TextLength = 32;

    /// <summary>More than any driver has; a larger number is none.</summary>
    private const int MostCounters = 65_536;

    /// <summary>A driver that has more counters than it said a moment ago writes them all: there must be room.</summary>
    private const int SpareCounters = 4096;

    /// <summary>Of an interface of the network namespace that the calling thread is in; <see langword="null"/> where its driver counts nothing.</summary>
    public static DriverCounters? Read(string name)
    {
        var socket = LibC.socket(LibC.AF_INET, LibC.SOCK_DGRAM | LibC.SOCK_CLOEXEC, 0);
        if (socket < 0)
        {
            return null;
        }

        try
        {
            var information = Request(ETHTOOL_GDRVINFO, InformationLength);
            if (!Ask(socket, name, information))
            {
                return null;
            }

            var count = BitConverter.ToInt32(information, CountOffset);
            if (count is <= 0 or > MostCounters)
            {
                return null;
            }

            var names = Request(ETHTOOL_GSTRINGS, 12 + ((count + SpareCounters) * TextLength));
            BitConverter.TryWriteBytes(names.AsSpan(4), ETH_SS_STATS);
            BitConverter.TryWriteBytes(names.AsSpan(8), count);
            var values = Request(ETHTOOL_GSTATS, 8 + ((count + SpareCounters) * sizeof(ulong)));
            BitConverter.TryWriteBytes(values.AsSpan(4), count);
            return Ask(socket, name, names) && Ask(socket, name, values)
                ? new DriverCounters(
                    Text(information, DriverOffset),
                    Text(information, BusOffset),
                    [.. Enumerable.Range(0, count).Select(i => KeyValuePair.Create(Text(names, 12 + (i * TextLength)), BitConverter.ToUInt64(values, 8 + (i * sizeof(ulong)))))])
                : null;
        }
        finally
        {
            _ = LibC.close(socket);
        }
    }

    private static byte[] Request(uint command, int length)
    {
        var request = new byte[length];
        BitConverter.TryWriteBytes(request, command);
        return request;
    }

    private static bool Ask(int socket, string name, byte[] request)
    {
        var pinned = GCHandle.Alloc(request, GCHandleType.Pinned);
        try
        {
            var argument = default(LibC.InterfaceRequest);
            Encoding.UTF8.GetBytes(name.AsSpan(0, Math.Min(name.Length, 15)), argument.ifr_name);
            argument.ifr_data = pinned.AddrOfPinnedObject();
            return LibC.ioctl(socket, LibC.SIOCETHTOOL, ref argument) >= 0;
        }
        finally
        {
            pinned.Free();
        }
    }

    private static string Text(byte[] from, int offset)
    {
        var text = from.AsSpan(offset, TextLength);
        return Encoding.UTF8.GetString(text.IndexOf((byte)0) is >= 0 and var end ? text[..end] : text).Trim();
    }
}
