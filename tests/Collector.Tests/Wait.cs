using System.Diagnostics;

namespace NetPulse.Collector.Tests;

internal static class Wait
{
    /// <summary>Looks again and again until the kernel has got there; fails after a minute.</summary>
    internal static void Until(Func<bool> condition)
    {
        var since = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(since.Elapsed < TimeSpan.FromMinutes(1), "what was waited for did not come");
            Thread.Sleep(10);
        }
    }
}
