namespace NetPulse.Collector.Export.Delivery;

/// <summary>Spreads requests so that no more bytes go out, on average, than allowed.</summary>
/// <param name="bytesPerSecond">No limit where <see langword="null"/>.</param>
internal sealed class Pace(long? bytesPerSecond, TimeProvider time)
{
    private long freeAt = time.GetTimestamp();

    /// <summary>Waits until the requests before have had their time, then takes the time of this one.</summary>
    public async ValueTask WaitAsync(int bytes, CancellationToken cancellationToken)
    {
        if (bytesPerSecond is not { } allowed)
        {
            return;
        }

        var now = time.GetTimestamp();
        if (freeAt > now)
        {
            await Task.Delay(time.GetElapsedTime(now, freeAt), time, cancellationToken);
        }

        freeAt = Math.Max(now, freeAt) + (long)((double)bytes / allowed * time.TimestampFrequency);
    }
}
