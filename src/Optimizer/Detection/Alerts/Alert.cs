namespace NetPulse.Optimizer.Detection.Alerts;

/// <summary>One series' trouble: one record from its onset to its end, however often it is seen.</summary>
/// <param name="Anomaly">As last seen, with the onset and the normal values of when it began.</param>
/// <param name="Severity">The highest so far.</param>
/// <param name="LastSeen">When it last held.</param>
/// <param name="EndedAt">When it was first seen no more; <see langword="null"/> while it lasts.</param>
public sealed record Alert(Anomaly Anomaly, Severity Severity, DateTimeOffset LastSeen, DateTimeOffset? EndedAt)
{
    public DateTimeOffset Onset => Anomaly.Departure.Onset;

    public TimeSpan Duration => (EndedAt ?? LastSeen) - Onset;

    public bool IsOpen => EndedAt is null;
}
