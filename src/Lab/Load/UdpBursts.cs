using System.Net;
using System.Net.Sockets;

namespace NetPulse.Lab.Load;

/// <param name="Port">Where the receiver is bound.</param>
/// <param name="Every">Time between two bursts.</param>
/// <param name="Datagrams">In one burst, at first.</param>
/// <param name="DatagramBytes">Payload of each; what does not fit the device's MTU goes in fragments.</param>
public sealed record UdpSettings(int Port, TimeSpan Every, int Datagrams, int DatagramBytes)
{
    /// <summary>What the receiver asks for as its buffer; <see langword="null"/>: it takes the default.</summary>
    public int? ReceiveBufferBytes { get; init; }

    /// <summary>The receiver opens a new socket after this time; <see langword="null"/>: never.</summary>
    public TimeSpan? OpensAnewEvery { get; init; }

    /// <summary>The most that the receiver takes between two pauses; <see langword="null"/>: all there is.</summary>
    public int? ReadsAtOnce { get; init; }
}

/// <summary>Bursts of datagrams to a receiver that pauses; measures the share that arrived.</summary>
public sealed class UdpBursts : ILoad
{
    private readonly LoadPlace place;
    private readonly UdpSettings settings;
    private readonly TimeProvider time;
    private readonly Observations sent;
    private readonly Observations received;
    private readonly LoadLoops loops;
    private Socket receiver;
    private long openSince;
    private int datagrams;
    private int datagramBytes;
    private long pauseTicks = TimeSpan.FromMilliseconds(1).Ticks;

    public UdpBursts(LoadPlace place, UdpSettings settings)
    {
        (this.place, this.settings, time) = (place, settings, place.Time);
        (sent, received) = (new Observations(time), new Observations(time));
        (datagrams, datagramBytes) = (settings.Datagrams, settings.DatagramBytes);
        (receiver, openSince) = (Open(), time.GetTimestamp());
        loops = new LoadLoops(SendAsync, ReceiveAsync);
    }

    public Figure Figure => Figure.Delivered;

    public Task Completion => loops.Completion;

    /// <summary>In one burst. May be set at any time, as the two that follow.</summary>
    public int Datagrams
    {
        get => Volatile.Read(ref datagrams);
        set => Volatile.Write(ref datagrams, value);
    }

    public int DatagramBytes
    {
        get => Volatile.Read(ref datagramBytes);
        set => Volatile.Write(ref datagramBytes, value);
    }

    /// <summary>How long the receiver does other things between two looks at its socket.</summary>
    public TimeSpan ReceiverPause
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref pauseTicks));
        set => Interlocked.Exchange(ref pauseTicks, value.Ticks);
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

    private Socket Open()
    {
        var socket = PodSocket.Datagrams(place.Thread, place.To);
        if (settings.ReceiveBufferBytes is { } bytes)
        {
            socket.ReceiveBufferSize = bytes;
        }

        PodSocket.AllowSharing(socket);
        socket.Bind(new IPEndPoint(place.To.Address, settings.Port));
        return socket;
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        var payload = new byte[ushort.MaxValue];
        using var socket = PodSocket.Datagrams(place.Thread, place.From);
        using var round = new PeriodicTimer(settings.Every, time);
        var target = new IPEndPoint(place.To.Address, settings.Port);
        while (await round.WaitForNextTickAsync(cancellationToken))
        {
            if (time.GetElapsedTime(openSince) > settings.OpensAnewEvery)
            {
                Interlocked.Exchange(ref receiver, Open()).Dispose();
                openSince = time.GetTimestamp();
            }

            var (count, bytes) = (Datagrams, DatagramBytes);
            sent.Add(count);
            for (var i = 0; i < count; i++)
            {
                await socket.SendToAsync(payload.AsMemory(0, bytes), target, cancellationToken);
            }
        }
    }

    private async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[ushort.MaxValue];
        while (!cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(ReceiverPause, time, cancellationToken);
            var count = 0;
            try
            {
                var socket = Volatile.Read(ref receiver);
                while ((settings.ReadsAtOnce is not { } most || count < most) && socket.Poll(TimeSpan.Zero, SelectMode.SelectRead))
                {
                    socket.Receive(buffer);
                    count++;
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // the socket was replaced: the next look takes the new one
            }

            received.Add(count);
        }
    }
}
