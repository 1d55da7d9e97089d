using NetPulse.Kubernetes.Objects;

namespace NetPulse.Collector.Attribution;

/// <summary>The pods, and where told the services and nodes, that directories of YAML files name: standalone mode. Every pod is this node's.</summary>
/// <remarks>Used by one thread at a time. A file that cannot be used is named in the log once and left out.</remarks>
public sealed class PodDirectory : IClusterObjects
{
    private readonly ObjectDirectory<Pod> pods;
    private readonly ObjectDirectory<Service>? services;
    private readonly ObjectDirectory<Node>? nodes;

    public PodDirectory(string path, ILogger<PodDirectory> logger, string? servicesPath = null, string? nodesPath = null)
    {
        pods = new ObjectDirectory<Pod>(path, "attribution.podsDirectory", logger);
        services = servicesPath is null ? null : new ObjectDirectory<Service>(servicesPath, "attribution.servicesDirectory", logger);
        nodes = nodesPath is null ? null : new ObjectDirectory<Node>(nodesPath, "attribution.nodesDirectory", logger);
    }

    /// <summary>In the order of their files' names; so for the others.</summary>
    public IReadOnlyList<KnownPod> Pods { get; private set; } = [];

    public IReadOnlyList<AddressOwner> Services { get; private set; } = [];

    public IReadOnlyList<AddressOwner> Nodes { get; private set; } = [];

    public bool Refresh()
    {
        var changed = pods.Refresh();
        changed |= services?.Refresh() ?? false;
        changed |= nodes?.Refresh() ?? false;
        if (changed)
        {
            Pods = [.. pods.Objects.Select(pod => KnownPod.Of(pod, isHere: true))];
            Services = [.. (services?.Objects ?? []).Select(AddressOwner.Of)];
            Nodes = [.. (nodes?.Objects ?? []).Select(AddressOwner.Of)];
        }

        return changed;
    }
}
