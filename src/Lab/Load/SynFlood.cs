using System.Buffers.Binary;
using System.Net;
using NetPulse.Lab.Forwarding;

namespace NetPulse.Lab.Load;

/// <param name="Port">Of the listening server.</param>
/// <param name="Senders">The first address that the segments pretend to come from; the server must have a route to it, and nobody may answer there.</param>
public sealed record FloodSettings(int Port, IPAddress Senders);

/// <summary>Opening segments whose handshakes nobody completes. Has no figure of its own: what it does to others is what is measured.</summary>
public sealed class SynFlood : ILoad
{
    private const int HeaderBytes = 20;
    private const byte Tcp = 6;
    private const byte Syn = 2;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    private readonly LoadPlace place;
    private readonly FloodSettings settings;
    private readonly LoadLoops loops;
    private int perSecond;

    public SynFlood(LoadPlace place, FloodSettings settings)
    {
        (this.place, this.settings) = (place, settings);
        loops = new LoadLoops(SendAsync);
    }

    public Figure Figure => Figure.Succeeded;

    public Task Completion => loops.Completion;

    /// <summary>Segments; 0, at first: none. May be set at any time.</summary>
    public int PerSecond
    {
        get => Volatile.Read(ref perSecond);
        set => Volatile.Write(ref perSecond, value);
    }

    public double? Between(long from, long to) => null;

    public ValueTask DisposeAsync() => loops.DisposeAsync();

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        using var socket = PodSocket.RawPackets(place.Thread, place.From);
        using var tick = new PeriodicTimer(Tick, place.Time);
        var random = new Random(1);
        var packet = new byte[HeaderBytes * 2];
        var target = new IPEndPoint(place.To.Address, 0);
        while (await tick.WaitForNextTickAsync(cancellationToken))
        {
            for (var i = 0; i < PerSecond * Tick.TotalSeconds; i++)
            {
                Write(packet, random);
                await socket.SendToAsync(packet, target, cancellationToken);
            }
        }
    }

    private void Write(Span<byte> packet, Random random)
    {
        packet.Clear();
        packet[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], HeaderBytes * 2);
        packet[8] = 64;
        packet[9] = Tcp;
        settings.Senders.TryWriteBytes(packet[12..], out _);
        packet[15] += (byte)random.Next(1, 250);
        place.To.Address.TryWriteBytes(packet[16..], out _);
        Ipv4Packet.WriteHeaderChecksum(packet[..HeaderBytes]);

        var segment = packet[HeaderBytes..];
        BinaryPrimitives.WriteUInt16BigEndian(segment, (ushort)random.Next(1024, ushort.MaxValue));
        BinaryPrimitives.WriteUInt16BigEndian(segment[2..], (ushort)settings.Port);
        BinaryPrimitives.WriteInt32BigEndian(segment[4..], random.Next());
        segment[12] = HeaderBytes / 4 << 4;
        segment[13] = Syn;
        BinaryPrimitives.WriteUInt16BigEndian(segment[14..], ushort.MaxValue);

        // The checksum covers addresses, protocol and length too (RFC 9293, section 3.1).
        Span<byte> covered = stackalloc byte[HeaderBytes + 12];
        packet.Slice(12, 8).CopyTo(covered);
        covered[9] = Tcp;
        covered[11] = HeaderBytes;
        segment.CopyTo(covered[12..]);
        BinaryPrimitives.WriteUInt16BigEndian(segment[16..], Ipv4Packet.Checksum(covered));
    }
}
