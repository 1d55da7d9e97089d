using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using NetPulse.Hosting;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Optimizer.Cluster;

public sealed class ClusterOptions : IValidatableObject
{
    public const string Section = "cluster";

    /// <summary>Where the objects are: <c>Directory</c> unless set.</summary>
    public ObjectSource Source { get; set; }

    /// <summary>With <c>Directory</c>: the directory of YAML objects that stands for the API server.</summary>
    [Required]
    public string ObjectsDirectory { get; set; } = "/var/lib/netpulse/objects";

    /// <summary>With <c>Directory</c>: file of an OptimizationPolicy; without one we only observe.</summary>
    public string PolicyFile { get; set; } = "";

    /// <summary>With <c>Cluster</c>: name of the OptimizationPolicy that counts; while there is none of that name we only observe.</summary>
    [RegularExpression("[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?", ErrorMessage = "must be a lower-case DNS name")]
    public string Policy { get; set; } = "default";

    /// <summary>With <c>Cluster</c>: which group of nodes this optimizer's collectors are on, where the work is split among several; with a Lease and a policy of its own. Empty: all nodes.</summary>
    [RegularExpression("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", ErrorMessage = "must be a lower-case DNS label")]
    public string Group { get; set; } = "";

    /// <summary>With <c>Cluster</c>: every group and the labels of its nodes, this one's among them, so that a node in none or in several is noticed; none where the work is not split.</summary>
    public IList<NodeGroup> Groups { get; set; } = [];

    /// <summary>With <c>Cluster</c>: name of the Lease, in our own namespace, by which one of several replicas leads.</summary>
    [RegularExpression("[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?", ErrorMessage = "must be a lower-case DNS name")]
    public string LeaseName { get; set; } = "netpulse-optimizer";

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Groups.Count > 0 && Groups.Count(group => group.Name == Group) != 1)
        {
            yield return new ValidationResult("must be named once in cluster.groups", [nameof(Group)]);
        }
    }
}

/// <summary>Nodes by their labels.</summary>
public sealed class NodeGroup
{
    /// <summary>As <see cref="ClusterOptions.Group"/>; empty for the one without a name.</summary>
    public string Name { get; set; } = "";

    /// <summary>A node that has all of these.</summary>
    public IDictionary<string, string> NodeSelector { get; set; } = new Dictionary<string, string>(StringComparer.Ordinal);

    internal bool Selects(ObjectMeta node) => NodeSelector.All(label => node.Labels.GetValueOrDefault(label.Key) == label.Value);
}

[OptionsValidator]
internal sealed partial class ClusterOptionsValidator : IValidateOptions<ClusterOptions>;
