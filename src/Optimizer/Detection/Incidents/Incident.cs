using System.Collections.Immutable;
using NetPulse.Optimizer.Detection.Alerts;

namespace NetPulse.Optimizer.Detection.Incidents;

/// <summary>Alerts of one trouble.</summary>
/// <param name="Alerts">By onset; at least one.</param>
/// <param name="Root">Where the change is concentrated; <see langword="null"/> where it is not.</param>
public sealed record Incident(ImmutableArray<Alert> Alerts, RootDimension? Root)
{
    public DateTimeOffset Since => Alerts[0].Onset;

    public Severity Severity => Alerts.Max(alert => alert.Severity);

    public bool IsOpen => Alerts.Any(alert => alert.IsOpen);

    /// <summary><see langword="null"/> while any alert lasts.</summary>
    public DateTimeOffset? EndedAt => IsOpen ? null : Alerts.Max(alert => alert.EndedAt);

    public override string ToString()
    {
        var subjects = Alerts.Select(alert => alert.Anomaly.Subject).Distinct().ToList();
        var noun = subjects.All(subject => subject is Subject.OfEdge) ? "edge" : "place";
        var what = Alerts.Length == 1 ? Alerts[0].Anomaly.Series : $"{subjects.Count} {noun}{(subjects.Count == 1 ? "" : "s")}, {Alerts.Length} alerts, the first: {Alerts[0].Anomaly.Series}";
        return $"{Severity} since {Since:HH:mm:ss}: {what}{(Root is null ? "" : $"; concentrated in {Root}")}";
    }
}
