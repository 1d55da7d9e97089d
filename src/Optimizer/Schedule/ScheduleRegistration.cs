using Microsoft.Extensions.Options;
using NetPulse.Hosting;
using Quartz;

namespace NetPulse.Optimizer.Schedule;

internal static class ScheduleRegistration
{
    /// <summary>Runs on the user's cron expression; <see cref="OptimizationJob.Key"/> may be triggered at any other time.</summary>
    public static IServiceCollection AddSchedule(this IServiceCollection services)
    {
        services.AddSettings<ScheduleOptions, ScheduleOptionsValidator>("schedule");
        services.AddSingleton<OptimizerMeter>();
        services.AddQuartz(static quartz => quartz.ScheduleJob<OptimizationJob>(
            static (provider, trigger) => trigger.WithCronSchedule(provider.GetRequiredService<IOptions<ScheduleOptions>>().Value.Cron, static cron => cron.WithMisfireInstruction(CronTriggerMisfireInstruction.DoNothing)),
            static (_, job) => job.WithIdentity(OptimizationJob.Key)));
        return services.AddQuartzHostedService(static options => options.WaitForJobsToComplete = true);
    }
}
