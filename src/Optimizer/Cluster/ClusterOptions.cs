using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using NetPulse.Hosting;

namespace NetPulse.Optimizer.Cluster;

public sealed class ClusterOptions
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
}

[OptionsValidator]
internal sealed partial class ClusterOptionsValidator : IValidateOptions<ClusterOptions>;
