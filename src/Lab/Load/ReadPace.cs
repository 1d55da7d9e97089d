namespace NetPulse.Lab.Load;

/// <summary>How many bytes an application reads by when.</summary>
/// <param name="bitsPerSecond"><see langword="null"/>: as many as there are.</param>
internal sealed class ReadPace(long? bitsPerSecond, TimeProvider time)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    private readonly long start = time.GetTimestamp();
    private long readBytes;

    /// <summary>How many bytes may be read now, at most <paramref name="most"/>; waits until it is one.</summary>
    internal async ValueTask<int> NextAsync(int most, CancellationToken cancellationToken)
    {
        if (bitsPerSecond is not { } rate)
        {
            return most;
        }

        while (true)
        {
            var due = (long)(time.GetElapsedTime(start).TotalSeconds * rate / 8);
            if (due > readBytes)
            {
                return (int)Math.Min(due - readBytes, most);
            }

            await Task.Delay(Tick, time, cancellationToken);
        }
    }

    internal void Read(int bytes) => readBytes += bytes;
}
