using Microsoft.Extensions.Options;

namespace NetPulse.Optimizer.Queries;

/// <summary>Lets a few queries run at once, each for its time at most.</summary>
internal sealed class QueryTurns(IOptions<QueryOptions> options, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim free = new(options.Value.Concurrent);

    /// <summary>As <see cref="RunAsync{T}"/>, for a query whose answer is sent while it is read.</summary>
    /// <exception cref="TimeoutException">The query's time was over before it ended.</exception>
    /// <exception cref="OperationCanceledException">Whoever asked is gone.</exception>
    public Task RunAsync(TimeSpan? asked, Func<CancellationToken, Task> query, CancellationToken cancellationToken) =>
        RunAsync(asked, async token =>
        {
            await query(token);
            return true;
        }, cancellationToken);

    /// <exception cref="TimeoutException">The query's time was over before it ended.</exception>
    /// <exception cref="OperationCanceledException">Whoever asked is gone.</exception>
    public async Task<T> RunAsync<T>(TimeSpan? asked, Func<CancellationToken, ValueTask<T>> query, CancellationToken cancellationToken)
    {
        var allowed = asked is { } shorter && shorter < options.Value.Timeout ? shorter : options.Value.Timeout;
        using var expiry = new CancellationTokenSource(allowed, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(expiry.Token, cancellationToken);
        try
        {
            await free.WaitAsync(both.Token);
            try
            {
                return await query(both.Token);
            }
            finally
            {
                free.Release();
            }
        }
        catch (OperationCanceledException e) when (expiry.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"query timed out in expression evaluation after {allowed}", e);
        }
    }

    public void Dispose() => free.Dispose();
}
