using System.Net;
using System.Net.Sockets;

namespace NetPulse.Lab.Load;

/// <summary>Sends as much as one TCP connection takes from one pod to another until disposed of; when it ends or breaks, the next is made.</summary>
/// <remarks>The figure is the median of the rates that the receiving application saw in quarters of a second, so that making a connection does not count.</remarks>
public sealed class BulkTransfer : ILoad
{
    private const int ReadBytes = 256 * 1024;

    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromMilliseconds(200);

    private const int SmallPiece = 16 * 1024;

    private static readonly TimeSpan RateInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>An application gives a connection up over which nothing came for so long. Longer than a kernel takes to suspect the path's MTU (3 s).</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    private readonly LoadPlace place;
    private readonly TransferSettings settings;
    private readonly TimeProvider time;
    private Socket listener;
    private readonly Observations rates;
    private readonly CancellationTokenSource stop = new();
    private CancellationTokenSource? connection;
    private long deliveredBytes;
    private int connections;
    private int failures;
    private long readBitsPerSecond;
    private long writeBitsPerSecond;

    /// <summary>Listens in the receiving pod and begins to send.</summary>
    /// <exception cref="SocketException">The port is taken in the receiving pod.</exception>
    public BulkTransfer(LoadPlace place, TransferSettings settings)
    {
        (this.place, this.settings, time) = (place, settings, place.Time);
        rates = new Observations(time);
        writeBitsPerSecond = settings.WriteBitsPerSecond ?? 0;
        listener = Listen();
        Completion = Task.Run(() => TransferAsync(stop.Token), CancellationToken.None);
    }

    public Figure Figure => Figure.Goodput;

    /// <summary>How fast the receiving application reads; <see langword="null"/>, at first: as fast as it can. May be set at any time.</summary>
    public long? ReadBitsPerSecond
    {
        get => Interlocked.Read(ref readBitsPerSecond) is var rate and > 0 ? rate : null;
        set => Interlocked.Exchange(ref readBitsPerSecond, value ?? 0);
    }

    /// <summary>How fast the sending application writes; <see langword="null"/>: as fast as it can. May be set at any time.</summary>
    public long? WriteBitsPerSecond
    {
        get => Interlocked.Read(ref writeBitsPerSecond) is var rate and > 0 ? rate : null;
        set => Interlocked.Exchange(ref writeBitsPerSecond, value ?? 0);
    }

    /// <summary>Bytes that the receiving application has read.</summary>
    public long DeliveredBytes => Interlocked.Read(ref deliveredBytes);

    /// <summary>Connections made so far.</summary>
    public int Connections => Volatile.Read(ref connections);

    /// <summary>Connections that broke, were given up or could not be made.</summary>
    public int Failures => Volatile.Read(ref failures);

    /// <summary>Ends when disposed of; fails with an <see cref="IOException"/> when the sender's pod or congestion control is not there.</summary>
    public Task Completion { get; }

    public double? Between(long from, long to) => Observations.Quantile(rates.Between(from, to), 0.5);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Dispose();
        await Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    private Socket Listen() => PodSocket.Listen(place.Thread, place.To, settings.Port, receiveBufferBytes: settings.ReceiveBufferBytes);

    private async Task TransferAsync(CancellationToken cancellationToken)
    {
        var receiving = ReceiveAsync(cancellationToken);
        var watching = WatchAsync(cancellationToken);
        try
        {
            await SendAsync(cancellationToken);
        }
        finally
        {
            // A sender that cannot go on takes the receiver with it.
            await stop.CancelAsync();
            await receiving;
            await watching;
        }
    }

    /// <summary>Measures what comes, and gives a connection up over which nothing does.</summary>
    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        using var tick = new PeriodicTimer(RateInterval, time);
        var (bytes, at) = (DeliveredBytes, time.GetTimestamp());
        var silent = TimeSpan.Zero;
        try
        {
            while (await tick.WaitForNextTickAsync(cancellationToken))
            {
                var (earlierBytes, earlier) = (bytes, at);
                (bytes, at) = (DeliveredBytes, time.GetTimestamp());
                var elapsed = time.GetElapsedTime(earlier, at);
                rates.Add((bytes - earlierBytes) * 8e-6 / elapsed.TotalSeconds);
                silent = bytes > earlierBytes ? TimeSpan.Zero : silent + elapsed;
                if (silent > Patience && Volatile.Read(ref connection) is { } current)
                {
                    silent = TimeSpan.Zero;
                    await GiveUpAsync(current);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // disposed of
        }
    }

    private static async Task GiveUpAsync(CancellationTokenSource connection)
    {
        try
        {
            await connection.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // it ended by itself at this moment
        }
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[settings.PieceBytes];
        while (!cancellationToken.IsCancellationRequested)
        {
            using var current = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Volatile.Write(ref connection, current);
            var socket = PodSocket.ForSending(place.Thread, place.From, settings.CongestionControl);
            try
            {
                // Small pieces go out as they are written; large ones are in no hurry.
                socket.NoDelay = settings.PieceBytes < SmallPiece;
                await socket.ConnectAsync(new IPEndPoint(place.To.Address, settings.Port), current.Token);
                Interlocked.Increment(ref connections);
                await SendOverAsync(socket, buffer, current.Token);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                if (cancellationToken.IsCancellationRequested)
                {
                    return;
                }

                Interlocked.Increment(ref failures);
                await Task.Delay(ReconnectDelay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            finally
            {
                Volatile.Write(ref connection, null);
                PodSocket.Abort(socket);
            }
        }
    }

    /// <summary>Sends for the connection's lifetime, then until the receiver has read all and closed.</summary>
    private async Task SendOverAsync(Socket socket, byte[] buffer, CancellationToken cancellationToken)
    {
        var pace = new Pace(() => WriteBitsPerSecond, time);
        var start = time.GetTimestamp();
        while (settings.ConnectionLifetime is not { } lifetime || time.GetElapsedTime(start) < lifetime)
        {
            var most = await pace.NextAsync(buffer.Length, cancellationToken);
            pace.Moved(await socket.SendAsync(buffer.AsMemory(0, most), cancellationToken));
        }

        socket.Shutdown(SocketShutdown.Send);
        await socket.ReceiveAsync(buffer, cancellationToken);
    }

    private async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[ReadBytes];
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var socket = await listener.AcceptAsync(cancellationToken);
                try
                {
                    await ReadToEndAsync(socket, buffer, cancellationToken);
                    ListenAnewForAnotherBuffer();
                    socket.Dispose();
                }
                catch
                {
                    PodSocket.Abort(socket);
                    throw;
                }
            }
            catch (SocketException)
            {
                // the sender's connection broke: it makes the next one
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>A buffer is granted when it is asked for, which is before listening: only a new socket profits from a larger limit. The sender still waits for the end of its connection.</summary>
    private void ListenAnewForAnotherBuffer()
    {
        if (settings.ReceiveBufferBytes is not null)
        {
            listener.Dispose();
            listener = Listen();
        }
    }

    private async Task ReadToEndAsync(Socket socket, byte[] buffer, CancellationToken cancellationToken)
    {
        var pace = new Pace(() => ReadBitsPerSecond, time);
        while (true)
        {
            var most = await pace.NextAsync(buffer.Length, cancellationToken);
            var read = await socket.ReceiveAsync(buffer.AsMemory(0, most), cancellationToken);
            if (read == 0)
            {
                return;
            }

            pace.Moved(read);
            Interlocked.Add(ref deliveredBytes, read);
        }
    }
}
