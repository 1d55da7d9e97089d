using System.Collections.Immutable;

namespace NetPulse.Optimizer.Detection.Alerts;

/// <summary>One alert a series while its trouble lasts; what ended is remembered for a while.</summary>
/// <remarks>What comes back within <see cref="Reopens"/> is the same alert: a series at the edge of its range is not ten troubles.</remarks>
public sealed class AlertBook
{
    public static readonly TimeSpan Reopens = TimeSpan.FromMinutes(5);

    public static readonly TimeSpan Remembered = TimeSpan.FromHours(1);

    private readonly Dictionary<(Subject, Signal), Alert> alerts = [];

    /// <summary>By onset.</summary>
    public ImmutableArray<Alert> Alerts => [.. alerts.Values.OrderBy(alert => alert.Onset).ThenBy(alert => alert.Anomaly.Series, StringComparer.Ordinal)];

    /// <param name="anomalies">What holds now; at most one of each series.</param>
    /// <param name="now">When it was looked.</param>
    /// <returns><see cref="Alerts"/> from now on.</returns>
    public ImmutableArray<Alert> Update(IEnumerable<Anomaly> anomalies, DateTimeOffset now)
    {
        foreach (var anomaly in anomalies)
        {
            var known = alerts.GetValueOrDefault((anomaly.Subject, anomaly.Signal));
            var begun = known is not null && (known.IsOpen || now - known.EndedAt <= Reopens)
                ? anomaly with { Departure = anomaly.Departure with { Onset = known.Onset, Usual = known.Anomaly.Departure.Usual } }
                : anomaly;
            var severity = SeverityRule.Of(begun.Departure, now - begun.Departure.Onset);
            var isSame = known is not null && known.Onset == begun.Departure.Onset;
            alerts[(anomaly.Subject, anomaly.Signal)] = new Alert(begun, isSame && known!.Severity > severity ? known.Severity : severity, now, null);
        }

        foreach (var (series, alert) in alerts.ToList())
        {
            if (alert.IsOpen && alert.LastSeen < now)
            {
                alerts[series] = alert with { EndedAt = now };
            }
            else if (now - alert.EndedAt > Remembered)
            {
                alerts.Remove(series);
            }
        }

        return Alerts;
    }

    /// <summary>Takes up what an earlier process knew.</summary>
    public void Resume(IEnumerable<Alert> earlier)
    {
        foreach (var alert in earlier)
        {
            alerts[(alert.Anomaly.Subject, alert.Anomaly.Signal)] = alert;
        }
    }
}
