using System.Net;
using System.Net.Sockets;

namespace NetPulse.Lab.Load;

/// <param name="Port">Where the receiver listens.</param>
/// <param name="Bytes">Of one burst.</param>
/// <param name="Every">Time from the beginning of one burst to the next; a burst that takes longer is followed at once.</param>
/// <param name="CongestionControl">As for <see cref="TransferSettings"/>.</param>
/// <param name="IsOneConnection">Otherwise each burst makes a connection of its own.</param>
public sealed record BurstSettings(int Port, int Bytes, TimeSpan Every, string? CongestionControl, bool IsOneConnection);

/// <summary>Bursts of data with idle time between them; measures how long one takes until the receiver says that it has all.</summary>
public sealed class TransferBursts : ILoad
{
    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromMilliseconds(200);

    private readonly LoadPlace place;
    private readonly BurstSettings settings;
    private readonly Socket listener;
    private readonly Durations durations;
    private readonly LoadLoops loops;

    public TransferBursts(LoadPlace place, BurstSettings settings)
    {
        (this.place, this.settings) = (place, settings);
        durations = new Durations(place.Time);
        listener = PodSocket.Listen(place.Thread, place.To, settings.Port);
        loops = new LoadLoops(SendAsync, ReceiveAsync);
    }

    public Figure Figure { get; } = Figure.Milliseconds("median of a burst");

    public Task Completion => loops.Completion;

    public double? Between(long from, long to) => durations.Quantile(0.5, from, to);

    public async ValueTask DisposeAsync()
    {
        await loops.DisposeAsync();
        listener.Dispose();
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[settings.Bytes];
        Socket? socket = null;
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                var begin = place.Time.GetTimestamp();
                var burst = durations.Begin();
                try
                {
                    socket ??= await ConnectAsync(cancellationToken);
                    await socket.SendAsync(buffer, cancellationToken);
                    await socket.ReceiveExactlyAsync(buffer.AsMemory(0, 1), cancellationToken);
                    durations.End(burst);
                    if (!settings.IsOneConnection)
                    {
                        // An orderly end: what the kernel learned of the path is kept for the next connection.
                        socket.Dispose();
                        socket = null;
                    }

                    var left = settings.Every - place.Time.GetElapsedTime(begin);
                    await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, place.Time, cancellationToken);
                }
                catch (SocketException)
                {
                    socket?.Dispose();
                    socket = null;
                    await Task.Delay(ReconnectDelay, place.Time, cancellationToken);
                }
                finally
                {
                    durations.Forget(burst);
                }
            }
        }
        finally
        {
            if (socket is not null)
            {
                PodSocket.Abort(socket);
            }
        }
    }

    private async Task<Socket> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = PodSocket.ForSending(place.Thread, place.From, settings.CongestionControl);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(place.To.Address, settings.Port), cancellationToken);
            return socket;
        }
        catch
        {
            PodSocket.Abort(socket);
            throw;
        }
    }

    private async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[settings.Bytes];
        while (!cancellationToken.IsCancellationRequested)
        {
            var socket = await listener.AcceptAsync(cancellationToken);
            try
            {
                while (!cancellationToken.IsCancellationRequested)
                {
                    await socket.ReceiveExactlyAsync(buffer, cancellationToken);
                    await socket.SendAsync(buffer.AsMemory(0, 1), cancellationToken);
                }
            }
            catch (SocketException)
            {
                socket.Dispose();
            }
            catch
            {
                PodSocket.Abort(socket);
                throw;
            }
        }
    }
}
