namespace NetPulse.Collector.Sampling;

/// <summary>The last reading, for those who come and ask.</summary>
public sealed class LatestReading : IReadingSink
{
    private volatile Reading? value;

    /// <summary><see langword="null"/> until the first tick has ended.</summary>
    public Reading? Value => value;

    public void Take(Reading reading) => value = reading;
}
