using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using NetPulse.Collector.Attribution;
using NetPulse.Collector.Kernel;
using NetPulse.Collector.Sources;
using NetPulse.Hosting;
using NetPulse.Linux.NetworkNamespaces;

namespace NetPulse.Collector.Sampling;

internal static class SamplingRegistration
{
    /// <summary>Every source, in the order in which they are read, and the loop that reads them.</summary>
    internal static IServiceCollection AddSampling(this IServiceCollection services) => services
        .AddSettings<NodeOptions, NodeOptionsValidator>(NodeOptions.Section)
        .AddSettings<SamplingOptions, SamplingOptionsValidator>(SamplingOptions.Section)
        .AddSettings<LabelsOptions, LabelsOptionsValidator>(LabelsOptions.Section)
        .AddSingleton(provider => new PlaceLabels(provider.GetRequiredService<IOptions<LabelsOptions>>().Value))
        .AddSingleton(provider => new SeriesBudget(provider.GetRequiredService<IOptions<SamplingOptions>>().Value.MaxSeries, provider.GetRequiredService<Meter>()))
        .AddSingleton(provider => new NodeName(provider.GetRequiredService<IOptions<NodeOptions>>().Value.Name))
        .AddSingleton(new Meter("NetPulse.Collector"))
        .AddSingleton<NamespaceReader>()
        .AddSingleton<NamespaceFiles>()
        .AddSingleton<ISource>(provider => provider.GetRequiredService<NamespaceFiles>())
        .AddSingleton<ISource, Interfaces>()
        .AddSingleton<ISource, NetstatCounters>()
        .AddSingleton<ISource, Sysctls>()
        .AddSingleton<ISource, SocketCounts>()
        .AddSingleton<ISource, NodeKernel>()
        .AddSingleton<ISource, Conntrack>()
        .AddSingleton<ISource, Links>()
        .AddSingleton<ISource, NetworkCards>()
        .AddSingleton<ISource, Services>()
        .AddSingleton<ISource, PodInformation>()
        .AddSingleton<ISource>(provider => new TcpSockets(
            provider.GetRequiredService<NetworkNamespaceThread>(),
            provider.GetRequiredService<NodeObserver>(),
            provider.GetRequiredService<NodeName>(),
            provider.GetRequiredService<IOptions<SamplingOptions>>().Value.Tcp,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<Meter>(),
            provider.GetRequiredService<ILogger<TcpSockets>>()))
        .AddSingleton<DnsAskers>()
        .AddSingleton<ISource>(provider => new UdpSockets(
            provider.GetRequiredService<NetworkNamespaceThread>(),
            provider.GetRequiredService<NodeObserver>(),
            provider.GetRequiredService<NodeName>(),
            provider.GetRequiredService<IOptions<SamplingOptions>>().Value.MaxEdges,
            UdpSockets.DefaultKernelEdges,
            provider.GetRequiredService<DnsAskers>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<Meter>(),
            provider.GetRequiredService<ILogger<UdpSockets>>()))
        .AddSettings<DnsOptions, DnsOptionsValidator>(DnsOptions.Section)
        .AddDns()
        .AddSingleton<ISource, Drops>()
        .AddSingleton<ISource, SelfMetrics>()
        .AddSingleton<LatestReading>()
        .AddSingleton<IReadingSink>(provider => provider.GetRequiredService<LatestReading>())
        .AddHostedService<SamplingLoop>();

    private static IServiceCollection AddDns(this IServiceCollection services) => services.AddSingleton<ISource>(provider => new DnsQueries(
        provider.GetRequiredService<NodeObserver>(),
        provider.GetRequiredService<NodeName>(),
        provider.GetRequiredService<IOptions<SamplingOptions>>().Value.MaxEdges,
        provider.GetRequiredService<DnsAskers>(),
        provider.GetRequiredService<IOptions<DnsOptions>>(),
        provider.GetRequiredService<TimeProvider>(),
        provider.GetRequiredService<Meter>()));
}
