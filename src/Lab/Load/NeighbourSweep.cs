using System.Net;
using System.Net.Sockets;

namespace NetPulse.Lab.Load;

/// <param name="Port">Where the peers' datagrams are counted.</param>
/// <param name="Every">Time in which each peer is sent one datagram.</param>
/// <param name="Peers">At first.</param>
/// <param name="Network">The peers' addresses are this plus 1, 2, …; all of them lie on the receiving pod's side of a cable.</param>
public sealed record SweepSettings(int Port, TimeSpan Every, int Peers, IPAddress Network);

/// <summary>A pod that talks to many neighbours on one Ethernet, each an entry of the neighbour table; measures the share of datagrams that arrived.</summary>
public sealed class NeighbourSweep : ILoad
{
    /// <summary>Datagrams that are sent before the others get a turn.</summary>
    private const int AtOnce = 50;

    private readonly LoadPlace place;
    private readonly SweepSettings settings;
    private readonly Socket receiver;
    private readonly Observations sent;
    private readonly Observations received;
    private readonly LoadLoops loops;
    private int peers;

    public NeighbourSweep(LoadPlace place, SweepSettings settings)
    {
        (this.place, this.settings, peers) = (place, settings, settings.Peers);
        (sent, received) = (new Observations(place.Time), new Observations(place.Time));
        receiver = PodSocket.Datagrams(place.Thread, place.To);
        receiver.Bind(new IPEndPoint(IPAddress.Any, settings.Port));
        loops = new LoadLoops(SendAsync, ReceiveAsync);
    }

    public Figure Figure => Figure.Delivered;

    public Task Completion => loops.Completion;

    /// <summary>May be set at any time.</summary>
    public int Peers
    {
        get => Volatile.Read(ref peers);
        set => Volatile.Write(ref peers, value);
    }

    public double? Between(long from, long to)
    {
        var all = sent.Sum(from, to);
        return all == 0 ? null : Math.Min(100, received.Sum(from, to) / all * 100);
    }

    public async ValueTask DisposeAsync()
    {
        await loops.DisposeAsync();
        receiver.Dispose();
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        using var socket = PodSocket.Datagrams(place.Thread, place.From);
        var payload = new byte[100];
        var target = new IPEndPoint(settings.Network, settings.Port);
        while (!cancellationToken.IsCancellationRequested)
        {
            var count = Peers;
            var pause = settings.Every * AtOnce / count;
            for (var i = 0; i < count; i++)
            {
                target.Address = Peer(i + 1);
                sent.Add(1);
                try
                {
                    await socket.SendToAsync(payload, target, cancellationToken);
                }
                catch (SocketException)
                {
                    // the table is full: it was sent and does not arrive
                }

                if (i % AtOnce == AtOnce - 1)
                {
                    await Task.Delay(pause, place.Time, cancellationToken);
                }
            }
        }
    }

    private IPAddress Peer(int number)
    {
        var address = settings.Network.GetAddressBytes();
        address[2] += (byte)(number >> 8);
        address[3] = (byte)number;
        return new IPAddress(address);
    }

    private async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[2048];
        while (!cancellationToken.IsCancellationRequested)
        {
            await receiver.ReceiveAsync(buffer, cancellationToken);
            received.Add(1);
        }
    }
}
