namespace NetPulse.Kubernetes.Watching;

/// <summary>What one service follows until it is stopped.</summary>
public static class StreamGroup
{
    /// <summary>Ends with the first of them that ends: before the token that is a fault, and who went on with the others would see one kind as it once was, and not know it.</summary>
    public static async Task RunAsync(IReadOnlyList<Func<CancellationToken, Task>> streams, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = streams.Select(stream => stream(either.Token)).ToList();
        await Task.WhenAny(running);
        await either.CancelAsync();
        await Task.WhenAll(running);
    }
}
