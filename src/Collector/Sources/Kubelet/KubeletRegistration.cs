using Microsoft.Extensions.Options;
using NetPulse.Collector.Attribution;
using NetPulse.Hosting;

namespace NetPulse.Collector.Sources.Kubelet;

internal static class KubeletRegistration
{
    /// <summary>The kubelet's endpoints as sources, where <c>kubelet.url</c> is set; a host without Kubernetes has none.</summary>
    internal static IServiceCollection AddKubelet(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSettings<KubeletOptions, KubeletOptionsValidator>(KubeletOptions.Section);
        if (string.IsNullOrEmpty(configuration[$"{KubeletOptions.Section}:{nameof(KubeletOptions.Url)}"]))
        {
            return services;
        }

        services.AddSingleton(provider => new KubeletClient(provider.GetRequiredService<IOptions<KubeletOptions>>().Value));
        foreach (var path in new[] { KubeletSummary.Path, KubeletNetwork.Path, KubeletResource.Path })
        {
            services.AddKeyedSingleton(path, (provider, _) => new KubeletEndpoint(provider.GetRequiredService<KubeletClient>(), path));
            services.AddSingleton(provider => provider.GetRequiredKeyedService<KubeletEndpoint>(path));
        }

        return services
            .AddSingleton<ISource>(provider => new KubeletSummary(
                provider.GetRequiredKeyedService<KubeletEndpoint>(KubeletSummary.Path),
                provider.GetRequiredService<NodeObserver>(),
                provider.GetRequiredService<NodeName>(),
                provider.GetRequiredService<TimeProvider>()))
            .AddSingleton<ISource>(provider => new KubeletNetwork(
                provider.GetRequiredKeyedService<KubeletEndpoint>(KubeletNetwork.Path),
                provider.GetRequiredService<NodeObserver>(),
                provider.GetRequiredService<NodeName>(),
                provider.GetRequiredService<TimeProvider>()))
            .AddSingleton<ISource>(provider => new KubeletResource(
                provider.GetRequiredKeyedService<KubeletEndpoint>(KubeletResource.Path),
                provider.GetRequiredService<NodeObserver>(),
                provider.GetRequiredService<NodeName>(),
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<KubeletResource>>()))
            .AddHostedService<KubeletPolling>();
    }
}
