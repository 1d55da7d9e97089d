using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NetPulse.Linux.Memory;
using NetPulse.Tuner.Namespaces;

namespace NetPulse.Tuner.Desired;

/// <summary>
/// Reconciles at the start, whenever an object changed, and every few minutes; looks every 10 s whether all holds still, and reconciles where something does not.
/// What is due is put back between two ticks at the latest.
/// </summary>
/// <remarks>
/// At its end every value stays: a Tuner that is updated must not make the node flap. It sleeps on a thread of its own: waking the thread pool twice a second costs more
/// than all that is done then.
/// </remarks>
public sealed partial class TunerLoop(Reconciler reconciler, KnobTrial trial, INodeObjects objects, HeldValues held, TimeSpan interval, TimeProvider time, ILogger<TunerLoop> logger) : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);

    /// <summary>For what no look and no file's time tells: another file of the same size within one tick of the file system's clock, a module that was loaded.</summary>
    private static readonly TimeSpan ReconcileEvery = TimeSpan.FromMinutes(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        LogStarted(objects.Node, held.All.Count);
        _ = reconciler.RevertDue();
        trial.Run();
        await PrepareAsync(stoppingToken);
        await Task.Factory.StartNew(() => Turn(stoppingToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        LogStopped(held.All.Count);
    }

    private void Turn(CancellationToken stoppingToken)
    {
        _ = objects.HaveChanged();
        reconciler.Reconcile();
        var reconciledAt = time.GetTimestamp();
        var lookedAt = reconciledAt;
        var hasGivenBack = false;
        while (!IsOver(lookedAt, stoppingToken))
        {
            var reverted = reconciler.RevertDue();
            var changed = objects.HaveChanged();

            // Before the 10 s are over, not after.
            var isTime = time.GetElapsedTime(lookedAt) + interval > LookEvery;
            if (reverted || changed || reconciler.IsWaiting || (isTime && (time.GetElapsedTime(reconciledAt) > ReconcileEvery || !reconciler.HoldsStill())))
            {
                reconciler.Reconcile();
                reconciledAt = lookedAt = time.GetTimestamp();
                hasGivenBack = false;
            }
            else if (isTime)
            {
                lookedAt = time.GetTimestamp();
                if (!hasGivenBack)
                {
                    GiveBack();
                    hasGivenBack = true;
                }
            }
        }
    }

    /// <summary>A reconciling needs tens of megabytes that a look does not.</summary>
    private void GiveBack()
    {
        try
        {
            _ = IdleMemory.GiveBack();
        }
        catch (IOException e)
        {
            LogKept(e.Message);
        }
    }

    /// <summary>Waits until there may be something to do, or the end.</summary>
    private bool IsOver(long lookedAt, CancellationToken stoppingToken)
    {
        // A deadline holds by two clocks, one of which may be set: it is asked for, not waited for.
        if (objects.Changed is not { } changed || reconciler.IsWaiting || held.All.Any(static value => value.RevertAt is not null))
        {
            return stoppingToken.WaitHandle.WaitOne(interval);
        }

        var untilLook = LookEvery - (interval / 2) - time.GetElapsedTime(lookedAt);
        return WaitHandle.WaitAny([stoppingToken.WaitHandle, changed], untilLook > TimeSpan.Zero ? untilLook : TimeSpan.Zero) == 0;
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

    [LoggerMessage(Level = LogLevel.Information, Message = "Tuning node {Node}; {Count} values are held from before")]
    private partial void LogStarted(string node, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "Not everything is there yet: {Problem}")]
    private partial void LogNotPrepared(string problem);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Program files stay in memory: {Problem}")]
    private partial void LogKept(string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "Stopping; {Count} values stay as they are. To put back what held before: netpulse-tuner revert")]
    private partial void LogStopped(int count);
}
