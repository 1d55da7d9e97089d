using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using NetPulse.Hosting;

namespace NetPulse.Collector.Attribution;

public sealed class AttributionOptions
{
    public const string Section = "attribution";

    /// <summary>Where pods, services and nodes are learned from: <c>Directory</c> unless set.</summary>
    public ObjectSource Source { get; set; }

    /// <summary>With <c>Cluster</c>: whether other nodes' pods are watched, too, so that peers there have their names; true unless set. Without, they are <c>private</c>.</summary>
    public bool PeerPods { get; set; } = true;

    /// <summary>A directory with one Pod a YAML file; without it, network namespaces are named as they are mounted.</summary>
    [MinLength(1)]
    public string? PodsDirectory { get; set; }

    /// <summary>A directory with one Service a YAML file; without it, a Service's address is like any other.</summary>
    [MinLength(1)]
    public string? ServicesDirectory { get; set; }

    /// <summary>A directory with one Node a YAML file; without it, other nodes' addresses are like any others.</summary>
    [MinLength(1)]
    public string? NodesDirectory { get; set; }

    /// <summary>Names for blocks of addresses outside of the cluster; what is in none is <c>private</c> or <c>public</c>.</summary>
    [ValidateEnumeratedItems]
    public IList<OutsideBlock> Outside { get; } = [];
}

[OptionsValidator]
internal sealed partial class AttributionOptionsValidator : IValidateOptions<AttributionOptions>;
