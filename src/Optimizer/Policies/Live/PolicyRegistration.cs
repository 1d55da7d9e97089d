using Microsoft.Extensions.Options;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Stores;
using NetPulse.Optimizer.Cluster;
using NetPulse.Telemetry.Store;

namespace NetPulse.Optimizer.Policies.Live;

internal static class PolicyRegistration
{
    /// <summary>The network policies of the source that <c>cluster.source</c> names, in the loop.</summary>
    public static IServiceCollection AddPolicies(this IServiceCollection services) => services
        .AddSingleton<IPolicyObjects>(static provider => provider.GetService<KubernetesClient>() is { } client
            ? new ClusterPolicyObjects(client, () => provider.GetRequiredService<Leader>().Current)
            : new DirectoryPolicyObjects(
                Directory(provider),
                new DirectoryObjectStore<NetworkPolicy>(Directory(provider), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<DirectoryObjectStore<NetworkPolicy>>>())))
        .AddSingleton(static provider => new StoreFlows(provider.GetRequiredService<ISampleStore>()))
        .AddSingleton<PolicyRollout>()
        .AddSingleton<PolicyMeter>()
        .AddSingleton<PolicyRounds>();

    private static string Directory(IServiceProvider provider) => provider.GetRequiredService<IOptions<ClusterOptions>>().Value.ObjectsDirectory;
}
