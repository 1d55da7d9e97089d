using Microsoft.Extensions.Options;
using NetPulse.Hosting;
using NetPulse.Telemetry.Store;
using NetPulse.Telemetry.Store.Embedded;
using NetPulse.Telemetry.Store.Influx;
using NetPulse.Telemetry.Store.Prometheus;

namespace NetPulse.Optimizer.Ingest;

internal static class StoreRegistration
{
    /// <summary>The store that the settings name.</summary>
    public static IServiceCollection AddSampleStore(this IServiceCollection services) => services
        .AddSettings<StoreOptions, StoreOptionsValidator>("store")
        .AddSingleton<OpenedStore>(static provider => new OpenedStore(Open(provider)))
        .AddSingleton<ISampleStore>(static provider => new FiniteReadings(provider.GetRequiredService<OpenedStore>().Samples))
        .AddSingleton<LineProtocolEndpoint>()
        .AddHostedService<StoreStart>()
        .AddHostedService<HeapUpkeep>();

    public static void MapLineProtocol(this IEndpointRouteBuilder endpoints) => LineProtocolEndpoint.Map(endpoints);

    private static HttpClient Client(StoreOptions options, string tokenScheme) =>
        new(new StoreAccess(options.Access, tokenScheme)) { Timeout = options.Access.Timeout };

    private static ISampleStore Open(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<StoreOptions>>().Value;
        var time = provider.GetRequiredService<TimeProvider>();
        if (options is { Kind: StoreKind.Prometheus, WriteUrl: { } write, QueryUrl: { } query })
        {
            return new PrometheusStore(Client(options, "Bearer"), write, query, time);
        }

        if (options.Kind == StoreKind.Influx)
        {
            return new InfluxStore(Client(options, "Token"), options.Influx, time);
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
