using Microsoft.Extensions.Options;
using NetPulse.Hosting;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Events;
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
        .AddRoleWatch(RoleWatch.Often, static provider => OptimizerRules.All(Options(provider).LeaseName, provider.GetService<AccessReviewer>() is not null))
        .AddSingleton<NodeGroups>()
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
            () => Elsewhere(provider), provider.GetRequiredService<NodeGroups>()))
        .AddSingleton<IClusterObjects>(static provider => provider.GetRequiredService<ClusterObjects>())
        .AddHostedService(static provider => provider.GetRequiredService<ClusterObjects>());

    private static IEnumerable<string> Elsewhere(IServiceProvider provider) =>
        from known in new[]
        {
            ("", provider.GetRequiredService<RoleWatch>().Problem),
            ("no optimizer can lead, so nothing is written: ", provider.GetRequiredService<Leader>().Problem),
            ("Events cannot be written: ", provider.GetService<EventRecorder>()?.Problem.Text),
            ("who asks cannot be reviewed, and is refused: ", provider.GetService<AccessReviewer>()?.Problem.Text),
        }
        where known.Item2 is { Length: > 0 }
        select $"{known.Item1}{known.Item2}";

    private static Func<Leadership?> Term(IServiceProvider provider)
    {
        var leader = provider.GetRequiredService<Leader>();
        return () => leader.Current;
    }

    private static ClusterOptions Options(IServiceProvider provider) => provider.GetRequiredService<IOptions<ClusterOptions>>().Value;
}
