namespace NetPulse.Lab.Load;

/// <summary>How many bytes an application reads or writes by when.</summary>
/// <param name="bitsPerSecond">May change at any time; <see langword="null"/>: as many as there are.</param>
internal sealed class Pace(Func<long?> bitsPerSecond, TimeProvider time)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    /// <summary>What a machine that was busy elsewhere has kept from being moved for longer is given up, so that it does not come in one burst.</summary>
    private static readonly TimeSpan CatchUp = TimeSpan.FromMilliseconds(50);

    private long last = time.GetTimestamp();
    private double dueBytes;

    /// <summary>How many bytes may be moved now, at most <paramref name="most"/>; waits until it is one.</summary>
    internal async ValueTask<int> NextAsync(int most, CancellationToken cancellationToken)
    {
        while (bitsPerSecond() is { } rate)
        {
            var now = time.GetTimestamp();
            dueBytes = Math.Min(dueBytes + (time.GetElapsedTime(last, now).TotalSeconds * rate / 8), CatchUp.TotalSeconds * rate / 8);
            last = now;
            if (dueBytes >= 1)
            {
                return (int)Math.Min(dueBytes, most);
            }

            await Task.Delay(Tick, time, cancellationToken);
        }

        (dueBytes, last) = (0, time.GetTimestamp());
        return most;
    }

    internal void Moved(int bytes) => dueBytes -= bytes;
}
