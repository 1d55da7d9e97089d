using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace NetPulse.Collector.Attribution;

public sealed class AttributionOptions
{
    public const string Section = "attribution";

    /// <summary>A directory with one Pod a YAML file; without it, network namespaces are named as they are mounted.</summary>
    [MinLength(1)]
    public string? PodsDirectory { get; set; }
}

[OptionsValidator]
internal sealed partial class AttributionOptionsValidator : IValidateOptions<AttributionOptions>;
