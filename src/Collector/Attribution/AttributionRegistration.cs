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
        .AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<IOptions<AttributionOptions>>().Value;
            var time = provider.GetRequiredService<TimeProvider>();
            return new NodeObserver(
                provider.GetRequiredService<NetworkNamespaceThread>(),
                options.PodsDirectory is { } path
                    ? new PodDirectory(path, provider.GetRequiredService<ILogger<PodDirectory>>(), options.ServicesDirectory, options.NodesDirectory)
                    : null,
                time,
                CgroupHierarchy.Find() is { } hierarchy ? new PodCgroups(hierarchy, time) : null,
                new AddressGroups(options.Outside));
        });
}
