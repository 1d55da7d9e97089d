using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.Optimizer.Schedule;
using NetPulse.Tests;
using Quartz;

namespace NetPulse.Optimizer.Tests.Schedule;

/// <summary>A scheduler that stands by, so that what was scheduled can be looked at.</summary>
public sealed class RunDemandTests : IAsyncDisposable
{
    private readonly TestClock clock = new();
    private readonly RunKeys keys = new("");
    private readonly ServiceProvider services;
    private readonly RunDemand demand;

    public RunDemandTests()
    {
        var collection = new ServiceCollection();
        collection.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance).AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        collection.AddQuartz(quartz => quartz.AddJob<OptimizationJob>(job => job.WithIdentity(keys.Job).StoreDurably()));
        services = collection.BuildServiceProvider();
        demand = new RunDemand(services.GetRequiredService<ISchedulerFactory>(), keys, clock);
    }

    public async ValueTask DisposeAsync()
    {
        demand.Dispose();
        await services.DisposeAsync();
    }

    [Fact]
    public async Task The_first_alert_begins_a_run_at_once_and_those_that_come_while_it_waits_join_it()
    {
        Assert.Equal(clock.GetUtcNow(), await demand.ForAlertAsync(default));
        Assert.Null(await demand.ForAlertAsync(default));
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(await demand.ForAlertAsync(default));
    }

    [Fact]
    public async Task An_alert_soon_after_a_run_waits_and_a_late_one_does_not()
    {
        var scheduler = await services.GetRequiredService<ISchedulerFactory>().GetScheduler();
        var first = await demand.ForAlertAsync(default);
        Assert.True(await scheduler.UnscheduleJob(keys.Alert));
        clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(first + RunDemand.BetweenAlerts, await demand.ForAlertAsync(default));
        Assert.True(await scheduler.UnscheduleJob(keys.Alert));
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(clock.GetUtcNow(), await demand.ForAlertAsync(default));
    }

    [Fact]
    public async Task However_many_ask_for_a_run_one_waits()
    {
        var scheduler = await services.GetRequiredService<ISchedulerFactory>().GetScheduler();
        for (var i = 0; i < 20; i++)
        {
            await demand.NowAsync(default);
        }

        Assert.Single(await scheduler.GetTriggersOfJob(keys.Job));
    }

    /// <summary>The one under way may have looked already.</summary>
    [Fact]
    public async Task Who_asks_while_a_run_is_under_way_gets_one_more()
    {
        var collection = new ServiceCollection();
        collection.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance).AddSingleton(typeof(ILogger<>), typeof(NullLogger<>)).AddSingleton<Runs>();
        collection.AddQuartz(quartz => quartz.AddJob<HeldJob>(job => job.WithIdentity(keys.Job).StoreDurably()));
        await using var provider = collection.BuildServiceProvider();
        var (runs, schedulers) = (provider.GetRequiredService<Runs>(), provider.GetRequiredService<ISchedulerFactory>());
        var scheduler = await schedulers.GetScheduler();
        await scheduler.Start();
        using var asked = new RunDemand(schedulers, keys, TimeProvider.System);
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await asked.NowAsync(deadline.Token);
        await runs.Begun.WaitAsync(deadline.Token);
        for (var i = 0; i < 5; i++)
        {
            await asked.NowAsync(deadline.Token);
        }

        Assert.Single(await scheduler.GetTriggersOfJob(keys.Job));
        runs.Held.Release();
        await runs.Begun.WaitAsync(deadline.Token);
        runs.Held.Release();
        await scheduler.Shutdown(waitForJobsToComplete: true, deadline.Token);
        Assert.Equal(0, runs.Begun.CurrentCount);
    }

    private sealed class Runs : IDisposable
    {
        public SemaphoreSlim Begun { get; } = new(0);

        public SemaphoreSlim Held { get; } = new(0);

        public void Dispose()
        {
            Begun.Dispose();
            Held.Dispose();
        }
    }

    [DisallowConcurrentExecution]
    private sealed class HeldJob(Runs runs) : IJob
    {
        public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
        {
            runs.Begun.Release();
            await runs.Held.WaitAsync(cancellationToken);
        }
    }
}
