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
        .AddSingleton(Open);

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
