using Microsoft.Extensions.Logging;

namespace NetPulse.Telemetry.Store.Embedded.RollUps;

/// <summary>Rolls up each day that is over, on a thread of its own, and drops what is kept no longer.</summary>
/// <remarks>
/// A day is rolled up when its file has not grown for an hour, and again when late samples came; while these are not rolled up, a query reads samples.
/// No day's samples are dropped that were not rolled up.
/// </remarks>
internal sealed partial class RollUpKeeper : IDisposable
{
    private static readonly TimeSpan Settling = TimeSpan.FromHours(1);

    private readonly Lock working = new();
    private readonly DayArchive days;
    private readonly RollUpArchive fiveMinutes;
    private readonly RollUpArchive hours;
    private readonly Retention retention;
    private readonly StoreMeter meter;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Dictionary<DateOnly, (long Segment, DateTimeOffset Since)> seen = [];
    private readonly UpkeepThread thread;
    private long firstOpen = long.MinValue;

    public RollUpKeeper(DayArchive days, RollUpArchive fiveMinutes, RollUpArchive hours, Retention retention, StoreMeter meter, TimeProvider time, ILogger logger)
    {
        (this.days, this.fiveMinutes, this.hours, this.retention) = (days, fiveMinutes, hours, retention);
        (this.meter, this.time, this.logger) = (meter, time, logger);
        NoteClosedDays();
        thread = new UpkeepThread("store roll-up", () => Keep());
    }

    /// <summary>Samples before this would take the place of the roll-ups of a day whose own samples are gone. For any thread.</summary>
    public long FirstOpenMillisecond => Volatile.Read(ref firstOpen);

    /// <summary>Has the thread look for what is to be done.</summary>
    public void Wake() => thread.Wake();

    /// <summary>Does what is to be done, on the calling thread.</summary>
    /// <returns>What went wrong; <see langword="null"/> when nothing did.</returns>
    public SampleStoreException? Keep()
    {
        lock (working)
        {
            try
            {
                var now = time.GetUtcNow();
                var today = DateOnly.FromDateTime(now.UtcDateTime);
                foreach (var (day, segment) in days.Checkpoints())
                {
                    if (!IsStopping && day < today && !IsRolled(day, segment) && HasSettled(day, segment, now))
                    {
                        RollUp(day, segment);
                    }
                }

                var surplus = retention.Surplus([.. days.Files()], [.. fiveMinutes.Files(), .. hours.Files()]);
                days.DropExpired(surplus, RollUpBeforeItGoes);
                NoteClosedDays();
                foreach (var path in fiveMinutes.DropExpired(retention.Today, surplus).Concat(hours.DropExpired(retention.Today, surplus)))
                {
                    LogDropped(path);
                }

                fiveMinutes.Unload();
                hours.Unload();
                return null;
            }
            catch (SampleStoreException e)
            {
                return Failed(e);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
            {
                return Failed(DiskError.Of("Roll up the store's days", e));
            }
        }
    }

    public void Dispose() => thread.Dispose();

    /// <summary>Its thread may be at work before the constructor is through.</summary>
    private bool IsStopping => thread is { IsStopping: true };

    /// <param name="segment">0: it is not known what the day's file holds, which was damaged; what was rolled up before is better.</param>
    private bool IsRolled(DateOnly day, long segment) => segment == 0
        ? hours.Days().ContainsKey(day)
        : fiveMinutes.Has(day, segment) && hours.Has(day, segment);

    private void NoteClosedDays()
    {
        var withSamples = days.Checkpoints().Select(static one => one.Day).ToHashSet();
        var closed = hours.Days().Keys.Where(day => !withSamples.Contains(day)).DefaultIfEmpty(DateOnly.MinValue).Max();
        Volatile.Write(ref firstOpen, closed == DateOnly.MinValue ? long.MinValue : new DateTimeOffset(closed.AddDays(1), TimeOnly.MinValue, TimeSpan.Zero).ToUnixTimeMilliseconds());
    }

    private bool HasSettled(DateOnly day, long segment, DateTimeOffset now)
    {
        if (!seen.TryGetValue(day, out var before) || before.Segment != segment)
        {
            seen[day] = (segment, now);
            return false;
        }

        return now - before.Since >= Settling;
    }

    /// <returns>Whether it is rolled up; a day that could not be stays.</returns>
    private bool RollUpBeforeItGoes(DateOnly day)
    {
        var segment = days.Checkpoints().First(one => one.Day == day).Segment;
        if (!IsRolled(day, segment))
        {
            RollUp(day, segment);
        }

        if (!IsRolled(day, segment))
        {
            return false;
        }

        seen.Remove(day);
        return true;
    }

    /// <summary>Rolls up a day. Where the day's file or that of its roll-ups turns out damaged, it was set aside, and the next time does what can be done.</summary>
    private void RollUp(DateOnly day, long segment)
    {
        try
        {
            using var shorter = fiveMinutes.Add(day, segment);
            using var longer = hours.Add(day, segment);
            foreach (var group in days.Groups(day))
            {
                if (IsStopping)
                {
                    return;
                }

                var rolled = group.Select(static one => new RolledSeries(one.Labels, RollUpMaker.Of(one.UnixMilliseconds.Span, one.Values.Span, RollUpLength.FiveMinutes, withSketches: true)))
                    .Where(static one => one.RollUps.Count > 0).ToArray();
                if (rolled.Length > 0)
                {
                    shorter.Write(rolled);
                    longer.Write([.. rolled.Select(static one => one with { RollUps = RollUpMaker.Longer(one.RollUps, RollUpLength.Hour, withSketches: true) })]);
                }
            }

            shorter.Commit();
            longer.Commit();
            meter.DaysRolledUp.Add(1);
        }
        catch (InvalidDataException e)
        {
            fiveMinutes.SetAside(day, e);
            hours.SetAside(day, e);
        }
    }

    private SampleStoreException Failed(SampleStoreException failure)
    {
        meter.FailedRollUps.Add(1);
        LogFailed(failure);
        return failure;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A day could not be rolled up; no samples are dropped before they are, and it is tried again within a minute")]
    private partial void LogFailed(Exception failure);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Path} was deleted: it is older than roll-ups are kept, or the files are larger than they may be")]
    private partial void LogDropped(string path);
}
