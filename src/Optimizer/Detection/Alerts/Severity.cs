namespace NetPulse.Optimizer.Detection.Alerts;

/// <summary>By how much and how long: <see cref="Minor"/> is neither large nor long, <see cref="Major"/> one of them, <see cref="Critical"/> both.</summary>
public enum Severity
{
    Minor,
    Major,
    Critical,
}

/// <summary>The rule behind <see cref="Severity"/>.</summary>
public static class SeverityRule
{
    /// <summary>A value is far away from this factor beyond the nearer end of what was normal.</summary>
    public const double Large = 2;

    public static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    public static Severity Of(Departure departure, TimeSpan lasted)
    {
        var isLarge = departure.Deviation == Deviation.Fall
            ? departure.Now * Large <= departure.Usual.Low
            : departure.Now >= departure.Usual.High * Large;
        return (Severity)((isLarge ? 1 : 0) + (lasted >= Long ? 1 : 0));
    }
}
