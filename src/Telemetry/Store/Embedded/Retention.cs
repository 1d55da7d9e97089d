namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Which times are kept: whole days (UTC), from the one in which the retention age ends.</summary>
/// <remarks>
/// A clock that is wrong must not empty the store. So a day goes only when it is too old and as many newer days as are kept have samples:
/// a clock that is years ahead costs one day a day, and is seen before it has cost much. A store that stood still keeps its last days until newer ones are there.
/// </remarks>
internal sealed class Retention(TimeSpan age, long mostBytes, TimeProvider time)
{
    /// <summary>A sender's clock that is further ahead is wrong, and its samples would outlive every other.</summary>
    private static readonly TimeSpan FarthestAhead = TimeSpan.FromDays(1);

    private readonly int days = (int)Math.Ceiling(age.TotalDays);

    public long FirstKeptMillisecond => new DateTimeOffset((time.GetUtcNow() - age).UtcDateTime.Date, TimeSpan.Zero).ToUnixTimeMilliseconds();

    public long LastKeptMillisecond => (time.GetUtcNow() + FarthestAhead).ToUnixTimeMilliseconds();

    /// <summary>How many of the oldest days go.</summary>
    /// <param name="stored">Each day with the bytes of its file, oldest first.</param>
    public int Expired(IReadOnlyList<(DateOnly Day, long Bytes)> stored)
    {
        var first = DateOnly.FromDateTime((time.GetUtcNow() - age).UtcDateTime);
        var bytes = stored.Sum(static day => day.Bytes);
        var expired = 0;
        while (expired < stored.Count - 1 && ((stored[expired].Day < first && stored.Count - expired > days) || (mostBytes > 0 && bytes > mostBytes)))
        {
            bytes -= stored[expired].Bytes;
            expired++;
        }

        return expired;
    }
}
