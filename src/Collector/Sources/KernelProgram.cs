using System.Runtime.ExceptionServices;
using NetPulse.Collector.Kernel;

namespace NetPulse.Collector.Sources;

/// <summary>A program in the kernel that is loaded when it is first used. Used by one thread at a time.</summary>
internal sealed class KernelProgram<T>(Func<T> load, TimeProvider time) : IDisposable
    where T : class, IDisposable
{
    /// <summary>What cannot be loaded is not tried at every tick: the attempt costs tens of milliseconds.</summary>
    private const double LoadAgainAfterMinutes = 1;

    private T? program;
    private BpfException? failure;
    private Due nextLoad;

    /// <summary><see langword="null"/> until it is loaded.</summary>
    public T? Loaded => program;

    /// <exception cref="BpfException">It could not be loaded, now or less than a minute ago.</exception>
    public T Load()
    {
        if (program is not null)
        {
            return program;
        }

        if (failure is not null && !nextLoad.IsAt(time.GetUtcNow()))
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        try
        {
            return program = load();
        }
        catch (BpfException e)
        {
            failure = e;
            nextLoad = Due.After(TimeSpan.FromMinutes(LoadAgainAfterMinutes), time.GetUtcNow());
            throw;
        }
    }

    public void Dispose() => program?.Dispose();
}
