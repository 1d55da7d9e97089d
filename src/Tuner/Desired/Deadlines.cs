namespace NetPulse.Tuner.Desired;

/// <summary>Which held values are due, by the wall clock or by the time that has really passed, whichever says so first.</summary>
/// <remarks>A wall clock that is set back must not make a change hold longer than it was meant to.</remarks>
public sealed class Deadlines(HeldValues held, TimeProvider time)
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);

    /// <summary>Thirty years: nobody waits for a later time, and in the clock's ticks it still fits a long.</summary>
    private const double LongestSeconds = 1e9;

    private readonly Dictionary<HeldKey, (DateTimeOffset RevertAt, long Timestamp)> known = [];
    private readonly Dictionary<HeldKey, long> failed = [];

    /// <summary>Values whose time has passed. From the first time on that it is asked, a value's time runs, whatever the wall clock does.</summary>
    public IReadOnlyList<HeldValue> Due()
    {
        var now = time.GetUtcNow();
        var timestamp = time.GetTimestamp();
        var due = new List<HeldValue>();
        var values = held.All;
        foreach (var value in values)
        {
            if (value.RevertAt is not { } revertAt)
            {
                continue;
            }

            if (!known.TryGetValue(value.Key, out var deadline) || deadline.RevertAt != revertAt)
            {
                deadline = (revertAt, timestamp + (long)(Math.Min((revertAt - now).TotalSeconds, LongestSeconds) * time.TimestampFrequency));
                known[value.Key] = deadline;
            }

            var isDue = revertAt <= now || deadline.Timestamp <= timestamp;
            if (isDue && (!failed.TryGetValue(value.Key, out var failedAt) || time.GetElapsedTime(failedAt) >= Retry))
            {
                due.Add(value);
            }
        }

        foreach (var ended in known.Count == 0 ? [] : known.Keys.Except(values.Select(value => value.Key)).ToList())
        {
            known.Remove(ended);
            failed.Remove(ended);
        }

        return due;
    }

    /// <summary>It could not be put back: it is due again in a few seconds.</summary>
    public void Failed(HeldValue value) => failed[value.Key] = time.GetTimestamp();
}
