using Microsoft.Extensions.Options;
using NetPulse.Hosting;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Leases;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Stores;

namespace NetPulse.Optimizer.Cluster;

internal static class ClusterRegistration
{
    /// <summary>The objects, from the source that <c>cluster.source</c> names.</summary>
    public static IServiceCollection AddCluster(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSettings<ClusterOptions, ClusterOptionsValidator>(ClusterOptions.Section);
        return configuration.ObjectSourceOf(ClusterOptions.Section) == ObjectSource.Cluster ? services.AddApiServer() : services.AddDirectory();
    }

    private static IServiceCollection AddDirectory(this IServiceCollection services) => services
        .AddSingleton(static provider => new DirectoryObjectStore<NetworkRecommendation>(Options(provider).ObjectsDirectory, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<DirectoryObjectStore<NetworkRecommendation>>>()))
        .AddSingleton<IObjectStore<NetworkRecommendation>>(static provider => provider.GetRequiredService<DirectoryObjectStore<NetworkRecommendation>>())
        .AddSingleton<IClusterObjects>(static provider => new ObjectsDirectory(Options(provider), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<DirectoryObjectStore<NetworkRecommendation>>()));

    private static IServiceCollection AddApiServer(this IServiceCollection services) => services
        .AddKubernetesClient($"{ClusterOptions.Section}.source")
        .AddSingleton<Leader>()
        .AddHostedService(static provider => provider.GetRequiredService<Leader>())
        .AddSingleton<IObjectStore<NetworkRecommendation>>(static provider => new ClusterObjectStore<NetworkRecommendation>(
            provider.GetRequiredService<KubernetesClient>(), Ownership.Of(Options(provider).Group), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ClusterObjectStore<NetworkRecommendation>>>(),
            Term(provider)))
        .AddSingleton<IObjectStore<OptimizationPolicy>>(static provider => new ClusterObjectStore<OptimizationPolicy>(
            provider.GetRequiredService<KubernetesClient>(), ResourceQuery.All, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ClusterObjectStore<OptimizationPolicy>>>(),
            Term(provider)))
        .AddSingleton(static provider => new ClusterObjects(
            provider.GetRequiredService<KubernetesClient>(), Options(provider).Policy, Options(provider).Group, Term(provider), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILoggerFactory>(),
            () => provider.GetRequiredService<Leader>().Problem))
        .AddSingleton<IClusterObjects>(static provider => provider.GetRequiredService<ClusterObjects>())
        .AddHostedService(static provider => provider.GetRequiredService<ClusterObjects>());

    private static Func<Leadership?> Term(IServiceProvider provider)
    {
        var leader = provider.GetRequiredService<Leader>();
        return () => leader.Current;
    }

    private static ClusterOptions Options(IServiceProvider provider) => provider.GetRequiredService<IOptions<ClusterOptions>>().Value;
}
