namespace NetPulse.Collector;

/// <summary>When something is done again. A clock that is set back by more than the period makes it due at once, and not hours later; one that never was is due.</summary>
internal readonly record struct Due
{
    private readonly DateTimeOffset at;
    private readonly TimeSpan period;

    private Due(DateTimeOffset at, TimeSpan period) => (this.at, this.period) = (at, period);

    public static Due After(TimeSpan period, DateTimeOffset now) => new(now + period, period);

    public bool IsAt(DateTimeOffset now) => now >= at || at - now > period;
}
