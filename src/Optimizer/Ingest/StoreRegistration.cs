using Microsoft.Extensions.Options;
using NetPulse.Hosting;
using NetPulse.Telemetry.Store;
using NetPulse.Telemetry.Store.Embedded;
using NetPulse.Telemetry.Store.Prometheus;

namespace NetPulse.Optimizer.Ingest;

internal static class StoreRegistration
{
    /// <summary>The store that the settings name.</summary>
    public static IServiceCollection AddSampleStore(this IServiceCollection services) => services
        .AddSettings<StoreOptions, StoreOptionsValidator>("store")
        .AddSingleton<HttpClient>()
        .AddSingleton<ISampleStore>(static provider => new FiniteReadings(Open(provider)))
        .AddHostedService<StoreStart>();

    private static ISampleStore Open(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<StoreOptions>>().Value;
        var time = provider.GetRequiredService<TimeProvider>();
        if (options is { Kind: StoreKind.Prometheus, WriteUrl: { } write, QueryUrl: { } query })
        {
            return new PrometheusStore(provider.GetRequiredService<HttpClient>(), write, query, time);
        }

        try
        {
            return new EmbeddedStore(options.Embedded, time, provider.GetRequiredService<ILogger<EmbeddedStore>>());
        }
        catch (SampleStoreException e)
        {
            throw new StartRefusedException(e.Message, e);
        }
    }
}

/// <summary>Opens the store with the service, so that one that is in use refuses the start instead of failing every run.</summary>
internal sealed partial class StoreStart(ISampleStore store, IOptions<StoreOptions> options, ILogger<StoreStart> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        // To have been given it is all that is needed: it is open.
        _ = store;
        LogOpened(options.Value.Kind);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(Level = LogLevel.Information, Message = "The store is open: {Kind}")]
    private partial void LogOpened(StoreKind kind);
}
