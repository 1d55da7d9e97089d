namespace NetPulse.Telemetry.Tests.Store;

/// <summary>For what other threads or processes do in their own time.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    public static Task HoldsAsync(Func<bool> condition) => HoldsAsync(() => Task.FromResult(condition()));

    public static async Task HoldsAsync(Func<Task<bool>> condition)
    {
        var end = TimeProvider.System.GetUtcNow() + Deadline;
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetUtcNow() < end, $"did not hold within {Deadline}");
            await Task.Delay(10);
        }
    }
}
