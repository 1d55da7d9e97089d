using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace NetPulse.Collector.Sampling;

public sealed class NodeOptions
{
    public const string Section = "node";

    /// <summary>This node's name in the label <c>node</c>: the host name unless set.</summary>
    [Required, MaxLength(253)]
    public string Name { get; set; } = Environment.MachineName;
}

[OptionsValidator]
internal sealed partial class NodeOptionsValidator : IValidateOptions<NodeOptions>;
