using System.Diagnostics.Metrics;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using NetPulse.Collector.Export.Delivery;
using NetPulse.Collector.Export.Formats;
using NetPulse.Collector.Export.Spool;
using NetPulse.Collector.Sampling;
using NetPulse.Hosting;

namespace NetPulse.Collector.Export;

internal static class ExportRegistration
{
    /// <summary>Every destination that the settings name, with one spool for all; without any, only the settings are checked.</summary>
    internal static IServiceCollection AddExport(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSettings<ExportOptions, ExportOptionsValidator>(ExportOptions.Section);
        var count = configuration.GetSection($"{ExportOptions.Section}:{nameof(ExportOptions.Destinations)}").GetChildren().Count();
        if (count == 0)
        {
            return services;
        }

        services
            .AddSingleton<SpoolMeter>()
            .AddSingleton<DeliveryMeter>()
            .AddSingleton(static provider => new ReadingSpool(
                Options(provider).Spool,
                Options(provider).Destinations.Select(destination => destination.Name),
                provider.GetRequiredService<SpoolMeter>(),
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<ReadingSpool>>()))
            .AddSingleton<IReadingSink>(static provider => provider.GetRequiredService<ReadingSpool>())
            .AddSingleton<IReadingSink>(static provider => new UnroutedSamples(
                Options(provider).Destinations.Select(destination => new LabelMatch(destination.Match)), provider.GetRequiredService<Meter>()))
            .AddSingleton<IHostedService>(static provider => provider.GetRequiredService<ReadingSpool>());
        for (var i = 0; i < count; i++)
        {
            var index = i;
            services.AddSingleton<IHostedService>(provider => Connect(Options(provider).Destinations[index], provider));
        }

        return services;
    }

    private static ExportOptions Options(IServiceProvider provider) => provider.GetRequiredService<IOptions<ExportOptions>>().Value;

    private static Destination Connect(DestinationOptions options, IServiceProvider provider)
    {
        var time = provider.GetRequiredService<TimeProvider>();
        return new Destination(options, FormatOf(options, time), provider.GetRequiredService<ReadingSpool>().ReaderOf(options.Name), ClientOf(options), time,
            provider.GetRequiredService<DeliveryMeter>(), provider.GetRequiredService<ILogger<Destination>>());
    }

    private static IWireFormat FormatOf(DestinationOptions options, TimeProvider time) => options.Kind switch
    {
        DestinationKind.Influx => new InfluxLineFormat(new Uri(options.Url), options.Influx, time),
        DestinationKind.Otlp => new OtlpFormat(new Uri(options.Url), options.Otlp.Protocol, time),
        _ => new RemoteWriteFormat(new Uri(options.Url), time),
    };

    private static HttpClient ClientOf(DestinationOptions options)
    {
#pragma warning disable CA2000 // the client has it, and the destination has the client
        var handler = new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5), AllowAutoRedirect = false, AutomaticDecompression = DecompressionMethods.All };
#pragma warning restore CA2000
        if (options.CaFile is { Length: > 0 } file)
        {
            handler.SslOptions.CertificateChainPolicy = Trusting(file);
        }

        // The destination itself ends a request that takes too long.
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan, DefaultRequestHeaders = { UserAgent = { new("NetPulse", typeof(ExportRegistration).Assembly.GetName().Version!.ToString(3)) } } };
    }

    private static X509ChainPolicy Trusting(string file)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            throw new StartRefusedException($"The authorities in {file} (export.destinations, caFile) cannot be read: {e.Message}", e);
        }

        return policy;
    }
}
