using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace NetPulse.Optimizer.Rollout;

/// <summary>The section <c>recommendations</c> of the settings.</summary>
public sealed class RecommendationOptions
{
    public const string Section = "recommendations";

    /// <summary>Time in which a proposal may be begun: 1 min to 30 d; 1 d unless set. It is proposed anew where its cause is still there.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan ExpiresAfter { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Time for which a finished recommendation is kept, counted from its last step: 1 min to 365 d; 7 d unless set.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan TtlAfterFinished { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Namespace of recommendations for nodes; where it is empty, our own, and <c>netpulse</c> in standalone mode.</summary>
    [RegularExpression("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", ErrorMessage = "must be a lower-case DNS label")]
    public string Namespace { get; set; } = "";
}

[OptionsValidator]
internal sealed partial class RecommendationOptionsValidator : IValidateOptions<RecommendationOptions>;
