using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using NetPulse.Hosting;

namespace NetPulse.Optimizer.Detection;

/// <summary>Settings of <see cref="PastRange"/>; one set for all series. None was fitted to labelled data.</summary>
public sealed class PastRangeOptions
{
    /// <summary>Normal points before anything is judged: 5 to 1,000; 20 unless set.</summary>
    [Range(5, 1000)]
    public int MinimumPoints { get; set; } = 20;

    /// <summary>Normal points that make the past range: 20 to 10,000; 240 unless set.</summary>
    [Range(20, 10_000)]
    public int BaselinePoints { get; set; } = 240;

    /// <summary>Points outside, one after the other, that make an anomaly: 1 to 100; 3 unless set.</summary>
    [Range(1, 100)]
    public int ConfirmingPoints { get; set; } = 3;

    /// <summary>Robust standard deviations by which the range is widened: 1 to 100; 4 unless set.</summary>
    [Range(1.0, 100.0)]
    public double MarginSigmas { get; set; } = 4;

    /// <summary>Smallest standard deviation, as a share of the median: 0.001 to 1; 0.05 unless set.</summary>
    [Range(0.001, 1.0)]
    public double SmallestSigmaShare { get; set; } = 0.05;
}

public sealed class DetectionOptions
{
    /// <summary>How far back a run looks: 1 min to 1 d; 30 min unless set.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan Window { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>Edges that never sent this much are not watched, in bytes per second: 0 to 1e12; 125,000 (1 Mbit/s) unless set.</summary>
    [Range(0.0, 1e12)]
    public double MinimumBytesPerSecond { get; set; } = 125_000;

    [ValidateObjectMembers]
    public PastRangeOptions PastRange { get; set; } = new();
}

[OptionsValidator]
internal sealed partial class DetectionOptionsValidator : IValidateOptions<DetectionOptions>;

internal static class DetectionRegistration
{
    public static IServiceCollection AddDetection(this IServiceCollection services) => services
        .AddSettings<DetectionOptions, DetectionOptionsValidator>("detection")
        .AddSingleton<EdgeWatch>();
}
