namespace NetPulse.Lab.Scenarios;

/// <summary>What a pair delivers, measured between two moments.</summary>
public sealed class Throughput(RunningPair pair, TimeProvider time)
{
    private long bytes = pair.DeliveredBytes;
    private long at = time.GetTimestamp();

    /// <summary>Bits per second since the last call, or since this was made.</summary>
    public double NextBitsPerSecond()
    {
        var (earlierBytes, earlier) = (bytes, at);
        (bytes, at) = (pair.DeliveredBytes, time.GetTimestamp());
        return (bytes - earlierBytes) * 8 / time.GetElapsedTime(earlier, at).TotalSeconds;
    }
}
