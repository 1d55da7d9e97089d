using System.Runtime.ExceptionServices;

namespace NetPulse.Collector.Tests;

/// <summary>A thread that ends with what it runs: what that does to the thread, nobody else has.</summary>
internal static class OwnThread
{
    internal static void Run(Action action)
    {
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                action();
            }
#pragma warning disable CA1031 // thrown on by who waits
            catch (Exception e)
#pragma warning restore CA1031
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
    }
}
