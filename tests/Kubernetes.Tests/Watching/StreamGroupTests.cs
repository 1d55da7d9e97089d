using NetPulse.Kubernetes.Watching;

namespace NetPulse.Kubernetes.Tests.Watching;

public sealed class StreamGroupTests
{
    private readonly TaskCompletionSource failing = new();
    private bool wasCancelled;

    [Fact]
    public async Task One_that_fails_ends_them_all_with_its_reason()
    {
        var group = StreamGroup.RunAsync([EndlessAsync, _ => failing.Task], CancellationToken.None);
        Assert.False(group.IsCompleted);
        failing.SetException(new InvalidOperationException("nobody thought of this"));
        Assert.Equal("nobody thought of this", (await Assert.ThrowsAsync<InvalidOperationException>(() => group)).Message);
        Assert.True(wasCancelled);
    }

    [Fact]
    public async Task The_token_ends_them_all()
    {
        using var stop = new CancellationTokenSource();
        var group = StreamGroup.RunAsync([EndlessAsync, static ended => Task.Delay(Timeout.Infinite, ended)], stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => group);
        Assert.True(wasCancelled);
    }

    private async Task EndlessAsync(CancellationToken ended)
    {
        try
        {
            await Task.Delay(Timeout.Infinite, ended);
        }
        finally
        {
            wasCancelled = ended.IsCancellationRequested;
        }
    }
}
