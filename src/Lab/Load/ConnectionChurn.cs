using System.Net;
using System.Net.Sockets;

namespace NetPulse.Lab.Load;

/// <summary>What a load of many connections is judged by.</summary>
public enum ChurnFigure
{
    /// <summary>The 99th percentile of the time from connect() to the answer.</summary>
    TailLatency,

    /// <summary>The share of connections that were answered in time.</summary>
    Succeeded,
}

/// <param name="Port">Where the server listens.</param>
/// <param name="Every">Time between two rounds of connections.</param>
/// <param name="PerRound">Connections that begin together, at first.</param>
/// <param name="Figure">What it is judged by.</param>
public sealed record ChurnSettings(int Port, TimeSpan Every, int PerRound, ChurnFigure Figure)
{
    /// <summary>How long a connection stays after its answer.</summary>
    public TimeSpan Hold { get; init; }

    /// <summary>When a client gives up.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the server is busy with other things between two looks at its queue; zero: it accepts at once.</summary>
    public TimeSpan ServerPause { get; init; }

    /// <summary>What the server asks listen() for.</summary>
    public int Backlog { get; init; } = 4096;

    /// <summary>The server opens a new listening socket after this time, as one that is reloaded does; <see langword="null"/>: never.</summary>
    public TimeSpan? ListensAnewEvery { get; init; }
}

/// <summary>One connection a request: connect, ask, be answered, hold, close. The client closes first, so it keeps the TIME_WAIT.</summary>
public sealed class ConnectionChurn : ILoad
{
    private readonly LoadPlace place;
    private readonly ChurnSettings settings;
    private readonly TimeProvider time;
    private readonly Durations durations;
    private readonly Observations outcomes;
    private readonly LoadLoops loops;
    private Socket listener;
    private long listensSince;
    private int perRound;

    public ConnectionChurn(LoadPlace place, ChurnSettings settings)
    {
        (this.place, this.settings, time) = (place, settings, place.Time);
        (durations, outcomes) = (new Durations(time), new Observations(time));
        perRound = settings.PerRound;
        Figure = settings.Figure == ChurnFigure.TailLatency ? Figure.Milliseconds("p99 of connecting") : Figure.Succeeded;
        (listener, listensSince) = (Listen(), time.GetTimestamp());
        loops = new LoadLoops(ServeAsync, ConnectAsync);
    }

    public Figure Figure { get; }

    public Task Completion => loops.Completion;

    /// <summary>Connections that begin together. May be set at any time.</summary>
    public int PerRound
    {
        get => Volatile.Read(ref perRound);
        set => Volatile.Write(ref perRound, value);
    }

    public double? Between(long from, long to)
    {
        if (settings.Figure == ChurnFigure.TailLatency)
        {
            return durations.Quantile(0.99, from, to);
        }

        var ended = outcomes.Between(from, to);
        return ended.Count == 0 ? null : ended.Average() * 100;
    }

    public async ValueTask DisposeAsync()
    {
        await loops.DisposeAsync();
        listener.Dispose();
    }

    private Socket Listen() => PodSocket.Listen(place.Thread, place.To, settings.Port, settings.Backlog);

    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        var attempts = new HashSet<Task>();
        using var round = new PeriodicTimer(settings.Every, time);
        try
        {
            while (await round.WaitForNextTickAsync(cancellationToken))
            {
                if (time.GetElapsedTime(listensSince) > settings.ListensAnewEvery)
                {
                    ListenAnew(cancellationToken);
                }

                attempts.RemoveWhere(static attempt => attempt.IsCompleted);
                attempts.UnionWith(PodSocket.Streams(place.Thread, place.From, PerRound).Select(socket => AttemptAsync(socket, cancellationToken)));
            }
        }
        finally
        {
            await Task.WhenAll(attempts);
        }
    }

    private async Task AttemptAsync(Socket socket, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var timer = time.CreateTimer(static state => ((CancellationTokenSource)state!).Cancel(), patience, settings.Patience, Timeout.InfiniteTimeSpan);
        var attempt = durations.Begin();
        var message = new byte[1];
        try
        {
            await socket.ConnectAsync(new IPEndPoint(place.To.Address, settings.Port), patience.Token);
            await socket.SendAsync(message, patience.Token);
            await socket.ReceiveExactlyAsync(message, patience.Token);
            durations.End(attempt);
            outcomes.Add(1);
            timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            if (settings.Hold > TimeSpan.Zero)
            {
                await Task.Delay(settings.Hold, time, cancellationToken);
            }

            socket.Dispose();
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            if (!cancellationToken.IsCancellationRequested)
            {
                durations.End(attempt);
                outcomes.Add(0);
            }

            PodSocket.Abort(socket);
        }
    }

    private async Task ServeAsync(CancellationToken cancellationToken)
    {
        var served = new HashSet<Task>();
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                var current = Volatile.Read(ref listener);
                try
                {
                    if (settings.ServerPause > TimeSpan.Zero)
                    {
                        await Task.Delay(settings.ServerPause, time, cancellationToken);
                        AcceptAll(current, served, cancellationToken);
                    }
                    else
                    {
                        served.Add(AnswerAsync(await current.AcceptAsync(cancellationToken), cancellationToken));
                    }
                }
                catch (Exception e) when (e is SocketException or ObjectDisposedException)
                {
                    // the listener was replaced: the next round takes the new one
                }

                served.RemoveWhere(static task => task.IsCompleted);
            }
        }
        finally
        {
            await Task.WhenAll(served);
        }
    }

    /// <summary>The new socket listens before the old one is emptied and closed, so nobody is refused.</summary>
    private void ListenAnew(CancellationToken cancellationToken)
    {
        var old = Interlocked.Exchange(ref listener, Listen());
        listensSince = time.GetTimestamp();
        AcceptAll(old, [], cancellationToken);
        old.Dispose();
    }

    private static void AcceptAll(Socket from, HashSet<Task> served, CancellationToken cancellationToken)
    {
        while (from.Poll(TimeSpan.Zero, SelectMode.SelectRead))
        {
            served.Add(AnswerAsync(from.Accept(), cancellationToken));
        }
    }

    private static async Task AnswerAsync(Socket socket, CancellationToken cancellationToken)
    {
        var message = new byte[1];
        try
        {
            await socket.ReceiveExactlyAsync(message, cancellationToken);
            await socket.SendAsync(message, cancellationToken);
            _ = await socket.ReceiveAsync(message, cancellationToken);
            socket.Dispose();
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // the client went away, or the load is disposed of
            PodSocket.Abort(socket);
        }
    }
}
