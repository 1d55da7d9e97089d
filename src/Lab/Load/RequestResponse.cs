using System.Net;
using System.Net.Sockets;

namespace NetPulse.Lab.Load;

/// <param name="Port">Where the server listens.</param>
/// <param name="Connections">Clients side by side, each with a connection of its own.</param>
/// <param name="Think">Pause between an answer and the next request.</param>
/// <param name="Share">The quantile that is the figure, as 0.99.</param>
public sealed record RequestSettings(int Port, int Connections, TimeSpan Think, double Share)
{
    public int RequestBytes { get; init; } = 200;

    public int ResponseBytes { get; init; } = 1000;

    /// <summary>After this time a client makes a new connection; <see langword="null"/>: never.</summary>
    public TimeSpan? ConnectionLifetime { get; init; }

    /// <inheritdoc cref="TransferSettings.CongestionControl"/>
    public string? CongestionControl { get; init; }
}

/// <summary>Small requests and answers over connections that stay for a while; measures how long an answer takes.</summary>
public sealed class RequestResponse : ILoad
{
    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromMilliseconds(200);

    private readonly LoadPlace place;
    private readonly RequestSettings settings;
    private readonly Socket listener;
    private readonly Durations durations;
    private readonly LoadLoops loops;

    public RequestResponse(LoadPlace place, RequestSettings settings)
    {
        (this.place, this.settings) = (place, settings);
        durations = new Durations(place.Time);
        Figure = Figure.Milliseconds($"p{settings.Share * 100:0.#} of a request");
        listener = PodSocket.Listen(place.Thread, place.To, settings.Port, backlog: 128);
        loops = new LoadLoops([ServeAsync, .. Enumerable.Repeat<Func<CancellationToken, Task>>(AskAsync, settings.Connections)]);
    }

    public Figure Figure { get; }

    public Task Completion => loops.Completion;

    public double? Between(long from, long to) => durations.Quantile(settings.Share, from, to);

    public async ValueTask DisposeAsync()
    {
        await loops.DisposeAsync();
        listener.Dispose();
    }

    private async Task AskAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[Math.Max(settings.RequestBytes, settings.ResponseBytes)];
        while (!cancellationToken.IsCancellationRequested)
        {
            var socket = PodSocket.ForSending(place.Thread, place.From, settings.CongestionControl);
            long request = 0;
            try
            {
                socket.NoDelay = true;
                await socket.ConnectAsync(new IPEndPoint(place.To.Address, settings.Port), cancellationToken);
                var connected = place.Time.GetTimestamp();
                while (settings.ConnectionLifetime is not { } lifetime || place.Time.GetElapsedTime(connected) < lifetime)
                {
                    request = durations.Begin();
                    await socket.SendAsync(buffer.AsMemory(0, settings.RequestBytes), cancellationToken);
                    await socket.ReceiveExactlyAsync(buffer.AsMemory(0, settings.ResponseBytes), cancellationToken);
                    durations.End(request);
                    await Task.Delay(settings.Think, place.Time, cancellationToken);
                }
            }
            catch (SocketException)
            {
                await Task.Delay(ReconnectDelay, place.Time, cancellationToken);
            }
            finally
            {
                durations.Forget(request);
                PodSocket.Abort(socket);
            }
        }
    }

    private async Task ServeAsync(CancellationToken cancellationToken)
    {
        var served = new List<Task>();
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                served.Add(AnswerAsync(await listener.AcceptAsync(cancellationToken), cancellationToken));
            }
        }
        finally
        {
            await Task.WhenAll(served);
        }
    }

    private async Task AnswerAsync(Socket socket, CancellationToken cancellationToken)
    {
        var buffer = new byte[Math.Max(settings.RequestBytes, settings.ResponseBytes)];
        try
        {
            socket.NoDelay = true;
            while (!cancellationToken.IsCancellationRequested)
            {
                await socket.ReceiveExactlyAsync(buffer.AsMemory(0, settings.RequestBytes), cancellationToken);
                await socket.SendAsync(buffer.AsMemory(0, settings.ResponseBytes), cancellationToken);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // the client went away, or the load is disposed of
        }
        finally
        {
            PodSocket.Abort(socket);
        }
    }
}
