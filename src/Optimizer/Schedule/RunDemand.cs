using Quartz;

namespace NetPulse.Optimizer.Schedule;

/// <summary>Runs that do not wait for the cron expression. With a shared schedule it does not matter which optimizer is asked: the leader runs.</summary>
internal sealed class RunDemand(ISchedulerFactory schedulers, RunKeys keys, TimeProvider time) : IDisposable
{
    /// <summary>Alerts come in storms; one look at everything answers all of them.</summary>
    public static readonly TimeSpan BetweenAlerts = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim gate = new(1);
    private DateTimeOffset earliest = DateTimeOffset.MinValue;

    /// <summary>A run now, or as soon as the one that is under way has ended; however many ask, one waits.</summary>
    public async Task NowAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            await ScheduleAsync(keys.Demand, time.GetUtcNow(), cancellationToken);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>A run now, or <see cref="BetweenAlerts"/> after the last one of these.</summary>
    /// <returns>When; <see langword="null"/> when one is waiting already, which will do.</returns>
    public async Task<DateTimeOffset?> ForAlertAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            var now = time.GetUtcNow();
            var at = earliest > now ? earliest : now;
            if (!await ScheduleAsync(keys.Alert, at, cancellationToken))
            {
                return null;
            }

            earliest = at + BetweenAlerts;
            return at;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <returns>False when one of that name waits already.</returns>
    private async Task<bool> ScheduleAsync(TriggerKey key, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var scheduler = await schedulers.GetScheduler(cancellationToken);
        var trigger = TriggerBuilder.Create().WithIdentity(key).ForJob(keys.Job).WithExecutionGroup(keys.Group).StartAt(at).Build();
        while (true)
        {
            try
            {
                await scheduler.ScheduleJob(trigger, cancellationToken: cancellationToken);
                return true;
            }
            catch (ObjectAlreadyExistsException)
            {
                // It is there until its run has ended, and that one may have looked before what is asked about came to be.
                if ((await scheduler.GetTrigger(key, cancellationToken))?.NextFireTimeUtc is not null)
                {
                    return false;
                }

                if (await scheduler.RescheduleJob(key, trigger, cancellationToken) is not null)
                {
                    return true;
                }
            }
        }
    }

    public void Dispose() => gate.Dispose();
}
