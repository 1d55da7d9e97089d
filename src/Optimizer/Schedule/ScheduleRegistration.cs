using Microsoft.Extensions.Options;
using NetPulse.Hosting;
using Quartz;

namespace NetPulse.Optimizer.Schedule;

internal static class ScheduleRegistration
{
    /// <summary>Short beside the time that a change is measured, so that a pause, harm or a verdict waits for no cron expression.</summary>
    private static readonly TimeSpan BetweenRuns = TimeSpan.FromSeconds(5);

    /// <summary>Runs on the user's cron expression; <see cref="OptimizationJob.Key"/> may be triggered at any other time.</summary>
    public static IServiceCollection AddSchedule(this IServiceCollection services)
    {
        services.AddSettings<ScheduleOptions, ScheduleOptionsValidator>("schedule");
        services.AddSingleton<OptimizerMeter>();
        services.AddQuartz(static quartz =>
        {
            quartz.ScheduleJob<OptimizationJob>(
                static (provider, trigger) => trigger.WithCronSchedule(provider.GetRequiredService<IOptions<ScheduleOptions>>().Value.Cron, static cron => cron.WithMisfireInstruction(CronTriggerMisfireInstruction.DoNothing)),
                static (_, job) => job.WithIdentity(OptimizationJob.Key));
            quartz.AddTrigger(static trigger => trigger.ForJob(OptimizationJob.Key).WithIdentity(OptimizationJob.Between)
                .WithSimpleSchedule(static every => every.WithInterval(BetweenRuns).RepeatForever()));
        });
        return services.AddQuartzHostedService(static options => options.WaitForJobsToComplete = true);
    }
}
