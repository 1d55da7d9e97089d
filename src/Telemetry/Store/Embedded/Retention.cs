namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Which times are kept: whole days (UTC), from the one in which the retention age ends.</summary>
/// <remarks>
/// A clock that is wrong must not empty the store. So a day goes only when it is too old and as many newer days as are kept have samples; and a clock that
/// moves ahead of the time that has gone by since the store was opened is not believed when days are dropped or samples are called too old, until the store is
/// opened again. A store that stood still keeps its last days until newer ones are there.
/// </remarks>
internal sealed class Retention(TimeSpan age, long mostBytes, TimeProvider time)
{
    /// <summary>A sender's clock that is further ahead is wrong, and its samples would outlive every other.</summary>
    private static readonly TimeSpan FarthestAhead = TimeSpan.FromDays(1);

    /// <summary>A clock is set right by less.</summary>
    private static readonly TimeSpan FarthestStep = TimeSpan.FromHours(1);

    private readonly int days = (int)Math.Ceiling(age.TotalDays);
    private readonly DateTimeOffset opened = time.GetUtcNow();
    private readonly long openedTimestamp = time.GetTimestamp();

    public long FirstKeptMillisecond => new DateTimeOffset((Now - age).UtcDateTime.Date, TimeSpan.Zero).ToUnixTimeMilliseconds();

    public long LastKeptMillisecond => (time.GetUtcNow() + FarthestAhead).ToUnixTimeMilliseconds();

    public DateOnly Today => DateOnly.FromDateTime(Now.UtcDateTime);

    private DateTimeOffset Now
    {
        get
        {
            var latest = opened + time.GetElapsedTime(openedTimestamp) + FarthestStep;
            var now = time.GetUtcNow();
            return now < latest ? now : latest;
        }
    }

    /// <summary>How many of the oldest days go because of their age.</summary>
    /// <param name="stored">Oldest first.</param>
    public int Expired(IReadOnlyList<DateOnly> stored)
    {
        var first = DateOnly.FromDateTime((Now - age).UtcDateTime);
        var expired = 0;
        while (expired < stored.Count - 1 && stored[expired] < first && stored.Count - expired > days)
        {
            expired++;
        }

        return expired;
    }

    /// <summary>The files that go because all are larger than they may be together: those that end first, and samples before their roll-ups.</summary>
    /// <param name="samples">Those of samples, oldest first: the last of them never goes.</param>
    /// <param name="rollUps">Those of roll-ups.</param>
    /// <returns>Their paths.</returns>
    public IReadOnlySet<string> Surplus(IReadOnlyList<StoredFile> samples, IReadOnlyList<StoredFile> rollUps)
    {
        var surplus = new HashSet<string>(StringComparer.Ordinal);
        var bytes = samples.Concat(rollUps).Sum(static file => file.Bytes);
        foreach (var file in samples.SkipLast(1).Concat(rollUps).OrderBy(static file => file.LastDay))
        {
            if (mostBytes == 0 || bytes <= mostBytes)
            {
                break;
            }

            surplus.Add(file.Path);
            bytes -= file.Bytes;
        }

        return surplus;
    }
}

/// <param name="Path">Of a file of samples or of roll-ups.</param>
/// <param name="LastDay">The last day that it tells of.</param>
/// <param name="Bytes">Its length.</param>
internal sealed record StoredFile(string Path, DateOnly LastDay, long Bytes)
{
    public static StoredFile Of(string path, DateOnly lastDay) => new(path, lastDay, new FileInfo(path) is { Exists: true } info ? info.Length : 0);
}
