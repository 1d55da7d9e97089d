using Quartz;

namespace NetPulse.Optimizer.Schedule;

/// <summary>Runs that do not wait for the cron expression. With a shared schedule it does not matter which optimizer is asked: the leader runs.</summary>
internal sealed class RunDemand(ISchedulerFactory schedulers, RunKeys keys, TimeProvider time) : IDisposable
{
    /// <summary>Alerts come in storms; one look at everything answers all of them.</summary>
    public static readonly TimeSpan BetweenAlerts = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim gate = new(1);
    private DateTimeOffset earliest = DateTimeOffset.MinValue;

    /// <summary>A run now, or as soon as the one that is under way has ended.</summary>
    public async Task NowAsync(CancellationToken cancellationToken)
    {
        var scheduler = await schedulers.GetScheduler(cancellationToken);
        await scheduler.TriggerJob(keys.Job, cancellationToken: cancellationToken);
    }

    /// <summary>A run now, or <see cref="BetweenAlerts"/> after the last one of these.</summary>
    /// <returns>When; <see langword="null"/> when one is waiting already, which will do.</returns>
    public async Task<DateTimeOffset?> ForAlertAsync(CancellationToken cancellationToken)
    {
        var scheduler = await schedulers.GetScheduler(cancellationToken);
        await gate.WaitAsync(cancellationToken);
        try
        {
            var now = time.GetUtcNow();
            var at = earliest > now ? earliest : now;
            var trigger = TriggerBuilder.Create().WithIdentity(keys.Alert).ForJob(keys.Job).WithExecutionGroup(keys.Group).StartAt(at).Build();
            await scheduler.ScheduleJob(trigger, cancellationToken: cancellationToken);
            earliest = at + BetweenAlerts;
            return at;
        }
        catch (ObjectAlreadyExistsException)
        {
            return null;
        }
        finally
        {
            gate.Release();
        }
    }

    public void Dispose() => gate.Dispose();
}
