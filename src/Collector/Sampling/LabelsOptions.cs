using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace NetPulse.Collector.Sampling;

/// <summary>What every series of this node says of where it is, beside the node's name.</summary>
public sealed class LabelsOptions
{
    public const string Section = "labels";

    /// <summary>Label <c>cluster</c>; none unless set.</summary>
    [MaxLength(253)]
    public string Cluster { get; set; } = "";

    /// <summary>Label <c>zone</c>, as the node's <c>topology.kubernetes.io/zone</c>; none unless set.</summary>
    [MaxLength(253)]
    public string Zone { get; set; } = "";
}

[OptionsValidator]
internal sealed partial class LabelsOptionsValidator : IValidateOptions<LabelsOptions>;
