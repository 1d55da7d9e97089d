using System.Runtime.Intrinsics;
using Lanes = System.Runtime.Intrinsics.Vector256<float>;

namespace NetPulse.Optimizer.Detection.Calibration;

/// <summary>From a budget of false alarms to the score that alerts.</summary>
/// <remarks>
/// Scores are already measured against each series' own past. Between 0.02 and 1 false alarms a day the threshold that keeps a budget falls with its logarithm;
/// line and scale were read off the development share (docs/detection.md).
/// </remarks>
internal sealed class AlertBudget
{
    internal const double UsualFalseAlarmsPerDay = 0.02;

    private const double ThresholdAtUsual = 1.1;
    private const double FallPerDecade = 0.42;
    private const double LowestThreshold = 0.3;

    /// <summary>How long a series' alerts are remembered.</summary>
    private const double MemoryDays = 30;

    public AlertBudget(double falseAlarmsPerDay)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(falseAlarmsPerDay);
        Threshold = (float)Math.Max(LowestThreshold, ThresholdAtUsual - (FallPerDecade * Math.Log10(falseAlarmsPerDay / UsualFalseAlarmsPerDay)));
        // Ten times the budget may be true alarms: only then is a series taken for one that cries wolf.
        Allowed = (float)Math.Max(6, 10 * falseAlarmsPerDay * MemoryDays);
    }

    public float Threshold { get; }

    /// <summary>Alerts in the memory that leave the threshold as it is.</summary>
    public float Allowed { get; }

    public AlertPace Pace(double days) => new(Threshold, 1 / Allowed, (float)Math.Exp(-Math.Max(0, days) / MemoryDays));
}

/// <param name="Threshold">Score of an alert.</param>
/// <param name="PerAlert">By which share of itself an alert raises it, once they are too many.</param>
/// <param name="Kept">Share of the remembered alerts that is left since the last point.</param>
internal readonly record struct AlertPace(float Threshold, float PerAlert, float Kept);

/// <summary>Keeps a series that alerts far more often than its budget quieter: its threshold grows with the alerts of about a month.</summary>
/// <remarks>Method: adaptive conformal inference (Gibbs and Candes, NeurIPS 2021), with a free allowance, since alarms may be true.</remarks>
internal struct AlertThreshold
{
    public Lanes Alerts;

    public Lanes Exceeds(Lanes scores, in AlertPace pace)
    {
        var threshold = Vector256.MaxNative(Lanes.One, Alerts * pace.PerAlert) * pace.Threshold;
        var isAlert = Vector256.GreaterThanOrEqual(scores, threshold);
        Alerts = (Alerts * pace.Kept) + (Lanes.One & isAlert);
        return isAlert;
    }
}
