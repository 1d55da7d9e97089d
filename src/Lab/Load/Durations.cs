using System.Collections.Concurrent;

namespace NetPulse.Lab.Load;

/// <summary>How long things took, in milliseconds; what is still under way counts with its age, so that what never ends is seen.</summary>
internal sealed class Durations(TimeProvider time)
{
    private readonly Observations ended = new(time);
    private readonly ConcurrentDictionary<long, long> open = new();
    private long next;

    /// <returns>To be given to <see cref="End"/> or <see cref="Forget"/>.</returns>
    internal long Begin()
    {
        var id = Interlocked.Increment(ref next);
        open[id] = time.GetTimestamp();
        return id;
    }

    internal void End(long id)
    {
        if (open.TryRemove(id, out var begun))
        {
            ended.Add(time.GetElapsedTime(begun).TotalMilliseconds);
        }
    }

    /// <summary>It was broken off by ourselves.</summary>
    internal void Forget(long id) => open.TryRemove(id, out _);

    /// <summary>The quantile over what ended in between, and over what had been open at the end for longer than the interval or than half of what ended.</summary>
    internal double? Quantile(double share, long from, long to)
    {
        var values = ended.Between(from, to);
        var typical = Observations.Quantile(values, 0.5) ?? 0;
        values.AddRange(open.Values.Where(begun => begun < to).Select(begun => time.GetElapsedTime(begun, to).TotalMilliseconds).Where(age => age > typical));
        return Observations.Quantile(values, share);
    }
}
