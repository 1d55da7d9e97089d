using Microsoft.Extensions.Options;
using NetPulse.Hosting;
using NetPulse.Optimizer.Cluster;
using Npgsql;
using Quartz;

namespace NetPulse.Optimizer.Schedule;

internal static class ScheduleRegistration
{
    /// <summary>Short beside the time that a change is measured, so that a pause, harm or a verdict waits for no cron expression.</summary>
    private static readonly TimeSpan BetweenRuns = TimeSpan.FromSeconds(5);

    /// <summary>How often each scheduler of a shared schedule says that it lives, and how long it may be late: together about as long as the Lease takes to expire.</summary>
    private static readonly TimeSpan CheckIn = TimeSpan.FromSeconds(5);

    /// <summary>Runs on the user's cron expression; <see cref="RunDemand"/> asks for others.</summary>
    /// <exception cref="StartRefusedException">A shared schedule without a Lease: nothing would fence the writes.</exception>
    public static IServiceCollection AddSchedule(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSettings<ScheduleOptions, ScheduleOptionsValidator>(ScheduleOptions.Section);
        services.AddSingleton<OptimizerMeter>();
        services.AddSingleton<ToldProblems>();
        services.AddSingleton<RunDemand>();
        var keys = new RunKeys(configuration[$"{ClusterOptions.Section}:{nameof(ClusterOptions.Group)}"] ?? "");
        services.AddSingleton(_ => keys);
        var connection = SharedBy(configuration);
        services.AddQuartz(quartz =>
        {
            if (connection.Length > 0)
            {
                quartz.Share(connection, keys);
            }

            quartz.ScheduleJob<OptimizationJob>(
                (provider, trigger) => trigger.WithIdentity(keys.Cron).WithExecutionGroup(keys.Group)
                    .WithCronSchedule(provider.GetRequiredService<IOptions<ScheduleOptions>>().Value.Cron, static cron => cron.WithMisfireInstruction(CronTriggerMisfireInstruction.DoNothing)),
                (_, job) => job.WithIdentity(keys.Job).RequestRecovery());
            quartz.AddTrigger(trigger => trigger.ForJob(keys.Job).WithIdentity(keys.Between).WithExecutionGroup(keys.Group)
                .WithSimpleSchedule(static every => every.WithInterval(BetweenRuns).RepeatForever()));
        });
        services.AddQuartzHostedService(options => (options.WaitForJobsToComplete, options.AutoStart) = (true, connection.Length == 0));
        return connection.Length > 0 ? services.AddSingleton<LeadersSchedule>().AddHostedService(static provider => provider.GetRequiredService<LeadersSchedule>()) : services;
    }

    /// <returns>The connection string; empty where the schedule is our own, or the settings are such that their check ends the start.</returns>
    private static string SharedBy(IConfiguration configuration)
    {
        var section = configuration.GetSection(ScheduleOptions.Section);
        if (!Enum.TryParse<ScheduleStore>(section[nameof(ScheduleOptions.Store)], ignoreCase: true, out var store) || store != ScheduleStore.PostgreSql)
        {
            return "";
        }

        return configuration.ObjectSourceOf(ClusterOptions.Section) == ObjectSource.Cluster
            ? section[nameof(ScheduleOptions.Connection)] ?? ""
            : throw new StartRefusedException("schedule.store: PostgreSql needs cluster.source: Cluster, whose Lease keeps a scheduler that hung from writing; set that, or schedule.store: Memory");
    }

    /// <summary>One schedule in PostgreSQL for every optimizer of an installation; this one takes its own group's runs alone.</summary>
    private static void Share(this IQuartzBuilder quartz, string connection, RunKeys keys)
    {
        quartz.ConfigureScheduler(static scheduler => scheduler.InstanceName = "netpulse");
        quartz.ServeExecutionGroups(keys.Group);
        quartz.UsePersistentStore(store => store
            .UsePostgres(NpgsqlFactory.Instance, connection)
            .UseSystemTextJsonSerializer()
            .UseClustering(static cluster => (cluster.CheckinInterval, cluster.CheckinMisfireThreshold) = (CheckIn, CheckIn))
            .ProvisionSchema());
    }
}
