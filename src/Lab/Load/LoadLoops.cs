namespace NetPulse.Lab.Load;

/// <summary>The loops of one load: they run until disposed of, and the first that fails ends the others.</summary>
internal sealed class LoadLoops : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();

    internal LoadLoops(params Func<CancellationToken, Task>[] loops) =>
        Completion = Task.WhenAll(loops.Select(loop => Task.Run(() => RunAsync(loop), CancellationToken.None)));

    /// <summary>Ends when disposed of; fails with what a loop failed with.</summary>
    internal Task Completion { get; }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    private async Task RunAsync(Func<CancellationToken, Task> loop)
    {
        try
        {
            await loop(stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // disposed of
        }
        finally
        {
            await stop.CancelAsync();
        }
    }
}
