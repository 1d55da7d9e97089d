using NetPulse.Kubernetes.Objects;

namespace NetPulse.Collector.Attribution;

/// <summary>The pods, and where told the services and nodes, that directories of YAML files name.</summary>
/// <remarks>Used by one thread at a time.</remarks>
public sealed class PodDirectory
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

    /// <summary>In the order of their files' names. Empty until <see cref="Refresh"/>; so for the others.</summary>
    public IReadOnlyList<Pod> Pods => pods.Objects;

    public IReadOnlyList<Service> Services => services?.Objects ?? [];

    public IReadOnlyList<Node> Nodes => nodes?.Objects ?? [];

    /// <summary>Reads what was added, changed or removed. A file that cannot be used is named in the log once and left out.</summary>
    /// <returns>Whether there was any difference.</returns>
    public bool Refresh()
    {
        var changed = pods.Refresh();
        changed |= services?.Refresh() ?? false;
        changed |= nodes?.Refresh() ?? false;
        return changed;
    }
}
