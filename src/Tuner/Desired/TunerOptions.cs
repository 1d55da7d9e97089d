using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using NetPulse.Hosting;

namespace NetPulse.Tuner.Desired;

/// <summary>The section <c>tuner</c> of the settings.</summary>
public sealed class TunerOptions
{
    public const string Section = "tuner";

    /// <summary>This node's name, as the NodeTuning is named; the host name unless set.</summary>
    [Required]
    [RegularExpression("[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?", ErrorMessage = "must be a lower-case DNS name")]
    public string Node { get; set; } = Environment.MachineName.ToLowerInvariant();

    /// <summary>Where this node's NodeTuning and pods are: <c>Directory</c> unless set.</summary>
    public ObjectSource Source { get; set; }

    /// <summary>With <c>Directory</c>: where <c>nodetunings/</c> and <c>pods/</c> are.</summary>
    [Required]
    public string ObjectsDirectory { get; set; } = "/var/lib/netpulse/objects";

    /// <summary>Where what held before is kept; must outlive the process.</summary>
    [Required]
    public string StateDirectory { get; set; } = "/var/lib/netpulse/tuner";

    /// <summary>Time between two looks at the files and at what is due: 50 ms to 500 ms; 500 ms unless set.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:00:00.500")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromMilliseconds(500);
}

[OptionsValidator]
internal sealed partial class TunerOptionsValidator : IValidateOptions<TunerOptions>;
