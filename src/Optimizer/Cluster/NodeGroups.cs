using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Optimizer.Cluster;

/// <summary>Which group of nodes works on which node, where the work is split: the first whose labels the node has. On a node of none nothing is changed.</summary>
public sealed partial class NodeGroups : IDisposable
{
    private const int MostNamed = 5;

    private readonly string own;
    private readonly IReadOnlyList<NodeGroup> groups;
    private readonly ILogger<NodeGroups> logger;
    private readonly Meter meter = new("NetPulse.Optimizer");
    private int inNone;
    private int inSeveral;

    public NodeGroups(IOptions<ClusterOptions> options, ILogger<NodeGroups> logger)
    {
        (own, groups, this.logger) = (options.Value.Group, [.. options.Value.Groups], logger);
        meter.CreateObservableGauge("netpulse_nodes_in_no_group", () => inNone, description: "Nodes that no group selects: none of them is measured or changed.");
        meter.CreateObservableGauge("netpulse_nodes_in_several_groups", () => inSeveral, description: "Nodes that several groups select: each measures them, the first alone may change them.");
    }

    /// <summary>Nodes that another group works on, or none.</summary>
    /// <param name="nodes">All that there are.</param>
    /// <param name="problem">Those that several groups select; empty where there are none.</param>
    public ImmutableHashSet<string> Others(ImmutableArray<ObjectMeta> nodes, out string problem)
    {
        problem = "";
        if (groups.Count == 0)
        {
            return [];
        }

        var selected = nodes.Select(node => (node.Name, Groups: groups.Where(group => group.Selects(node)).Select(static group => group.Name).ToList())).ToList();
        var (none, several) = (selected.Where(static each => each.Groups.Count == 0).ToList(), selected.Where(static each => each.Groups.Count > 1).ToList());
        if (none.Count > 0 && none.Count != inNone)
        {
            LogInNone(none.Count, Named(none.Select(static each => each.Name)));
        }

        (inNone, inSeveral) = (none.Count, several.Count);
        if (several.Count > 0)
        {
            problem = $"{several.Count} nodes are in several groups, and changed by the first of them alone: {Named(several.Select(static each => $"{each.Name} in {string.Join(" and ", each.Groups.Select(static name => $"\"{name}\""))}"))}";
        }

        return [.. selected.Where(each => each.Groups.FirstOrDefault() != own).Select(static each => each.Name)];
    }

    public void Dispose() => meter.Dispose();

    private static string Named(IEnumerable<string> nodes) => string.Join(", ", nodes.Order(StringComparer.Ordinal).Take(MostNamed));

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} nodes are in no group: nothing is measured or changed there: {Nodes}")]
    private partial void LogInNone(int count, string nodes);
}
