using NetPulse.Optimizer.Cluster;
using Quartz;

namespace NetPulse.Optimizer.Schedule;

/// <summary>Where the schedule is shared, only the scheduler of a group's leader fires; the others stand by and take up what it had begun when it is gone.</summary>
/// <remarks>The database says who runs, the Lease who may write: a scheduler that hung and wakes up finishes its run and finds each write refused.</remarks>
internal sealed partial class LeadersSchedule(ISchedulerFactory schedulers, Leader leader, TimeProvider time, ILogger<LeadersSchedule> logger) : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    /// <summary>What somebody who asks this one must know; empty while it leads.</summary>
    public string Standing => leader.Current is not null ? ""
        : leader.Name.Length > 0 ? $"this optimizer stands by and knows no figures: {leader.Name} leads" : "this optimizer stands by: nobody leads yet";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var isFiring = false;
        using var tick = new PeriodicTimer(LookEvery, time);
        do
        {
            var leads = leader.Current is not null;
            if (leads == isFiring)
            {
                continue;
            }

            try
            {
                var scheduler = await schedulers.GetScheduler(stoppingToken);
                await (leads ? scheduler.Start(stoppingToken) : scheduler.Standby(stoppingToken));
                isFiring = leads;
            }
            catch (SchedulerException e)
            {
                LogNotTurned(leads ? "begin" : "stop", e.Message);
            }
        }
        while (await tick.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The shared schedule could not {What}; it is tried again: {Problem}")]
    private partial void LogNotTurned(string what, string problem);
}
