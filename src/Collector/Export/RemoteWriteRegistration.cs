using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using NetPulse.Collector.Sampling;
using NetPulse.Hosting;
using NetPulse.Telemetry.Store;
using NetPulse.Telemetry.Store.Prometheus;

namespace NetPulse.Collector.Export;

internal static class RemoteWriteRegistration
{
    /// <summary>Pushes readings where a store is named; otherwise only the settings are checked.</summary>
    internal static IServiceCollection AddRemoteWrite(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSettings<RemoteWriteOptions, RemoteWriteOptionsValidator>(RemoteWriteOptions.Section);
        if (string.IsNullOrEmpty(configuration[$"{RemoteWriteOptions.Section}:{nameof(RemoteWriteOptions.Url)}"]))
        {
            return services;
        }

        return services
            .AddSingleton(provider => new ReadingQueue(provider.GetRequiredService<IOptions<RemoteWriteOptions>>().Value.QueuedReadings, provider.GetRequiredService<Meter>()))
            .AddSingleton<IReadingSink>(provider => provider.GetRequiredService<ReadingQueue>())
            .AddSingleton<ISampleStore>(provider => Connect(provider.GetRequiredService<IOptions<RemoteWriteOptions>>().Value, provider.GetRequiredService<TimeProvider>()))
            .AddHostedService<RemoteWritePush>();
    }

    private static PrometheusStore Connect(RemoteWriteOptions options, TimeProvider time)
    {
        var write = new Uri(options.Url!);
#pragma warning disable CA2000 // lives as long as the process
        var client = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = options.Timeout };
#pragma warning restore CA2000
        return new PrometheusStore(client, write, new Uri(write, "/"), time);
    }
}
