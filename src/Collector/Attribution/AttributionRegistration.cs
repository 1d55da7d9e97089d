using Microsoft.Extensions.Options;
using NetPulse.Hosting;
using NetPulse.Linux.Cgroups;
using NetPulse.Linux.NetworkNamespaces;

namespace NetPulse.Collector.Attribution;

internal static class AttributionRegistration
{
    internal static IServiceCollection AddAttribution(this IServiceCollection services) => services
        .AddSettings<AttributionOptions, AttributionOptionsValidator>(AttributionOptions.Section)
        .AddSingleton<NetworkNamespaceThread>()
        .AddSingleton(provider => new NodeObserver(
            provider.GetRequiredService<NetworkNamespaceThread>(),
            provider.GetRequiredService<IOptions<AttributionOptions>>().Value.PodsDirectory is { } path
                ? ActivatorUtilities.CreateInstance<PodDirectory>(provider, path)
                : null,
            provider.GetRequiredService<TimeProvider>(),
            CgroupHierarchy.Find() is { } hierarchy ? new PodCgroups(hierarchy, provider.GetRequiredService<TimeProvider>()) : null));
}
