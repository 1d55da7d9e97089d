namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Which times are kept: whole days (UTC), from the one in which the retention age ends.</summary>
internal sealed class Retention(TimeSpan age, TimeProvider time)
{
    /// <summary>A sender's clock that is further ahead is wrong, and its samples would outlive every other.</summary>
    private static readonly TimeSpan FarthestAhead = TimeSpan.FromDays(1);

    public long FirstKeptMillisecond => new DateTimeOffset((time.GetUtcNow() - age).UtcDateTime.Date, TimeSpan.Zero).ToUnixTimeMilliseconds();

    public long LastKeptMillisecond => (time.GetUtcNow() + FarthestAhead).ToUnixTimeMilliseconds();

    public bool IsExpired(DateOnly day) => day < DateOnly.FromDateTime((time.GetUtcNow() - age).UtcDateTime);
}
