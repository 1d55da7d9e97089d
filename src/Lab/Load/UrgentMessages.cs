using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace NetPulse.Lab.Load;

/// <param name="Port">Where the receiver listens.</param>
/// <param name="Every">Time between two urgent messages.</param>
/// <param name="BulkBitsPerSecond">Of the other data, at first; <see langword="null"/>: as much as the connection takes.</param>
/// <param name="CongestionControl">As for <see cref="TransferSettings"/>.</param>
public sealed record UrgentSettings(int Port, TimeSpan Every, long? BulkBitsPerSecond, string? CongestionControl);

/// <summary>Urgent messages between bulk data of the same connection, as of a multiplexed protocol: what is in the send buffer goes first. Measures from when a message was due until it was read.</summary>
public sealed class UrgentMessages : ILoad
{
    /// <summary>Every message: a byte that says whether it is urgent, the timestamp at which it was due, and padding.</summary>
    private const int MessageBytes = 4096;

    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromMilliseconds(200);

    private readonly LoadPlace place;
    private readonly UrgentSettings settings;
    private readonly Socket listener;
    private readonly Observations milliseconds;
    private readonly LoadLoops loops;
    private long bulkBitsPerSecond;

    public UrgentMessages(LoadPlace place, UrgentSettings settings)
    {
        (this.place, this.settings) = (place, settings);
        milliseconds = new Observations(place.Time);
        bulkBitsPerSecond = settings.BulkBitsPerSecond ?? 0;
        listener = PodSocket.Listen(place.Thread, place.To, settings.Port);
        loops = new LoadLoops(SendAsync, ReceiveAsync);
    }

    public Figure Figure { get; } = Figure.Milliseconds("median of an urgent message");

    public Task Completion => loops.Completion;

    /// <summary><see langword="null"/>: as much as the connection takes. May be set at any time.</summary>
    public long? BulkBitsPerSecond
    {
        get => Interlocked.Read(ref bulkBitsPerSecond) is var rate and > 0 ? rate : null;
        set => Interlocked.Exchange(ref bulkBitsPerSecond, value ?? 0);
    }

    public double? Between(long from, long to) => Observations.Quantile(milliseconds.Between(from, to), 0.5);

    public async ValueTask DisposeAsync()
    {
        await loops.DisposeAsync();
        listener.Dispose();
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var socket = PodSocket.ForSending(place.Thread, place.From, settings.CongestionControl);
            try
            {
                socket.NoDelay = true;
                await socket.ConnectAsync(new IPEndPoint(place.To.Address, settings.Port), cancellationToken);
                await SendOverAsync(socket, cancellationToken);
            }
            catch (SocketException)
            {
                await Task.Delay(ReconnectDelay, place.Time, cancellationToken);
            }
            finally
            {
                PodSocket.Abort(socket);
            }
        }
    }

    private async Task SendOverAsync(Socket socket, CancellationToken cancellationToken)
    {
        var time = place.Time;
        var message = new byte[MessageBytes];
        var interval = (long)(settings.Every.TotalSeconds * time.TimestampFrequency);
        var due = time.GetTimestamp();
        var pace = new Pace(() => BulkBitsPerSecond, time);
        while (!cancellationToken.IsCancellationRequested)
        {
            var isUrgent = time.GetTimestamp() >= due;
            message[0] = isUrgent ? (byte)1 : (byte)0;
            BinaryPrimitives.WriteInt64LittleEndian(message.AsSpan(1), due);
            if (isUrgent)
            {
                due += interval;
            }
            else
            {
                await pace.NextAsync(1, cancellationToken);
                pace.Moved(MessageBytes);
            }

            for (var left = message.AsMemory(); !left.IsEmpty;)
            {
                left = left[await socket.SendAsync(left, cancellationToken)..];
            }
        }
    }

    private async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        var message = new byte[MessageBytes];
        while (!cancellationToken.IsCancellationRequested)
        {
            var socket = await listener.AcceptAsync(cancellationToken);
            try
            {
                while (!cancellationToken.IsCancellationRequested)
                {
                    await socket.ReceiveExactlyAsync(message, cancellationToken);
                    if (message[0] == 1)
                    {
                        milliseconds.Add(place.Time.GetElapsedTime(BinaryPrimitives.ReadInt64LittleEndian(message.AsSpan(1))).TotalMilliseconds);
                    }
                }
            }
            catch (SocketException)
            {
                // the sender makes the next connection
            }
            finally
            {
                PodSocket.Abort(socket);
            }
        }
    }
}
