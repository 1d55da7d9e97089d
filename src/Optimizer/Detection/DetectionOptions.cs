using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using NetPulse.Hosting;
using NetPulse.Optimizer.Detection.Alerts;
using NetPulse.Optimizer.Detection.Calibration;
using NetPulse.Optimizer.Detection.Forecasts;
using NetPulse.Optimizer.Detection.Incidents;
using NetPulse.Optimizer.Detection.Preparation;

namespace NetPulse.Optimizer.Detection;

public sealed class DetectionOptions
{
    /// <summary>How far back a run looks: 1 min to 1 d; 30 min unless set.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan Window { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>How far back a forecast of what fills up looks: 10 min to 7 d; 6 h unless set.</summary>
    [Range(typeof(TimeSpan), "00:10:00", "7.00:00:00")]
    public TimeSpan ForecastWindow { get; set; } = TimeSpan.FromHours(6);

    /// <summary>Edges that never sent this much are not watched, in bytes per second: 0 to 1e12; 125,000 (1 Mbit/s) unless set.</summary>
    [Range(0.0, 1e12)]
    public double MinimumBytesPerSecond { get; set; } = 125_000;

    /// <summary>False alarms that a series may have in a day: 0.001 to 10; 0.02 unless set.</summary>
    [Range(0.001, 10.0)]
    public double FalseAlarmsPerDay { get; set; } = AlertBudget.UsualFalseAlarmsPerDay;

    /// <summary>Points of a new series before it is judged: 10 to 1,000; 20 unless set.</summary>
    [Range(10, 1000)]
    public int WarmUpPoints { get; set; } = 20;

    /// <summary>Points outside, one after the other, that make an anomaly: 1 to 100; 3 unless set.</summary>
    [Range(1, 100)]
    public int ConfirmingPoints { get; set; } = 3;

    /// <summary>Times in which changes are expected: learned, and no alarm; none unless set.</summary>
    [ValidateEnumeratedItems]
    public List<MaintenanceOptions> Maintenance { get; set; } = [];
}

[OptionsValidator]
internal sealed partial class DetectionOptionsValidator : IValidateOptions<DetectionOptions>;

internal static class DetectionRegistration
{
    public static IServiceCollection AddDetection(this IServiceCollection services) => services
        .AddSettings<DetectionOptions, DetectionOptionsValidator>("detection")
        .AddSingleton<EdgeWatch>()
        .AddSingleton<ErrorWatch>()
        .AddSingleton<UsualWatch>()
        .AddSingleton<ShapeWatch>()
        .AddSingleton<Announcements>()
        .AddSingleton<AlertBook>()
        .AddSingleton<IncidentSearch>()
        .AddSingleton<CapacityWatch>();
}
