using System.Net;
using System.Net.Sockets;
using NetPulse.Lab.Topology;
using NetPulse.Linux.NetworkNamespaces;

namespace NetPulse.Lab.Load;

/// <summary>Sends as much as one TCP connection takes from one pod to another until disposed of; when it ends or breaks, the next is made.</summary>
public sealed class BulkTransfer : IAsyncDisposable
{
    private const int BufferBytes = 256 * 1024;

    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromMilliseconds(200);

    private readonly NetworkNamespaceThread thread;
    private readonly LabPod from;
    private readonly LabPod to;
    private readonly TransferSettings settings;
    private readonly TimeProvider time;
    private readonly Socket listener;
    private readonly CancellationTokenSource stop = new();
    private long deliveredBytes;
    private int connections;
    private int failures;
    private long readBitsPerSecond;

    /// <summary>Listens in the receiving pod and begins to send.</summary>
    /// <exception cref="SocketException">The port is taken in the receiving pod.</exception>
    public BulkTransfer(NetworkNamespaceThread thread, LabPod from, LabPod to, TransferSettings settings, TimeProvider time)
    {
        this.thread = thread;
        this.from = from;
        this.to = to;
        this.settings = settings;
        this.time = time;
        listener = PodSocket.Listen(thread, to, settings.Port);
        Completion = Task.Run(() => TransferAsync(stop.Token), CancellationToken.None);
    }

    /// <summary>How fast the receiving application reads; <see langword="null"/>, at first: as fast as it can. May be set at any time.</summary>
    public long? ReadBitsPerSecond
    {
        get => Interlocked.Read(ref readBitsPerSecond) is var rate and > 0 ? rate : null;
        set => Interlocked.Exchange(ref readBitsPerSecond, value ?? 0);
    }

    /// <summary>Bytes that the receiving application has read.</summary>
    public long DeliveredBytes => Interlocked.Read(ref deliveredBytes);

    /// <summary>Connections made so far.</summary>
    public int Connections => Volatile.Read(ref connections);

    /// <summary>Connections that broke, or could not be made.</summary>
    public int Failures => Volatile.Read(ref failures);

    /// <summary>Ends when disposed of; fails with an <see cref="IOException"/> when the sender's pod or congestion control is not there.</summary>
    public Task Completion { get; }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Dispose();
        await Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    private async Task TransferAsync(CancellationToken cancellationToken)
    {
        var receiving = ReceiveAsync(cancellationToken);
        try
        {
            await SendAsync(cancellationToken);
        }
        finally
        {
            // A sender that cannot go on takes the receiver with it.
            await stop.CancelAsync();
            await receiving;
        }
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        while (!cancellationToken.IsCancellationRequested)
        {
            var socket = PodSocket.ForSending(thread, from, settings.CongestionControl);
            try
            {
                await socket.ConnectAsync(new IPEndPoint(to.Address, settings.Port), cancellationToken);
                Interlocked.Increment(ref connections);
                await SendOverAsync(socket, buffer, cancellationToken);
            }
            catch (SocketException)
            {
                Interlocked.Increment(ref failures);
                await Task.Delay(ReconnectDelay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            finally
            {
                PodSocket.Abort(socket);
            }
        }
    }

    /// <summary>Sends for the connection's lifetime, then until the receiver has read all and closed.</summary>
    private async Task SendOverAsync(Socket socket, byte[] buffer, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        while (settings.ConnectionLifetime is not { } lifetime || time.GetElapsedTime(start) < lifetime)
        {
            await socket.SendAsync(buffer, cancellationToken);
        }

        socket.Shutdown(SocketShutdown.Send);
        await socket.ReceiveAsync(buffer, cancellationToken);
    }

    private async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var socket = await listener.AcceptAsync(cancellationToken);
                try
                {
                    await ReadToEndAsync(socket, buffer, cancellationToken);
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

    private async Task ReadToEndAsync(Socket socket, byte[] buffer, CancellationToken cancellationToken)
    {
        var pace = new ReadPace(() => ReadBitsPerSecond, time);
        while (true)
        {
            var most = await pace.NextAsync(buffer.Length, cancellationToken);
            var read = await socket.ReceiveAsync(buffer.AsMemory(0, most), cancellationToken);
            if (read == 0)
            {
                return;
            }

            pace.Read(read);
            Interlocked.Add(ref deliveredBytes, read);
        }
    }
}
