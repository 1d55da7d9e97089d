using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace NetPulse.Hosting.Tests;

[Collection("environment of the process")]
public sealed class ServiceStartTests
{
    [Fact]
    public async Task A_bad_setting_ends_the_start_with_EX_CONFIG() =>
        Assert.Equal(ServiceStart.ConfigurationError, await ServiceStart.RunAsync(["--nonsense:x=1"], configuration => Host(configuration, static (_, _) => Task.CompletedTask)));

    [Fact]
    public async Task A_service_that_refuses_to_start_ends_with_1() =>
        Assert.Equal(1, await ServiceStart.RunAsync([], static _ => throw new StartRefusedException("no")));

    [Fact]
    public async Task A_service_that_was_told_to_stop_ends_with_0() => Assert.Equal(0, await ServiceStart.RunAsync([], static configuration => Host(configuration, static (lifetime, _) =>
    {
        lifetime.StopApplication();
        return Task.CompletedTask;
    })));

    [Fact]
    public async Task A_service_whose_loop_ended_by_a_bug_does_not_end_with_0() => Assert.Equal(1, await ServiceStart.RunAsync([], static configuration => Host(configuration, static async (_, stopping) =>
    {
        await Task.Yield();
        stopping.ThrowIfCancellationRequested();
        throw new NotSupportedException("a bug");
    })));

    private static IHost Host(ServiceConfiguration configuration, Func<IHostApplicationLifetime, CancellationToken, Task> work)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.UseServiceConfiguration(configuration);
        builder.Services.AddSingleton<IHostedService>(services => new Loop(stopping => work(services.GetRequiredService<IHostApplicationLifetime>(), stopping)));
        return builder.Build();
    }

    private sealed class Loop(Func<CancellationToken, Task> work) : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken) => work(stoppingToken);
    }
}
