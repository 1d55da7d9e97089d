using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NetPulse.Tuner.Namespaces;

namespace NetPulse.Tuner.Desired;

/// <summary>Reconciles at the start, whenever a file changed, and at least every 10 s; what is due is put back between two ticks at the latest.</summary>
/// <remarks>At its end every value stays: a Tuner that is updated must not make the node flap.</remarks>
public sealed partial class TunerLoop(Reconciler reconciler, KnobTrial trial, INodeObjects objects, HeldValues held, TimeSpan interval, TimeProvider time, ILogger<TunerLoop> logger) : BackgroundService
{
    private static readonly TimeSpan FullCheckEvery = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        LogStarted(objects.Node, held.All.Count);
        _ = reconciler.RevertDue();
        trial.Run();
        await PrepareAsync(stoppingToken);
        _ = objects.HaveChanged();
        reconciler.Reconcile();
        var checkedAt = time.GetTimestamp();

        using var timer = new PeriodicTimer(interval, time);
        while (await NextAsync(timer, stoppingToken))
        {
            var reverted = reconciler.RevertDue();
            var changed = objects.HaveChanged();

            // Before the 10 s are over, not after.
            if (reverted || changed || reconciler.IsWaiting || time.GetElapsedTime(checkedAt) + interval > FullCheckEvery)
            {
                reconciler.Reconcile();
                checkedAt = time.GetTimestamp();
            }
        }

        LogStopped(held.All.Count);
    }

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        try
        {
            await objects.PrepareAsync(cancellationToken);
        }
        catch (IOException e)
        {
            // What is held has to be put back in time all the same, so this is no reason to end.
            LogNotPrepared(e.Message);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The loop ends next.
        }
    }

    private static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken stoppingToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Tuning node {Node}; {Count} values are held from before")]
    private partial void LogStarted(string node, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "Not everything is there yet: {Problem}")]
    private partial void LogNotPrepared(string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "Stopping; {Count} values stay as they are. To put back what held before: netpulse-tuner revert")]
    private partial void LogStopped(int count);
}
