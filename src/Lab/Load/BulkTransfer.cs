using System.Net;
using System.Net.Sockets;
using NetPulse.Lab.Topology;
using NetPulse.Linux.NetworkNamespaces;

namespace NetPulse.Lab.Load;

/// <summary>Sends as much as one TCP connection takes from one pod to another until disposed of; a broken connection is made again.</summary>
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
        Completion = Task.WhenAll(
            Task.Run(() => ReceiveAsync(stop.Token), CancellationToken.None),
            Task.Run(() => SendAsync(stop.Token), CancellationToken.None));
    }

    /// <summary>Bytes that the receiving application has read.</summary>
    public long DeliveredBytes => Interlocked.Read(ref deliveredBytes);

    /// <summary>Connections made so far: more than one means that one broke.</summary>
    public int Connections => Volatile.Read(ref connections);

    /// <summary>Ends when disposed of; fails with a <see cref="LabException"/> when the transfer cannot go on.</summary>
    public Task Completion { get; }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Dispose();
        await Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
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
                while (true)
                {
                    await socket.SendAsync(buffer, cancellationToken);
                }
            }
            catch (SocketException)
            {
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
                }
                finally
                {
                    PodSocket.Abort(socket);
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
        var pace = new ReadPace(settings.ReadBitsPerSecond, time);
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
