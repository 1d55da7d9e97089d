namespace NetPulse.Telemetry.Query;

/// <summary>How much one query may take.</summary>
public sealed record PromQlLimits
{
    /// <summary>Samples that are read and numbers that are computed, all together; each takes 8 to 16 bytes.</summary>
    public long Samples { get; init; } = 20_000_000;

    /// <summary>Series that the selectors find, all together.</summary>
    public int Series { get; init; } = 200_000;

    /// <summary>Steps of a range query, as Prometheus allows.</summary>
    public int Steps { get; init; } = 11_000;

    /// <summary>How old a sample may be and still be the value now.</summary>
    public TimeSpan LookBack { get; init; } = TimeSpan.FromMinutes(5);
}
