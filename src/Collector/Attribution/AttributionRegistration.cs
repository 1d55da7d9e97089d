using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using NetPulse.Hosting;
using NetPulse.Kubernetes.Client;
using NetPulse.Linux.Cgroups;
using NetPulse.Linux.NetworkNamespaces;

namespace NetPulse.Collector.Attribution;

internal static class AttributionRegistration
{
    /// <summary>Who is who, from the source that <c>attribution.source</c> names.</summary>
    /// <param name="services">Where it is registered.</param>
    /// <param name="configuration">Tells whether there is an API server to watch.</param>
    /// <param name="node">This node's name, as Kubernetes has it.</param>
    internal static IServiceCollection AddAttribution(this IServiceCollection services, IConfiguration configuration, Func<IServiceProvider, string> node)
    {
        services
            .AddSettings<AttributionOptions, AttributionOptionsValidator>(AttributionOptions.Section)
            .AddSingleton<NetworkNamespaceThread>()
            .AddSingleton(provider =>
            {
                var time = provider.GetRequiredService<TimeProvider>();
                return new NodeObserver(
                    provider.GetRequiredService<NetworkNamespaceThread>(),
                    provider.GetService<IClusterObjects>(),
                    time,
                    CgroupHierarchy.Find() is { } hierarchy ? new PodCgroups(hierarchy, time) : null,
                    new AddressGroups(provider.GetRequiredService<IOptions<AttributionOptions>>().Value.Outside));
            });
        var section = configuration.GetSection(AttributionOptions.Section);
        if (configuration.ObjectSourceOf(AttributionOptions.Section) == ObjectSource.Cluster)
        {
            return services.AddCluster(node);
        }

        return string.IsNullOrEmpty(section[nameof(AttributionOptions.PodsDirectory)]) ? services : services.AddSingleton<IClusterObjects>(provider =>
        {
            var options = provider.GetRequiredService<IOptions<AttributionOptions>>().Value;
            return new PodDirectory(options.PodsDirectory!, provider.GetRequiredService<ILogger<PodDirectory>>(), options.ServicesDirectory, options.NodesDirectory);
        });
    }

    private static IServiceCollection AddCluster(this IServiceCollection services, Func<IServiceProvider, string> node) => services
        .AddKubernetesClient($"{AttributionOptions.Section}.source")
        .AddRoleWatch(RoleWatch.OnEveryNode, provider => CollectorRules.All(provider.GetRequiredService<IConfiguration>(), provider.GetService<AccessReviewer>() is not null))
        .AddSingleton(provider => new ClusterObjects(
            provider.GetRequiredService<KubernetesClient>(),
            node(provider),
            provider.GetRequiredService<IOptions<AttributionOptions>>().Value.PeerPods,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<Meter>(),
            provider.GetRequiredService<ILogger<ClusterObjects>>()))
        .AddSingleton<IClusterObjects>(provider => provider.GetRequiredService<ClusterObjects>())
        .AddHostedService(provider => provider.GetRequiredService<ClusterObjects>());
}
